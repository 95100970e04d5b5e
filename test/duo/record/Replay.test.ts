/** `--record` keeps Duo's answers in a run; `--replay` makes the same run again without Duo, byte for byte. */
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { globSync, lstatSync, mkdirSync, readFileSync, renameSync } from "node:fs"
import type { Scenario } from "../../../src/emulator/faults/Scenario.ts"
import { type Options, serve } from "../../../src/emulator/server/Emulator.ts"
import { serveParent } from "../../../src/emulator/server/Parent.ts"
import { command } from "../../support/processes/command.ts"
import { allSinks, contents, type Ended, inFolder, settings, start } from "../../support/processes/program.ts"
import { neverDone, untilItWaits } from "../../support/processes/waiting.ts"
import * as Readers from "../../support/readers.ts"
import { run } from "./run.ts"

const withoutLedger = (files: Readonly<Record<string, string>>) =>
  Object.fromEntries(Object.entries(files).filter(([file]) => !file.endsWith(".duckdb")))

/**
 * All contents of a ledger, every row in the order in which it is stored. The bytes of two ledgers are never the same,
 * even with the same contents: DuckDB gives each file 16 random bytes (from byte 0x7c on), and bytes that it does not
 * use (padding, the cells of NULLs) have what was in memory.
 */
const ledger = (file: string) =>
  Readers.within(file, (ask) =>
    Effect.gen(function*() {
      const catalog = yield* Effect.forEach(["tables", "columns", "views", "constraints", "indexes"], (what) =>
        ask(
          `SELECT * EXCLUDE (database_oid) FROM duckdb_${what}() WHERE database_name = current_database() ORDER BY ALL`
        ))
      const tables = yield* ask("SELECT table_name FROM duckdb_tables() WHERE NOT internal ORDER BY ALL")
      const rows = yield* Effect.forEach(
        tables,
        ({ table_name }) => ask(`SELECT rowid, * FROM "${String(table_name)}" ORDER BY rowid`)
      )
      assert.isAbove(tables.length, 3)
      return { catalog, tables, rows }
    }))

/** The last line that the program printed. */
const lastLine = ({ stderr }: Ended) => stderr.trimEnd().split("\n").at(-1)

/** The lines about retries, which a replay has as well. */
const retriesOf = ({ stderr }: Ended) => stderr.split("\n").filter((line) => line.includes("again in")).sort()

/** Compares every file of the second run with the files of the first, which were moved away. */
const assertSameFiles = Effect.fnUntraced(function*(folder: string) {
  const files = withoutLedger(contents(`${folder}/kept`))
  assert.isAbove(Object.keys(files).length, 10)
  assert.deepStrictEqual(withoutLedger(contents(`${folder}/data`)), files)
  assert.deepStrictEqual(yield* ledger(`${folder}/data/duo.duckdb`), yield* ledger(`${folder}/kept/duo.duckdb`))
})

/** Records a run of an emulated tenant, and replays it in the same directory. */
const twice = Effect.fnUntraced(function*(folder: string, options: Options, args: ReadonlyArray<string> = []) {
  const duo = yield* serve({ people: "hostile", ...options })
  const extract = ["extract", "--json", ...args]
  const first = yield* command(folder, [...extract, "--record", "record"], settings(duo))
  const asked = duo.requests.length
  mkdirSync(`${folder}/data`, { recursive: true })
  renameSync(`${folder}/data`, `${folder}/kept`)
  const again = yield* command(folder, [...extract, "--replay", "record"])
  assert.strictEqual(duo.requests.length, asked)
  return { duo, first, again }
})

const passing: Scenario = [
  { when: { page: 2, times: 1 }, do: { fault: "rate_limit", raw: "0" } },
  { when: { page: 4, times: 1 }, do: { fault: "reset", at: "body" } },
  { when: { page: 6, times: 1 }, do: { fault: "status", code: 50001 } },
  { when: { page: 8, times: 1 }, do: { fault: "truncated", how: "length" } },
  { when: { page: 10, times: 1 }, do: { fault: "rate_limit", retry_after: "http-date", seconds: 1 } }
]

