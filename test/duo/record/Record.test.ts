/** Records that cannot be made, and records that cannot be replayed. */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Random, Runtime } from "effect"
import { globSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { Client } from "../../../src/duo/http/Client.ts"
import { repeatable } from "../../../src/duo/record/Record.ts"
import { serve } from "../../../src/emulator/server/Emulator.ts"
import { command } from "../../support/processes/command.ts"
import { inFolder, settings } from "../../support/processes/program.ts"
import { run } from "./run.ts"

/** Checks the exit code and the message of a run that fails. */
const fails = Effect.fnUntraced(function*(running: ReturnType<typeof run>, code: number, says: RegExp) {
  const error = yield* Effect.flip(running)
  assert.strictEqual(error[Runtime.errorExitCode], code, error.message)
  assert.match(error.message, says)
})

describe("A record that cannot be made or used", () => {
  it.live("is reported before any request to Duo", () =>
    inFolder(Effect.fnUntraced(function*(folder) {
      const duo = yield* serve({ people: "hostile", users: 10 })
      mkdirSync(`${folder}/full`)
      writeFileSync(`${folder}/full/letter.txt`, "")
      writeFileSync(`${folder}/file`, "")
      const flags = [
        { args: ["--pseudonymise"], says: /--pseudonymise.*--record/s },
        { args: ["--record", "a", "--replay", "b"], says: /--record and --replay exclude/ }
      ]
      for (const { args, says } of flags) {
        const ended = yield* command(folder, ["extract", ...args], settings(duo))
        assert.strictEqual(ended.code, 64, ended.stderr)
        assert.match(ended.stderr, says)
      }
      const record = (name: string) => ({ record: { directory: `${folder}/${name}`, pseudonymise: false } })
      const directories = [
        { recording: record("full"), code: 73, says: /full: it is not empty.*--record/ },
        { recording: record("file"), code: 73, says: /file: .*--record/ },
        {
          recording: { replay: `${folder}/nowhere` },
          code: 78,
          says: /nowhere cannot be replayed: it has no run\.json/
        }
      ]
      for (const { code, recording, says } of directories) {
        yield* fails(run(folder, recording, settings(duo)), code, says)
      }
      assert.strictEqual(duo.requests.length, 0)
      assert.deepStrictEqual(readdirSync(`${folder}/full`), ["letter.txt"])
    })))

  it.live("is of another version, damaged or not whole: the error says which, and nothing is published", () =>
    inFolder(Effect.fnUntraced(function*(folder) {
      const duo = yield* serve({ people: "hostile", users: 50 })
      const record = { directory: `${folder}/record`, pseudonymise: false }
      yield* run(folder, { record }, settings(duo), { pageSize: 20, concurrency: 1 })
      const again = run(folder, { replay: record.directory }, {})
      yield* again
      yield* run(folder, {}, settings(duo))
      yield* fails(again, 4, /is older than .*DUO_MFA_DATA/)
      rmSync(`${folder}/data`, { recursive: true })

      const made = readFileSync(`${folder}/record/run.json`, "utf8")
      const last = readdirSync(`${folder}/record`).filter((file) => /^\d+\.json$/.test(file)).sort().at(-1) ?? ""
      const damages: ReadonlyArray<readonly [file: string, content: string | undefined, code: number, says: RegExp]> = [
        [
          "run.json",
          made.replace(`"format":1`, `"format":2`),
          78,
          /has format 2, and this version reads format 1\. Use/
        ],
        ["run.json", made.slice(0, 40), 78, /its run\.json is damaged/],
        ["run.json", made.replace(`"api":"auto"`, `"api":"v3"`), 78, /its run\.json is damaged/],
        [last, "{}", 78, new RegExp(`its ${last} is damaged`)],
        [last, undefined, 65, /ends before an answer to \/admin\//],
        ["00002.text", undefined, 65, /has no 00002\.text/]
      ]
      for (const [file, content, code, says] of damages) {
        const before = readFileSync(`${folder}/record/${file}`)
        if (content === undefined) rmSync(`${folder}/record/${file}`)
        else writeFileSync(`${folder}/record/${file}`, content)
        yield* fails(again, code, says)
        writeFileSync(`${folder}/record/${file}`, before)
      }
      assert.deepStrictEqual(globSync("data/**/*.*", { cwd: folder }), [])
    })))
})

describe("A client that is recorded or replayed", () => {
  it.effect("has the same random numbers both times in each of its requests, and others than another record", () =>
    Effect.gen(function*() {
      const random = Effect.map(Random.next, (number) => ({
        response: number,
        metadata: undefined,
        halves: [],
        isKnown: false,
        text: "",
        notBefore: null
      }))
      const client = Client.of({
        host: "",
        call: () => random,
        accounts: random,
        clockSkew: Random.next,
        signature: Effect.succeed("auto"),
        counts: Effect.succeed({ requests: 0, answeredAt: null, retries: 0 })
      })
      const numbers = (seed: string) => {
        const { accounts, call, clockSkew } = repeatable(seed)(client)
        return Effect.all([
          Effect.map(accounts, ({ response }) => response),
          Effect.map(call("/a", {}), ({ response }) => response),
          Effect.map(call("/b", {}), ({ response }) => response),
          clockSkew
        ])
      }
      const first = yield* numbers("seed")
      assert.strictEqual(new Set(first).size, 4)
      assert.deepStrictEqual(yield* numbers("seed"), first)
      const others = yield* numbers("another")
      assert.isTrue(others.every((other, n) => other !== first[n]))
    }))
})
