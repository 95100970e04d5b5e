/** When something is wrong, extract says what to do, ends with the code of it, and leaves the outputs as they are. */
import * as NodeServices from "@effect/platform-node/NodeServices"
import { assert, describe, it } from "@effect/vitest"
import { Effect, FileSystem } from "effect"
import type { Fault } from "../../../src/emulator/faults/Scenario.ts"
import { type Options, serve } from "../../../src/emulator/server/Emulator.ts"
import { command } from "../../support/processes/command.ts"
import { contents, program, settings } from "../../support/processes/program.ts"
import { keepGoodRun, users } from "./good-run.ts"

const withGoodRun = keepGoodRun()

const canary = "CANARYcanaryCANARYcanaryCANARYcanary1234"

interface Case {
  readonly name: string
  readonly emulator?: Options
  readonly env?: Readonly<Record<string, string>>
  readonly args?: ReadonlyArray<string>
  readonly code: number
  readonly says: RegExp
}

const always = (fault: Fault): Options => ({ scenario: [{ when: { path: "/admin/*" }, do: fault }] })

/** A fault, its exit code, and the words that tell the reader where to look. */
const cases: ReadonlyArray<Case> = [
  { name: "401, wrong key", env: { DUO_SKEY: canary }, code: 77, says: /40103.*Check DUO_SKEY/s },
  {
    name: "401, unknown key",
    env: { DUO_IKEY: "DI000000000000000000" },
    code: 77,
    says: /40102.*DUO_IKEY and DUO_HOST/s
  },
  { name: "401, clock", emulator: { clockSkew: 900 }, code: 77, says: /clock is (89\d|90\d) s behind/ },
  { name: "403", emulator: { permissions: [] }, code: 77, says: /40301.*Grant read resource/s },
  {
    name: "404 for both versions",
    emulator: { apis: [] },
    code: 77,
    says: /does not offer \/admin\/v1\/users.*DUO_HOST/s
  },
  { name: "an HTML page", emulator: always({ fault: "html", http: 200 }), code: 69, says: /not Duo.*DUO_HOST/s },
  { name: "an empty answer", emulator: always({ fault: "empty", http: 200 }), code: 69, says: /not Duo/ },
  {
    name: "no metadata",
    args: ["--page-size", "50"],
    emulator: always({ fault: "no_metadata" }),
    code: 65,
    says: /cannot be followed/
  },
  {
    name: "a field of another type",
    emulator: always({ fault: "field", name: "user_id", json: "{}" }),
    code: 65,
    says: /response\[0\]\.user_id/
  },
  { name: "200 and FAIL", emulator: always({ fault: "fail_200", code: 40301 }), code: 77, says: /40301/ },
  {
    name: "half a configuration",
    env: { DUO_SKEY: "" },
    code: 78,
    says: /Set DUO_SKEY \(or DUO_SKEY_FILE\) \(DUO_IKEY and DUO_HOST are there\)/
  },
  { name: "a host that is not Duo's", env: { DUO_HOST: "duo.example.com" }, code: 78, says: /DUO_HOST/ },
  { name: "loopback without leave", env: { DUO_INSECURE_LOOPBACK: "" }, code: 78, says: /DUO_INSECURE_LOOPBACK/ },
  {
    name: "nobody listens",
    env: { DUO_HOST: "127.0.0.254:38599" },
    code: 69,
    says: /cannot be reached.*ECONNREFUSED/s
  },
  {
    name: "no such sink",
    args: ["--sink", "oracle"],
    code: 64,
    says: /Unknown sink "oracle"\. Available: csv, duckdb, ndjson, parquet, postgres, s3\./
  },
  { name: "a sink mistyped", args: ["--sink", "parqet:/srv"], code: 64, says: /"parqet"\. Did you mean "parquet"\?/ },
  {
    name: "a pipeline mistyped",
    args: ["admin"],
    code: 64,
    says: /Unknown pipeline "admin"\. Did you mean "admins"\?/
  },
  { name: "no such flag", args: ["--frobnicate"], code: 64, says: /--frobnicate/ }
]