describe("A run that is recorded", () => {
  it.live("is replayed byte for byte, even with retries and several pages in flight", () =>
    inFolder(Effect.fnUntraced(function*(folder) {
      const { again, duo, first } = yield* twice(folder, { users: 333, latency: [0, 20], scenario: passing }, [
        ...allSinks,
        "--page-size",
        "10",
        "--concurrency",
        "4"
      ])
      assert.strictEqual(first.code, 0, first.stderr)
      for (const { do: { fault } } of passing) assert.isAbove(duo.reached[fault] ?? 0, 0, fault)
      assert.strictEqual(again.code, 0, again.stderr)
      yield* assertSameFiles(folder)
      assert.strictEqual(again.stdout, first.stdout)
      assert.deepStrictEqual(retriesOf(again), retriesOf(first))
      const verified = yield* command(folder, ["verify"])
      assert.strictEqual(verified.code, 0, verified.stderr)
    })))

  const tenants: ReadonlyArray<readonly [name: string, options: Options, pageSize?: number]> = [
    ["with its retries", { users: 300, scenario: passing }, 40],
    ["of an older API and an older signature", { users: 120, apis: ["v1"], signatures: ["v2-sha1"] }],
    ["without the bypass codes", { users: 50, permissions: ["users"] }],
    ["of nobody", { users: 0 }],
    ["of a list that kept changing", {
      users: 60,
      scenario: [{ when: { page: 3, times: 1 }, do: { fault: "edit", edit: { edit: "remove", at: 0 } } }]
    }, 10]
  ]
  for (const [name, options, pageSize] of tenants) {
    it.live(`is replayed byte for byte: ${name}`, () =>
      inFolder(Effect.fnUntraced(function*(folder) {
        const duo = yield* serve({ people: "hostile", ...options })
        const directory = `${folder}/record`
        const record = { directory, pseudonymise: false }
        const first = yield* run(folder, { record }, settings(duo), { pageSize, concurrency: 1 })
        for (const { do: { fault } } of options.scenario ?? []) assert.isAbove(duo.reached[fault] ?? 0, 0, fault)
        const asked = duo.requests.length
        renameSync(`${folder}/data`, `${folder}/kept`)
        const again = yield* run(folder, { replay: directory }, {})
        assert.strictEqual(duo.requests.length, asked)
        yield* assertSameFiles(folder)
        assert.deepStrictEqual(again, first)
      })))
  }

  it.live("is replayed byte for byte: of a child account, whose id the record does not have", () =>
    inFolder(Effect.fnUntraced(function*(folder) {
      const parent = yield* serveParent({ people: "hostile", children: 1, users: 40, scenario: passing })
      const [child] = parent.children
      if (child === undefined) return assert.fail()
      const directory = `${folder}/record`
      const env = { ...settings(child), DUO_ACCOUNT_ID: child.account_id }
      const options = { pageSize: 5, concurrency: 1 }
      const first = yield* run(folder, { record: { directory, pseudonymise: false } }, env, options)
      const asked = child.requests.length
      assert.isAbove(asked, 10)
      assert.deepStrictEqual(parent.misdirected(), [])
      for (const file of globSync(`${directory}/*`)) assert.notInclude(readFileSync(file, "utf8"), child.account_id)
      renameSync(`${folder}/data`, `${folder}/kept`)
      const again = yield* run(folder, { replay: directory }, {})
      assert.strictEqual(child.requests.length, asked)
      yield* assertSameFiles(folder)
      assert.deepStrictEqual(again, first)
    })))

  it.live("counts requests that were interrupted before their answers, in the replay as well", () =>
    inFolder(Effect.fnUntraced(function*(folder) {
      const { again, first } = yield* twice(folder, {
        users: 200,
        latency: [10, 50],
        scenario: [
          { when: { page: 5, times: 1 }, do: { fault: "short_page", size: 7 } },
          { when: { page: 12, times: 1 }, do: { fault: "short_page", size: 3 } }
        ]
      }, ["--page-size", "10", "--concurrency", "6", "--sink", "ndjson"])
      const entries = globSync(`${folder}/record/0*.json`).map((file) => readFileSync(file, "utf8"))
      assert.isAbove(entries.filter((entry) => entry.includes(`"interrupted":true`)).length, 0)
      assert.strictEqual(again.code, 0, again.stderr)
      assert.strictEqual(again.stdout, first.stdout)
      assert.strictEqual(JSON.parse(first.stdout).requests, entries.length)
    })))

  it.live("leaves no key, signature or request header in its record, and others may not read the record", () =>
    inFolder(Effect.fnUntraced(function*(folder) {
      const duo = yield* serve({
        people: "hostile",
        users: 100,
        signatures: ["v2-sha1"],
        scenario: [{ when: { page: 3, times: 1 }, do: { fault: "reset", at: "headers" } }]
      })
      const ended = yield* command(folder, ["extract", "--record", "record", "--page-size", "30"], settings(duo))
      assert.strictEqual(ended.code, 0, ended.stderr)
      const files = globSync("record/*", { cwd: folder })
      assert.isAbove(files.length, 8)
      for (const file of files) {
        const text = readFileSync(`${folder}/${file}`, "utf8")
        for (const secret of [duo.skey, duo.ikey, "uthorization", "Basic ", "user-agent"]) {
          assert.notInclude(text, secret)
        }
        assert.isFalse(duo.signatures.areIn(text))
        assert.strictEqual(lstatSync(`${folder}/${file}`).mode & 0o777, 0o600)
      }
      assert.strictEqual(lstatSync(`${folder}/record`).mode & 0o777, 0o700)
    })))
})

describe("A run that failed, and was recorded", () => {
  it.live("fails again with the same exit code, message and JSON", () =>
    inFolder(Effect.fnUntraced(function*(folder) {
      const { again, first } = yield* twice(folder, {
        users: 100,
        scenario: [{ when: { page: 3 }, do: { fault: "html", http: 200 } }]
      }, ["--page-size", "20", "--sink", "ndjson"])
      assert.strictEqual(first.code, 69, first.stderr)
      assert.strictEqual(again.code, 69, again.stderr)
      assert.strictEqual(lastLine(again), lastLine(first))
      assert.strictEqual(again.stdout, first.stdout)
    })))

  for (const [signal, code] of [["SIGINT", 130], ["SIGKILL", null]] as const) {
    it.live(`is replayed to the point where it ended: ${signal}`, () =>
      inFolder(Effect.fnUntraced(function*(folder) {
        const duo = yield* serve({ people: "hostile", users: 100, ...neverDone })
        const run = start(folder, ["extract", "--page-size", "5", "--record", "record"], settings(duo))
        yield* untilItWaits(duo)
        run.child.kill(signal)
        assert.strictEqual((yield* Effect.promise(() => run.ended)).code, code)
        const again = yield* command(folder, ["extract", "--replay", "record"])
        assert.strictEqual(again.code, 65, again.stderr)
        assert.match(again.stderr, /record in record ends (before|while) .*\/admin\/v2\/users\?limit=5&offset=\d+/)
      })))
  }
})
