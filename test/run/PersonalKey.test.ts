/** The key of `--pii hash` is made once, and a file that is not a key is refused. */
import * as NodeServices from "@effect/platform-node/NodeServices"
import { assert, describe, it } from "@effect/vitest"
import { Effect, FileSystem, Runtime } from "effect"
import * as Private from "../../src/files/Private.ts"
import * as PersonalKey from "../../src/run/PersonalKey.ts"
import { contents, inFolder } from "../support/processes/program.ts"

describe("the key", () => {
  const inEmpty = <A, E>(test: (folder: string, file: string) => Effect.Effect<A, E, NodeServices.NodeServices>) =>
    inFolder((folder) => test(folder, `${folder}/pii.key`).pipe(Effect.provide(NodeServices.layer)))

  it.live("is made once, can be read by its owner alone, and stays the same", () =>
    inEmpty((folder, file) =>
      Effect.gen(function*() {
        const fs = yield* FileSystem.FileSystem
        const made = yield* PersonalKey.read(folder)
        assert.lengthOf(made, 32)
        assert.strictEqual((yield* fs.stat(file)).mode & 0o777, 0o600)
        assert.deepStrictEqual(yield* fs.readDirectory(folder), ["pii.key"])
        assert.deepStrictEqual(yield* PersonalKey.read(folder), made)
        assert.strictEqual(Buffer.from(made).toString("hex"), (yield* fs.readFileString(file)).trim())
      })
    ))

  it.live("is made again if its process was killed while it made it; files of others beside it are not used", () =>
    inEmpty((folder, file) =>
      Effect.gen(function*() {
        const fs = yield* FileSystem.FileSystem
        yield* fs.writeFileString(`${folder}/.duo-mfa.0123456789abcdef.part`, "0123", { mode: 0o600 })
        yield* fs.writeFileString(`${file}.part`, "theirs", { mode: 0o666 })
        yield* Private.removeUnfinished(folder)
        const made = yield* PersonalKey.read(folder)
        assert.deepStrictEqual(yield* PersonalKey.read(folder), made)
        assert.sameMembers(yield* fs.readDirectory(folder), ["pii.key", "pii.key.part"])
        assert.strictEqual(yield* fs.readFileString(`${file}.part`), "theirs")
      })
    ))

  it.live("is different in two data directories", () =>
    inEmpty((one) =>
      inEmpty((two) =>
        Effect.gen(function*() {
          assert.notDeepEqual(yield* PersonalKey.read(one), yield* PersonalKey.read(two))
        })
      )
    ))

  const hex = "0123456789abcdef".repeat(4)
  const bad: ReadonlyArray<readonly [what: string, content: string, mode: number, code: number]> = [
    ["is empty", "", 0o600, 78],
    ["is too short", hex.slice(1), 0o600, 78],
    ["is too long", `${hex}00`, 0o600, 78],
    ["is not hex", hex.replace("0", "g"), 0o600, 78],
    ["has two lines", `${hex}\n${hex}\n`, 0o600, 78],
    ["is zeros of no text", "\0".repeat(64), 0o600, 78],
    ["may be read by others", hex, 0o644, 78],
    ["may be read by the group", hex, 0o640, 78]
  ]
  for (const [what, content, mode, code] of bad) {
    it.live(`that ${what} is refused with a message that does not show it, and is not changed`, () =>
      inEmpty((folder, file) =>
        Effect.gen(function*() {
          const fs = yield* FileSystem.FileSystem
          yield* fs.writeFileString(file, content)
          yield* fs.chmod(file, mode)
          const before = contents(folder)
          const refused = yield* Effect.flip(PersonalKey.read(folder))
          assert.strictEqual(Runtime.getErrorExitCode(refused), code)
          assert.include(refused.message, file)
          assert.notInclude(JSON.stringify(refused) + refused.message, hex.slice(1, 20))
          assert.deepStrictEqual(contents(folder), before)
        })
      ))
  }

  it.live("that is a directory is refused", () =>
    inEmpty((folder, file) =>
      Effect.gen(function*() {
        yield* (yield* FileSystem.FileSystem).makeDirectory(file, { mode: 0o700 })
        assert.strictEqual(Runtime.getErrorExitCode(yield* Effect.flip(PersonalKey.read(folder))), 73)
      })
    ))
})
