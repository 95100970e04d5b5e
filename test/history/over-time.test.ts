/** A data directory with a history: compares the ledger with the Parquet files, and with the ledger rebuilt from them. */
import * as NodeServices from "@effect/platform-node/NodeServices"
import { afterAll, assert, beforeAll, describe, it } from "@effect/vitest"
import { Effect, FileSystem } from "effect"
import { cpSync, globSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import mfa from "../../pipelines/mfa.ts"
import * as Tenant from "../../src/emulator/people/Tenant.ts"
import * as StoredTables from "../../src/history/ledger/StoredTables.ts"
import { known, runAt } from "../known/ledger.ts"
import { codesOn, usersOn } from "../known/scene.ts"
import { command } from "../support/processes/command.ts"
import * as readers from "../support/readers.ts"

const at = (day: number, hour = 9) => Date.UTC(2026, 10, day, hour)

/**
 * Four days of the scene of test/known, then three days with trouble: a run that is not complete and has half of the users,
 * a run of another tenant, a run whose key may not read bypass codes, and two runs within a second.
 */
const lived = Effect.fnUntraced(function*(data: string) {
  yield* known(data, { port: 27_057 }, [1, 2, 4, 8])
  const tenant = () => Tenant.fromUsers(usersOn(8), codesOn(8))
  yield* runAt(data, at(9), {
    tenant: Tenant.fromUsers(usersOn(8).slice(0, 6), []),
    scenario: [{ do: { fault: "total_objects", add: 6 } }]
  })
  yield* runAt(data, at(9, 12), { tenant: Tenant.make({ people: "hostile", users: 20, seed: 2 }), port: 0 })
  yield* runAt(data, at(10), { tenant: tenant(), permissions: ["users"] })
  yield* runAt(data, at(11), { tenant: tenant() })
  yield* runAt(data, at(11) + 200, { tenant: Tenant.fromUsers(usersOn(8).slice(1), codesOn(8)) })
})

/** A folder with the data of these days. */
let good = ""

beforeAll(async () => {
  good = mkdtempSync(join(tmpdir(), "duo-mfa-lived-"))
  await Effect.runPromise(lived(`${good}/data`).pipe(Effect.provide(NodeServices.layer)))
}, 120_000)

afterAll(() => rmSync(good, { recursive: true }))

/** Runs a test in a copy of that folder. */
const inCopy = <A, E, R>(test: (data: string, folder: string) => Effect.Effect<A, E, R>) =>
  Effect.gen(function*() {
    const folder = yield* (yield* FileSystem.FileSystem).makeTempDirectoryScoped({ prefix: "duo-mfa-lived-" })
    cpSync(good, folder, { recursive: true })
    return yield* test(join(folder, "data"), folder)
  }).pipe(Effect.scoped, Effect.provide(NodeServices.layer))

const duoMfa = (folder: string, ...args: ReadonlyArray<string>) => command(folder, args, { DUO_MFA_DATA: "data" })

/** A query for every table, view and macro. */
const questions = [
  "FROM runs",
  ...mfa.tables.flatMap(({ name }) => [`FROM ${name}`, `FROM ${name}_history`, `FROM ${name}_changes`]),
  ...mfa.tables.flatMap(({ name }) =>
    [at(1), at(4) + 1, at(9, 13), at(30)].map((instant) => `FROM ${name}_asof(make_timestamptz(${instant}000))`)
  ),
  ...[
    "mfa_events",
    "run_days",
    "coverage_daily",
    "coverage_by_group_daily",
    "tenants",
    "phone_systems",
    "users_at_risk",
    "method_mix",
    "time_to_enrol",
    "regressions"
  ].map((view) => `FROM ${view}`)
].map((question) => `${question} ORDER BY ALL`)

const text = (rows: ReadonlyArray<Record<string, unknown>>) =>
  rows.map((row) => JSON.stringify(row, (_, value: unknown) => typeof value === "bigint" ? String(value) : value))

const answers = (ask: (sql: string) => Effect.Effect<ReadonlyArray<Record<string, unknown>>>) =>
  Effect.map(
    Effect.forEach(questions, (question) => Effect.map(ask(question), (rows) => [question, text(rows)] as const)),
    (all): Readonly<Record<string, ReadonlyArray<string>>> => Object.fromEntries(all)
  )

const ofLedger = (data: string) => readers.within(`${data}/duo.duckdb`, answers)

/** `views.sql`, with the directory where the files are now. */
const viewsIn = (data: string) =>
  readFileSync(`${data}/parquet/views.sql`, "utf8").replaceAll(/'[^']*\/data\/parquet'/g, `'${data}/parquet'`)

const ofParquet = (data: string) => readers.inMemory(viewsIn(data), answers)

describe("over Parquet", () => {
  it.live("the same names have the same rows as in the ledger, types included", () =>
    inCopy(Effect.fnUntraced(function*(data) {
      const expected = yield* ofLedger(data)
      assert.isAbove(Object.values(expected).filter(({ length }) => length > 0).length, 30)
      assert.deepStrictEqual(yield* ofParquet(data), expected)
      const kept = mfa.tables.flatMap(StoredTables.tablesOf).map(({ name }) => `'${name}'`).join(", ")
      const types = "SELECT table_name, column_name, data_type FROM duckdb_columns() " +
        `WHERE NOT internal AND table_name NOT LIKE '%_snapshots' AND table_name NOT IN (${kept}) ORDER BY ALL`
      const found = yield* readers.inMemory(viewsIn(data), (ask) => ask(types))
      assert.deepStrictEqual(text(found), text(yield* readers.query(`${data}/duo.duckdb`, types)))
    })))

  it.live("days and texts are in UTC in every time zone", () =>
    inCopy(Effect.fnUntraced(function*(data) {
      const questions = ["FROM coverage_daily", "SELECT before_text, after_text FROM mfa_events", "FROM users_changes"]
      for (const question of questions) {
        const [utc = [], other = []] = yield* Effect.forEach(["UTC", "Etc/GMT+12"], (zone) =>
          readers.inMemory(
            `SET TimeZone = '${zone}'; ATTACH '${data}/duo.duckdb' AS duo (READ_ONLY); USE duo`,
            (ask) => ask(`${question} ORDER BY ALL`)
          ))
        assert.isNotEmpty(utc)
        assert.deepStrictEqual(text(other), text(utc), question)
      }
    })))

  it.live("sql --parquet queries them", () =>
    inCopy(Effect.fnUntraced(function*(_, folder) {
      for (const args of [["@coverage"], ["SELECT username, valid_from FROM users_history ORDER BY ALL"]]) {
        const ledger = yield* duoMfa(folder, "sql", ...args)
        const { code, stderr, stdout } = yield* duoMfa(folder, "sql", "--parquet", ...args)
        assert.strictEqual(code, 0, stderr)
        assert.strictEqual(stdout, ledger.stdout)
      }
    })))

  it.live("a file of another version, which lacks a column and has another, is read with the others", () =>
    inCopy(Effect.fnUntraced(function*(data) {
      const before = yield* readers.inMemory(viewsIn(data), (ask) => ask("SELECT count(*) AS n FROM users_history"))
      const [file = ""] = globSync(`${data}/parquet/users/run_date=2026-11-02/*.parquet`)
      const [run] = yield* readers.inMemory(
        "",
        (ask) =>
          ask(`SELECT decode(value) AS run FROM parquet_kv_metadata('${file}') WHERE decode(key) = 'duo_mfa.run'`)
      )
      yield* readers.execute(
        ":memory:",
        `COPY (SELECT * EXCLUDE (notes), 'x' AS cost_centre FROM read_parquet('${file}', hive_partitioning = false))
         TO '${file}.new' (FORMAT parquet, KV_METADATA {"duo_mfa.run": '${String(run?.["run"])}'})`
      )
      renameSync(`${file}.new`, file)
      const after = yield* readers.inMemory(viewsIn(data), (ask) => ask("SELECT count(*) AS n FROM users_history"))
      assert.deepStrictEqual(after, before)
    })))
})

describe("rebuild", () => {
  it.live("queries can read the tables of other users in a ledger", () =>
    inCopy(Effect.fnUntraced(function*(data, folder) {
      yield* readers.execute(
        `${data}/duo.duckdb`,
        "CREATE SCHEMA hr",
        "CREATE TABLE hr.people AS SELECT 42 AS n",
        "CREATE TABLE notes AS SELECT 'x' AS note",
        "CREATE TABLE gone AS SELECT 1 AS n",
        "CREATE VIEW broken AS FROM gone",
        "DROP TABLE gone"
      )
      const { code, stderr, stdout } = yield* duoMfa(folder, "sql", "SELECT n, note FROM hr.people, notes")
      assert.deepStrictEqual([code, stdout.trim().split("\r\n")], [0, ["n,note", "42,x"]], stderr)
    })))

  it.live("makes the same ledger, and keeps the tables of other users in it", () =>
    inCopy(Effect.fnUntraced(function*(data, folder) {
      const expected = yield* ofLedger(data)
      yield* readers.execute(`${data}/duo.duckdb`, "CREATE SCHEMA hr", "CREATE TABLE hr.people AS SELECT 42 AS n")
      const { code, stderr, stdout } = yield* duoMfa(folder, "rebuild")
      assert.strictEqual(code, 0, stderr)
      assert.match(stdout, /^9 runs from 20261101T090000000Z-\w{6} to 20261111T090000200Z/)
      assert.deepStrictEqual(yield* ofLedger(data), expected)
      assert.deepStrictEqual(text(yield* readers.query(`${data}/duo.duckdb`, "FROM hr.people")), ["{\"n\":42}"])
      assert.deepStrictEqual(globSync(`${data}/**/*.part`), [])
    })))

  it.live("adds snapshots of earlier days and of days in between: the history is the same as if the runs had come in order", () =>
    inCopy(Effect.fnUntraced(function*(data, folder) {
      const expected = yield* ofLedger(data)
      const away = ["01", "04"].flatMap((day) => globSync(`${data}/parquet/*/run_date=2026-11-${day}`))
      assert.lengthOf(away, 8)
      mkdirSync(`${folder}/away`)
      const move = (isBack: boolean) =>
        away.forEach((from, index) =>
          isBack ? renameSync(`${folder}/away/${index}`, from) : renameSync(from, `${folder}/away/${index}`)
        )
      move(false)
      renameSync(`${data}/duo.duckdb`, `${folder}/away/ledger`)
      assert.strictEqual((yield* duoMfa(folder, "rebuild")).code, 4)
      assert.strictEqual((yield* duoMfa(folder, "rebuild", "--kept-only")).code, 0)
      const less = yield* ofLedger(data)
      assert.deepStrictEqual(yield* ofParquet(data), less)
      assert.notDeepEqual(less["FROM users_history ORDER BY ALL"], expected["FROM users_history ORDER BY ALL"])
      move(true)
      assert.strictEqual((yield* duoMfa(folder, "rebuild")).code, 0)
      assert.deepStrictEqual(yield* ofLedger(data), expected)
    })))

  it.live("refuses to lose a run that has no snapshot, and says so if there are no snapshots at all", () =>
    inCopy(Effect.fnUntraced(function*(data, folder) {
      for (const file of globSync(`${data}/parquet/*/run_date=2026-11-04`)) rmSync(file, { recursive: true })
      const before = yield* ofLedger(data)
      const { code, stderr } = yield* duoMfa(folder, "rebuild")
      assert.strictEqual(code, 4)
      assert.match(stderr, /The history of 1 runs.*there is no Parquet snapshot of them/)
      assert.deepStrictEqual(yield* ofLedger(data), before)
      rmSync(`${data}/parquet`, { recursive: true })
      assert.strictEqual((yield* duoMfa(folder, "rebuild")).code, 78)
    })))
})
