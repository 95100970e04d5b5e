/** D2e: a disk or a network drive answers one call with EIO while a run opens its directories and files. */
import { assert } from "@effect/vitest"
import { Effect, FileSystem, PlatformError } from "effect"
import { join } from "node:path"
import { serve } from "../../../src/emulator/server/Emulator.ts"
import { contents } from "../../support/processes/program.ts"
import type { Case } from "../Case.ts"
import { afterwards } from "../support/afterwards.ts"
import { everySink, inFolder, run, tree } from "../support/InProcess.ts"

const eio = (method: string) =>
  PlatformError.systemError({
    _tag: "Unknown",
    module: "FileSystem",
    method,
    cause: Object.assign(new Error(`EIO: i/o error, ${method}`), { code: "EIO" })
  })

const methods = ["access", "chmod", "copyFile", "link", "makeDirectory", "open", "readDirectory", "readFileString"]
  .concat("readLink", "realPath", "remove", "rename", "stat", "writeFileString")

/** A file system whose call number `fails` fails. Calls are only counted while `isTime` holds. */
const failing = (fs: FileSystem.FileSystem, fails: number, isTime: () => boolean) => {
  let calls = 0
  let failed: string | undefined
  const broken = new Proxy(fs, {
    get: (target, name, receiver) => {
      const method: unknown = Reflect.get(target, name, receiver)
      if (typeof method !== "function" || typeof name !== "string" || !methods.includes(name)) return method
      return (...args: ReadonlyArray<unknown>) =>
        Effect.suspend(() => {
          if (isTime() && ++calls === fails) {
            failed = name
            return Effect.fail(eio(name))
          }
          return Reflect.apply(method, target, args) as Effect.Effect<unknown>
        })
    }
  })
  return { broken, failed: () => failed }
}

/** Makes each call before the first request to Duo fail; in `make test`, each `step`-th call. */
const sweep = (step: number) =>
  inFolder(Effect.fnUntraced(function*(folder) {
    const duo = yield* serve({ users: 3 })
    const data = join(folder, "data")
    assert.strictEqual((yield* run(duo, data, everySink(data))).code, 0)
    const before = contents(folder)
    const good = tree(folder)
    const fs = yield* FileSystem.FileSystem
    let refused = 0
    for (let call = 1;; call += step) {
      const asked = duo.requests.length
      const { broken, failed } = failing(fs, call, () => duo.requests.length === asked)
      const { code, message } = yield* run(duo, data).pipe(Effect.provideService(FileSystem.FileSystem, broken))
      const method = failed()
      if (method === undefined) break
      assert.strictEqual(code, 74, `call ${call}, ${method}: ${message}`)
      assert.include(message, "EIO", `call ${call}, ${method}`)
      assert.strictEqual(duo.requests.length, asked, `call ${call}, ${method}: Duo was asked`)
      const left = Object.keys(tree(folder)).filter((file) => !(file in good) && !/\.(open|part)$/.test(file))
      assert.deepStrictEqual(left, [], `call ${call}, ${method}`)
      refused++
    }
    assert.strictEqual((yield* run(duo, data)).code, 0)
    yield* afterwards({ folder, before, recovered: true, keys: duo })
    return { refused }
  }))

export const cases: ReadonlyArray<Case> = [{
  id: "D2e",
  fault: "an input/output error at each call to the file system before the first request to Duo",
  expected: "exit 74 without a request to Duo, and the next run works",
  n: { test: 1, torture: 2 },
  run: ({ n }) => sweep(n === 1 ? 23 : 1)
}]
