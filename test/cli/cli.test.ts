import * as NodeServices from "@effect/platform-node/NodeServices"
import { afterAll, assert, beforeAll, describe, it } from "@effect/vitest"
import { Effect, FileSystem } from "effect"
import { cpSync, mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import type { Fault } from "../../src/emulator/faults/Scenario.ts"
import { type Options, serve } from "../../src/emulator/server/Emulator.ts"
import { command } from "../support/command.ts"
import { contents, program, settings, start } from "../support/program.ts"

const users = 120

/** A folder in which one good run was made. */
let good = ""

beforeAll(async () => {
  good = mkdtempSync(join(tmpdir(), "duo-mfa-"))
  const ended = await Effect.runPromise(
    Effect.scoped(Effect.flatMap(serve({ users }), (duo) => program(good, ["extract"], settings(duo))))
  )
  assert.strictEqual(ended.code, 0, ended.stderr)
})

afterAll(() => rmSync(good, { recursive: true }))

/** A copy of that folder, and what failed runs must leave as it is. */
const withGoodRun = <A, E, R>(
  test: (folder: string, before: ReturnType<typeof contents>) => Effect.Effect<A, E, R>
) =>
  Effect.gen(function*() {
    const folder = yield* (yield* FileSystem.FileSystem).makeTempDirectoryScoped()
    cpSync(good, folder, { recursive: true })
    return yield* test(folder, contents(folder))
  }).pipe(Effect.scoped, Effect.provide(NodeServices.layer))

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
    says: /Unknown sink "oracle"\. Available: csv, duckdb, ndjson, parquet, postgres\./
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

/** Every page but the first takes its time, so that there is a run to be found in the middle. */
const slowly: Options = { users, latency: 300 }

/** A run in the middle of its pages. */
const running = Effect.fnUntraced(function*(folder: string) {
  const duo = yield* serve(slowly)
  const run = start(folder, ["extract", "--page-size", "20"], settings(duo))
  yield* Effect.promise(async () => {
    while (duo.requests.length < 5) await new Promise((resolve) => setImmediate(resolve))
  })
  return run
})

describe("extract, in the middle of a run", () => {
  for (const [signal, code] of [["SIGTERM", 143], ["SIGINT", 130]] as const) {
    it.live(`ends at ${signal} with ${code}, and leaves nothing`, () =>
      withGoodRun(Effect.fnUntraced(function*(folder, before) {
        const run = yield* running(folder)
        run.child.kill(signal)
        const { code: ended, stderr } = yield* Effect.promise(() => run.ended)
        assert.strictEqual(ended, code)
        assert.include(stderr, "nothing was published")
        assert.deepStrictEqual(contents(folder), before)
      })))
  }

  it.live("goes on when it is told to stop while it publishes: 143 is for a run that published nothing", () =>
    withGoodRun(Effect.fnUntraced(function*(folder, before) {
      const duo = yield* serve({ users })
      const sinks = [
        "--sink",
        "ndjson",
        "--sink",
        `${import.meta.dirname}/../support/sinks/stopping.ts`,
        "--sink",
        "csv"
      ]
      const { code, stderr, stdout } = yield* program(folder, ["extract", "--json", ...sinks], settings(duo))
      assert.strictEqual(code, 0, stderr)
      assert.notInclude(stderr, "nothing was published")
      const { exit, run_id } = JSON.parse(stdout)
      assert.strictEqual(exit, 0)
      const made = Object.keys(contents(folder)).filter((file) => !(file in before))
      assert.includeMembers(made, [`data/csv/users/${run_id}.csv`, `data/runs/${run_id}.json`])
    })))

  for (const signal of ["SIGTERM", "SIGINT"] as const) {
    it.live(`is not stopped by any ${signal} that comes when it has said what it did`, () =>
      withGoodRun(Effect.fnUntraced(function*(folder) {
        const duo = yield* serve({ users })
        const { child, ended } = start(folder, ["extract", "--sink", "ndjson"], settings(duo))
        yield* Effect.promise(async () => {
          await new Promise((resolve) => child.stdout.once("data", resolve))
          while (child.exitCode === null && child.signalCode === null) {
            child.kill(signal)
            await new Promise((resolve) => setImmediate(resolve))
          }
        })
        assert.strictEqual((yield* Effect.promise(() => ended)).code, 0)
      })))
  }

  it.live("lets no other begin: that one ends at once with 75, and names the first", () =>
    withGoodRun(Effect.fnUntraced(function*(folder) {
      const first = yield* running(folder)
      const duo = yield* serve({ users })
      const second = yield* command(folder, ["extract"], settings(duo))
      assert.strictEqual(second.code, 75)
      assert.include(second.stderr, `process ${first.child.pid}`)
      assert.strictEqual(duo.requests.length, 0)
      assert.strictEqual((yield* Effect.promise(() => first.ended)).code, 0)
    })))

  it.live("is killed: the next one takes away what it left, and is whole", () =>
    withGoodRun(Effect.fnUntraced(function*(folder, before) {
      const { child, ended } = yield* running(folder)
      child.kill("SIGKILL")
      yield* Effect.promise(() => ended)
      const litter = Object.keys(contents(folder)).filter((file) => !(file in before))
      assert.isNotEmpty(litter)
      const duo = yield* serve({ users })
      const next = yield* command(folder, ["extract"], settings(duo))
      assert.strictEqual(next.code, 0, next.stderr)
      const after = contents(folder)
      assert.deepStrictEqual(litter.filter((file) => file in after), [])
      assert.isFalse(Object.keys(after).some((file) => /\.(part|open|sealed)\b/.test(file)))
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
