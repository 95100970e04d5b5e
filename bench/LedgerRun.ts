/**
 * A snapshot in Parquet is applied to a ledger as a run does it, and every step is timed. Nobody else in the bench knows
 * what is in src/history.
 */
import { Effect, Schema } from "effect"
import mfa from "../pipelines/mfa.ts"
import duckdb from "../sinks/duckdb.ts"
import { apply } from "../src/history/Apply.ts"
import * as Ledger from "../src/history/Ledger.ts"
import * as LedgerFile from "../src/history/LedgerFile.ts"
import * as ParquetFiles from "../src/history/ParquetFiles.ts"
import { asTable } from "../src/history/Snapshots.ts"
import { Outcome, stampOf } from "../src/Outcome.ts"
import * as Run from "../src/Run.ts"
import * as DuckDb from "../src/staging/DuckDb.ts"
import * as RowHash from "../src/staging/RowHash.ts"

export type { Outcome } from "../src/Outcome.ts"

/** What a manifest says of its run. */
export const outcomeOf = Schema.decodeEffect(Schema.fromJsonString(Outcome))

/** What a run's Parquet file says of it, for `COPY ... (KV_METADATA ...)`. */
export const metadata = (outcome: Outcome) =>
  `{"${ParquetFiles.runKey}": ${DuckDb.literal(ParquetFiles.encodeRun(outcome))}}`

/** Seconds of every step, and of all together. */
export interface Steps {
  readonly copy: number
  readonly apply: number
  readonly checkpoint: number
  readonly sync: number
  readonly rename: number
  readonly total: number
}

export const steps = ["copy", "apply", "checkpoint", "sync", "rename"] as const

/** Makes a table `staged_TABLE` of the rows of each, as a run has them before it seals. */
const stage = Effect.fnUntraced(function*(session: DuckDb.Session, fileOf: (table: string) => string) {
  for (const table of mfa.tables) {
    const rows = asTable(table, ParquetFiles.select(DuckDb.literal(fileOf(table.name))))
    yield* session.run(`CREATE TEMP TABLE staged_${table.name} AS ${RowHash.added(table, rows)}`)
  }
})

/** Seconds that DuckDB takes to make tables of the same rows in a new file, and does no more than that. */
export const createTables = Effect.fnUntraced(function*(file: string, fileOf: (table: string) => string) {
  const session = yield* DuckDb.open({ spill: `${file}.spill` })
  yield* stage(session, fileOf)
  const began = performance.now()
  yield* session.run(`ATTACH ${DuckDb.literal(file)} AS bare (STORAGE_VERSION 'v1.4.0')`)
  for (const { columns, name } of mfa.tables) {
    const names = columns.map((column) => DuckDb.name(column.name)).join(", ")
    yield* session.run(`CREATE TABLE bare.${name} AS SELECT ${names} FROM staged_${name}`)
  }
  yield* session.run("CHECKPOINT bare; DETACH bare")
  return (performance.now() - began) / 1000
}, Effect.scoped)

/** Applies the run whose rows of a table are in `fileOf(table)`. */
export const applyTo = Effect.fnUntraced(function*(
  ledger: string,
  outcome: Outcome,
  fileOf: (table: string) => string
) {
  const run = Run.sinkRun(stampOf(outcome), mfa, { allowEmpty: false })
  const times: Array<number> = []
  const tick = Effect.sync(() => void times.push(performance.now()))
  yield* tick
  const { change, session } = yield* LedgerFile.open(ledger, outcome.run_id, mfa.tables)
  const { publication } = yield* change(session, {
    make: Effect.fnUntraced(function*(session, catalog) {
      yield* tick
      yield* Ledger.migrate(session, catalog, mfa.tables, mfa.views)
      yield* stage(session, fileOf)
      yield* tick
      yield* Ledger.addRun(session, catalog, outcome)
      yield* apply(session, catalog, run, true, mfa.tables.map((table) => ({ table, rows: `staged_${table.name}` })))
      yield* tick
    }),
    // it comes after the checkpoint
    verify: () => tick
  })
  yield* tick
  yield* duckdb.publish(publication, outcome.run_id, ledger)
  yield* tick
  const [began = NaN, copied = NaN, loaded = NaN, applied = NaN, checkpointed = NaN, synced = NaN, renamed = NaN] =
    times
  const seconds = (from: number, to: number) => (to - from) / 1000
  const measured: Steps = {
    copy: seconds(began, copied),
    apply: seconds(loaded, applied),
    checkpoint: seconds(applied, checkpointed),
    sync: seconds(checkpointed, synced),
    rename: seconds(synced, renamed),
    total: seconds(began, copied) + seconds(loaded, renamed)
  }
  return measured
}, Effect.scoped)
