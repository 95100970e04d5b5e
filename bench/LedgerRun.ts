/**
 * Applies a snapshot in Parquet to a ledger as a run does, and times every step. This is the only file of the bench that
 * uses src/history.
 */
import { Effect, FileSystem, Schema } from "effect"
import mfa from "../pipelines/mfa.ts"
import duckdb from "../sinks/duckdb.ts"
import * as DuckDb from "../src/duckdb/DuckDb.ts"
import * as RowsSql from "../src/duckdb/RowsSql.ts"
import * as RunDatabase from "../src/duckdb/RunDatabase.ts"
import { apply } from "../src/history/ledger/Apply.ts"
import * as Ledger from "../src/history/ledger/Ledger.ts"
import * as LedgerFile from "../src/history/ledger/LedgerFile.ts"
import * as ParquetFiles from "../src/history/ParquetFiles.ts"
import { asTable } from "../src/history/Snapshots.ts"
import { Outcome, stampOf } from "../src/Outcome.ts"
import * as OpenRound from "../src/run/OpenRound.ts"
import * as Sql from "./Sql.ts"

export type { Outcome } from "../src/Outcome.ts"

/** The part of a manifest that describes its run. */
export const outcomeOf = Schema.decodeEffect(Schema.fromJsonString(Outcome))

/** The run's metadata for its Parquet files, for `COPY ... (KV_METADATA ...)`. */
export const metadata = (outcome: Outcome) =>
  `{"${ParquetFiles.runKey}": ${DuckDb.literal(ParquetFiles.encodeRuns(mfa.tables, [outcome]))}}`

/** The seconds of every step, and their sum. */
export interface Steps {
  readonly copy: number
  readonly apply: number
  readonly checkpoint: number
  readonly sync: number
  readonly rename: number
  readonly total: number
}

export const steps = ["copy", "apply", "checkpoint", "sync", "rename"] as const

/** A run database with the rows, as a run has it before it seals. */
const stage = Effect.fnUntraced(function*(fileOf: (table: string) => string) {
  const fs = yield* FileSystem.FileSystem
  const directory = yield* fs.makeTempDirectoryScoped({ prefix: "duo-mfa-bench-rows-" })
  const { session } = yield* RunDatabase.open(directory)
  for (const table of mfa.tables) {
    yield* session.run(RowsSql.create(table))
    yield* session.run(RowsSql.insert(table, asTable(table, ParquetFiles.select(DuckDb.literal(fileOf(table.name))))))
  }
  yield* session.run("CHECKPOINT rows")
  return session
})

/** The seconds that DuckDB needs only to create tables of the same rows in a new file, with its default settings. */
export const createTables = Effect.fnUntraced(function*(file: string, fileOf: (table: string) => string) {
  const { run } = yield* Sql.open()
  for (const { name } of mfa.tables) {
    yield* run(`CREATE TABLE ${name} AS ${ParquetFiles.select(DuckDb.literal(fileOf(name)))}`)
  }
  const began = performance.now()
  yield* run(`ATTACH ${DuckDb.literal(file)} AS bare`)
  for (const { columns, name } of mfa.tables) {
    const names = columns.map((column) => DuckDb.name(column.name)).join(", ")
    yield* run(`CREATE TABLE bare.${name} AS SELECT ${names} FROM ${name}`)
  }
  yield* run("CHECKPOINT bare; DETACH bare")
  return (performance.now() - began) / 1000
}, Effect.scoped)

/** Applies the run whose rows of a table are in `fileOf(table)`. */
export const applyTo = Effect.fnUntraced(function*(
  ledger: string,
  outcome: Outcome,
  fileOf: (table: string) => string
) {
  const run = OpenRound.sinkRun(stampOf(outcome), mfa, { allowEmpty: false })
  const times: Array<number> = []
  const tick = Effect.sync(() => void times.push(performance.now()))
  const { change } = yield* LedgerFile.open(ledger, outcome.run_id, mfa.tables)
  const session = yield* stage(fileOf)
  yield* tick
  const { publication } = yield* change(session, {
    make: Effect.fnUntraced(function*(session, catalog) {
      yield* tick
      yield* Ledger.migrate(session, catalog, mfa)
      yield* Ledger.addRuns(session, catalog, mfa.tables, [outcome])
      yield* apply(session, catalog, run, true, mfa.tables.map((table) => ({ table, rows: RowsSql.rowsTable(table) })))
      yield* tick
    }),
    // this follows the checkpoint
    verify: () => tick
  })
  yield* tick
  yield* duckdb.publish(publication, outcome.run_id, ledger)
  yield* tick
  const [began = NaN, copied = NaN, applied = NaN, checkpointed = NaN, synced = NaN, renamed = NaN] = times
  const seconds = (from: number, to: number) => (to - from) / 1000
  const measured: Steps = {
    copy: seconds(began, copied),
    apply: seconds(copied, applied),
    checkpoint: seconds(applied, checkpointed),
    sync: seconds(checkpointed, synced),
    rename: seconds(synced, renamed),
    total: seconds(began, renamed)
  }
  return measured
}, Effect.scoped)
