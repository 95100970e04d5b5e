/**
 * `make bench-history`: what a ledger costs over time. A tenant is extracted once, and then lives on for some days, of
 * which every one is a snapshot in Parquet: half a percent of the users and of the methods change, a thousandth leaves, a
 * thousandth joins, two thirds log in. Each is applied to the ledger as a run does it.
 */
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import * as NodeServices from "@effect/platform-node/NodeServices"
import { Console, Effect, FileSystem } from "effect"
import { globSync, readFileSync, statSync } from "node:fs"
import { parseArgs } from "node:util"
import mfa from "../pipelines/mfa.ts"
import duckdb from "../sinks/duckdb.ts"
import { apply } from "../src/history/Apply.ts"
import * as Ledger from "../src/history/Ledger.ts"
import * as LedgerFile from "../src/history/LedgerFile.ts"
import * as ParquetFiles from "../src/history/ParquetFiles.ts"
import { asTable } from "../src/history/Snapshots.ts"
import { stampOf } from "../src/Outcome.ts"
import * as Run from "../src/Run.ts"
import * as DuckDb from "../src/staging/DuckDb.ts"
import * as Processes from "./Processes.ts"
import { markdown, median } from "./Table.ts"

const { values: options } = parseArgs({
  options: { users: { type: "string", default: "100000" }, days: { type: "string", default: "30" } }
})
const days = Number(options.days)

const oneIn = (column: string, day: number, times: number, which: number) =>
  `hash(${column}, ${day}) % ${times} = ${which}`

/** What of a row is another on the next day, by table. */
const changes: Readonly<Record<string, (day: number, at: string) => string>> = {
  users: (day, at) => `
    CASE WHEN ${oneIn("user_id", day, 200, 2)} THEN CASE status WHEN 'active' THEN 'disabled' ELSE 'active' END
      ELSE status END AS status,
    CASE WHEN NOT ${oneIn("user_id", day, 3, 0)} THEN ${at} - INTERVAL 1 HOUR ELSE last_login_at END AS last_login_at`,
  mfa_methods: (day, at) => `
    CASE WHEN ${oneIn("method_id", day, 200, 2)} THEN '${day}.0' ELSE os_version END AS os_version,
    CASE WHEN NOT ${oneIn("method_id", day, 3, 0)} THEN ${at} - INTERVAL 1 HOUR ELSE last_seen_at END AS last_seen_at`
}

/** The rows of a table on the day after those in `file`. */
const nextDay = (table: string, file: string, run_id: string, day: number, at: string) => {
  const changed = changes[table]?.(day, at)
  const stamped = `'${run_id}' AS run_id, ${at} AS observed_at${changed === undefined ? "" : `, ${changed}`}`
  return `SELECT * REPLACE (${stamped}) FROM read_parquet('${file}', hive_partitioning = false)
      WHERE NOT ${oneIn("user_id", day, 1000, 1)}
    UNION ALL
    SELECT * REPLACE ('${run_id}' AS run_id, ${at} AS observed_at,
      'DU' || upper(substr(md5(user_id || '${day}'), 1, 18)) AS user_id, username || '${day}' AS username)
    FROM read_parquet('${file}', hive_partitioning = false) WHERE ${oneIn("user_id", day, 1000, 3)}`
}

const megabytes = (files: ReadonlyArray<string>) => files.reduce((sum, file) => sum + statSync(file).size, 0) / 1e6

const bench = Effect.gen(function*() {
  const fs = yield* FileSystem.FileSystem
  const data = yield* fs.makeTempDirectoryScoped({ prefix: "duo-mfa-bench-" })
  const root = `${data}/parquet`
  const ledger = `${data}/duo.duckdb`
  yield* Processes.extractInto(data, yield* Processes.emulator(Number(options.users)), ["parquet"])
  const session = yield* DuckDb.open({ unbounded: true, spill: `${data}/spill` })
  const [manifest = ""] = globSync(`${data}/runs/*.json`)
  const first = JSON.parse(readFileSync(manifest, "utf8"))
  const fileOf = (table: string, run_id: string) => globSync(`${root}/${table}/run_date=*/${run_id}.parquet`)[0] ?? ""

  let before: string = first.run_id
  const seconds: Array<number> = []
  const rows: Array<ReadonlyArray<string>> = []
  let snapshots = 0
  for (let day = 1; day <= days; day++) {
    const observed_at = stampOf(first).observed_at + BigInt(day - 1) * 86_400_000_000n
    const at = DuckDb.constant(observed_at)
    const run_id = day === 1
      ? before
      : `${new Date(Number(observed_at / 1000n)).toISOString().replace(/[-:.]/g, "")}-00000a`
    const outcome = { ...first, run_id, observed_at: new Date(Number(observed_at / 1000n)).toISOString() }
    if (day > 1) {
      for (const { name } of mfa.tables) {
        yield* fs.makeDirectory(`${root}/${name}/run_date=${day}`, { recursive: true })
        yield* session.run(
          `COPY (${
            nextDay(name, fileOf(name, before), run_id, day, at)
          }) TO '${root}/${name}/run_date=${day}/${run_id}.parquet'
           (FORMAT parquet, COMPRESSION zstd, KV_METADATA {"${ParquetFiles.runKey}": ${
            DuckDb.literal(ParquetFiles.encodeRun(outcome))
          }})`
        )
      }
    }
    snapshots += megabytes(mfa.tables.map(({ name }) => fileOf(name, run_id)))
    const run = Run.sinkRun({ run_id, observed_at, tenant: first.tenant }, mfa, { allowEmpty: false })
    const began = performance.now()
    yield* Effect.scoped(Effect.gen(function*() {
      const { change } = yield* LedgerFile.open(ledger, run_id, mfa.tables)
      const { publication } = yield* change({
        make: Effect.fnUntraced(function*(session, catalog) {
          yield* Ledger.migrate(session, catalog, mfa.tables, mfa.views)
          const told = mfa.tables.map((table) => ({
            table,
            rows: asTable(table, ParquetFiles.select(DuckDb.literal(fileOf(table.name, run_id))))
          }))
          yield* apply(session, catalog, run, true, told)
          yield* Ledger.addRun(session, catalog, outcome)
        }),
        verify: () => Effect.void
      })
      yield* duckdb.publish(publication, run_id)
    }))
    seconds.push((performance.now() - began) / 1000)
    if ([1, 2, 7, 30, 90, 180, 365].includes(day)) {
      const size = megabytes([ledger])
      const firstLoad = seconds[0] ?? NaN
      const later = seconds.slice(1)
      rows.push([
        String(day),
        size.toFixed(1),
        snapshots.toFixed(1),
        (snapshots / size).toFixed(1),
        (later.length === 0 ? firstLoad : median(later)).toFixed(2),
        ((later.length === 0 ? firstLoad : median(later)) / firstLoad).toFixed(2)
      ])
    }
    before = run_id
  }
  yield* Console.log(
    markdown(
      [
        "runs",
        "ledger MB",
        "all snapshots as Parquet MB",
        "Parquet ÷ ledger",
        "applying a run, median s",
        "÷ the first"
      ],
      rows
    )
  )
})

NodeRuntime.runMain(bench.pipe(Effect.scoped, Effect.provide(NodeServices.layer)))
