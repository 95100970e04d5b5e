/** Rebuilds the histories from the Parquet snapshots: all runs are applied again, oldest first. */
import { Effect } from "effect"
import * as DuckDb from "../duckdb/DuckDb.ts"
import * as RowHash from "../duckdb/RowHash.ts"
import type { SinkReason } from "../failure/SinkError.ts"
import { collectedTables, runs } from "../Outcome.ts"
import type { SinkRun } from "../Sink.ts"
import { isSnapshot, type Table } from "../Table.ts"
import { apply } from "./ledger/Apply.ts"
import * as LedgerRows from "./ledger/LedgerRows.ts"
import * as ParquetFiles from "./ParquetFiles.ts"
import { asTable, none } from "./Snapshots.ts"

/** A run that has snapshots. */
export interface SnapshotRun extends Pick<SinkRun, "run_id" | "observed_at" | "tenant" | "pipeline"> {
  readonly complete: boolean
  readonly tables_collected: ReadonlyArray<string>
  /** The run id that names the files of the run. */
  readonly file_id: string
}

/** The runs that have snapshots below a directory, oldest first. */
export const snapshotRuns = Effect.fnUntraced(function*(session: DuckDb.Session, root: string) {
  const any = yield* session.all(`SELECT 1 FROM glob(${ParquetFiles.files(DuckDb.literal(root))}) LIMIT 1`)
  if (any.length === 0) return []
  yield* ParquetFiles.refuseNewer(session, ParquetFiles.files(DuckDb.literal(root)))
  const rows = yield* session.all(
    `SELECT run_id, epoch_us(observed_at), tenant, pipeline, complete, tables_collected, file_id
     FROM (${ParquetFiles.runsByFile(DuckDb.literal(root))}) ORDER BY observed_at, run_id`
  )
  return rows.map(([run_id, observed_at, tenant, pipeline, complete, tables, file_id]): SnapshotRun => ({
    run_id: String(run_id),
    observed_at: BigInt(String(observed_at)),
    tenant: String(tenant),
    pipeline: String(pipeline),
    complete: complete === true,
    tables_collected: String(tables).split(", "),
    file_id: String(file_id)
  }))
})

/** A run as a sink gets it, with whether it was complete and which tables it collected. */
export type RebuiltRun = SinkRun & Pick<SnapshotRun, "complete" | "tables_collected" | "file_id">

const snapshotTable = ({ name }: Table) => DuckDb.name(`snapshot ${name}`)

/** Loads a run's rows into tables of the session. */
const snapshotsOf = Effect.fnUntraced(
  function*(session: DuckDb.Session, root: string, run: RebuiltRun) {
    const tables = collectedTables(run.tables, run)
    for (const table of tables) {
      const files = ParquetFiles.files(DuckDb.literal(root), table, DuckDb.literal(run.file_id))
      const rows = asTable(table, `${ParquetFiles.select(files)} WHERE run_id = ${DuckDb.literal(run.run_id)}`)
      yield* session.run(`CREATE OR REPLACE TEMP TABLE ${snapshotTable(table)} AS ${RowHash.withHashes(table, rows)}`)
    }
    return tables.map((table) => ({ table, rows: snapshotTable(table) }))
  }
)

/** A table of the session for the rows of `runs` that a rebuild keeps. */
const keptRuns = "kept_runs"

/** Keeps the runs of logs, because the files with their events may have been deleted. */
export const keepRuns = Effect.fnUntraced(
  function*(session: DuckDb.Session, catalog: string, logs: ReadonlyArray<string>) {
    const there = yield* session.all(
      `SELECT 1 FROM duckdb_tables() WHERE database_name = ${DuckDb.literal(catalog)} AND table_name = 'runs'`
    )
    const names = ["", ...logs].map(DuckDb.literal).join(", ")
    const query = there.length === 0 ? none(runs) : `FROM ${catalog}.main.${runs.name} WHERE pipeline IN (${names})`
    yield* session.run(`CREATE OR REPLACE TEMP TABLE ${keptRuns} AS ${asTable(runs, query)}`)
  }
)

/** Fills the empty histories and the empty table `runs` in `catalog`. */
export const fill: (
  session: DuckDb.Session,
  catalog: string,
  root: string,
  all: ReadonlyArray<RebuiltRun>
) => Effect.Effect<void, SinkReason> = Effect.fnUntraced(function*(session, catalog, root, all) {
  const ours = `${catalog}.main.${runs.name}`
  yield* session.run(
    `CREATE OR REPLACE TEMP TABLE snapshot_runs AS ${ParquetFiles.selectRuns(DuckDb.literal(root))}`
  )
  const ids = all.map(({ run_id }) => DuckDb.literal(run_id)).join(", ")
  yield* session.run(`INSERT INTO ${ours} FROM ${keptRuns} WHERE run_id NOT IN (${ids}); DROP TABLE ${keptRuns}`)
  for (const run of all) {
    yield* session.run(`INSERT INTO ${ours} FROM snapshot_runs WHERE run_id = ${DuckDb.literal(run.run_id)}`)
    if (!run.tables.some(isSnapshot)) {
      const rows = (table: Table) =>
        `(${
          asTable(
            table,
            ParquetFiles.select(ParquetFiles.files(DuckDb.literal(root), table, DuckDb.literal(run.file_id)))
          )
        })`
      yield* LedgerRows.addSums(session, catalog, collectedTables(run.tables, run), [run.run_id], rows)
      continue
    }
    yield* apply(session, catalog, run, run.complete, yield* snapshotsOf(session, root, run))
    for (const table of run.tables) yield* session.run(`DROP TABLE IF EXISTS ${snapshotTable(table)}`)
  }
  yield* session.run("DROP TABLE snapshot_runs")
})