describe("extract, when something is wrong", () => {
  it.live(
    "ends with the code of it, says what to do in a few lines, and changes nothing",
    () =>
      withGoodRun(Effect.fnUntraced(function*(folder, before) {
        const failures: Array<string> = []
        for (const { args = [], code, emulator = {}, env = {}, name, says } of cases) {
          const wrong = yield* Effect.scoped(Effect.gen(function*() {
            const duo = yield* serve({ users, ...emulator })
            const ended = yield* command(folder, ["extract", ...args], { ...settings(duo), ...env })
            const lines = ended.stderr.trimEnd().split("\n").filter((line) => !line.startsWith("warn: /admin"))
            const reached = (emulator.scenario ?? []).every(({ do: { fault } }) => (duo.reached[fault] ?? 0) > 0)
            return [
              ...ended.code === code ? [] : [`ended with ${ended.code}, not ${code}: ${ended.stderr}`],
              ...says.test(ended.stderr) ? [] : [`says ${ended.stderr}`],
              ...lines.length <= 4 && !/^\s+at /m.test(ended.stderr) ? [] : [`is too long: ${ended.stderr}`],
              ...reached ? [] : ["never happened"],
              ...ended.stdout === "" ? [] : [`has data: ${ended.stdout}`],
              ...[canary, duo.skey].some((secret) => ended.stderr.includes(secret)) ? ["shows the key"] : [],
              ...JSON.stringify(contents(folder)) === JSON.stringify(before) ? [] : ["changed the outputs"]
            ]
          }))
          failures.push(...wrong.map((what) => `${name}: ${what}`))
        }
        assert.deepStrictEqual(failures, [])
      })),
    180_000
  )

  it.live("a key in the environment wins over what .env says of one", () =>
    withGoodRun(Effect.fnUntraced(function*(folder) {
      const fs = yield* FileSystem.FileSystem
      const duo = yield* serve({ users })
      const { DUO_SKEY, ...others } = settings(duo)
      const dotEnv = Object.entries(others).map(([name, value]) => `${name}=${value}\n`).join("")
      yield* fs.writeFileString(`${folder}/.env`, `${dotEnv}DUO_SKEY_FILE=/nowhere\n`)
      assert.strictEqual((yield* command(folder, ["extract"], { DUO_SKEY })).code, 0)
      const withFile = yield* command(folder, ["extract"])
      assert.strictEqual(withFile.code, 78)
      assert.include(withFile.stderr, "DUO_SKEY_FILE")
    })))

  it.live("a damaged manifest is named by verify too", () =>
    withGoodRun(Effect.fnUntraced(function*(folder) {
      yield* (yield* FileSystem.FileSystem).writeFileString(
        `${folder}/data/runs/20990101T000000000Z-ffffff.json`,
        "{bad"
      )
      const ended = yield* command(folder, ["verify"])
      assert.strictEqual(ended.code, 73)
      assert.include(ended.stderr, "20990101T000000000Z-ffffff.json is damaged")
    })))

  it.live("with no setting at all says which to set", () =>
    withGoodRun(Effect.fnUntraced(function*(folder, before) {
      const ended = yield* command(folder, ["extract"])
      assert.strictEqual(ended.code, 78)
      assert.include(ended.stderr, "Set DUO_IKEY, DUO_SKEY (or DUO_SKEY_FILE), and DUO_HOST")
      assert.deepStrictEqual(contents(folder), before)
    })))

  it.live("a failure with --json is one object on standard output", () =>
    withGoodRun(Effect.fnUntraced(function*(folder) {
      const duo = yield* serve({ users, permissions: [] })
      const ended = yield* program(folder, ["extract", "--json"], settings(duo))
      const printed = JSON.parse(ended.stdout)
      assert.strictEqual(printed.exit, 77)
      assert.strictEqual(ended.code, 77)
      assert.include(ended.stderr, printed.message)
      assert.isString(printed.error)
    })))
})

describe("extract, when what is wrong may pass", () => {
  it.live("asks again, says so, and publishes all", () =>
    Effect.gen(function*() {
      const folder = yield* (yield* FileSystem.FileSystem).makeTempDirectoryScoped()
      const fault: Fault = { fault: "reset", at: "body" }
      const duo = yield* serve({ users, scenario: [{ when: { page: 1, times: 1 }, do: fault }] })
      const ended = yield* command(folder, ["extract", "--json", "--sink", "ndjson"], settings(duo))
      assert.strictEqual(ended.code, 0, ended.stderr)
      assert.strictEqual(duo.reached.reset, 1)
      const { complete, retries, users: seen } = JSON.parse(ended.stdout)
      assert.deepStrictEqual({ complete, retries, seen }, { complete: true, retries: 1, seen: users })
      assert.include(ended.stderr, "again in")
    }).pipe(Effect.scoped, Effect.provide(NodeServices.layer)))
})
