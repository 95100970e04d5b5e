/**
 * The ledger: one DuckDB file with every version of every row of every tenant, and a row for every run. Readers do not
 * block a run, and never see a part of one.
 */
import { Effect, Path } from "effect"
import * as DuckDb from "../src/duckdb/DuckDb.ts"
import * as RowsSql from "../src/duckdb/RowsSql.ts"
import * as Files from "../src/files/Files.ts"
import { apply } from "../src/history/ledger/Apply.ts"
import * as ForgetVersions from "../src/history/ledger/ForgetVersions.ts"
import * as Ledger from "../src/history/ledger/Ledger.ts"
import * as LedgerFile from "../src/history/ledger/LedgerFile.ts"
import * as LedgerRows from "../src/history/ledger/LedgerRows.ts"
import * as ParquetEvents from "../src/history/ParquetEvents.ts"
import { collectedTables, stampOf } from "../src/Outcome.ts"
import type { Sink } from "../src/Sink.ts"
import { isEvents, isSnapshot } from "../src/Table.ts"

/** The Parquet files of the same data directory, which have the events of logs. */
const parquetBeside = Effect.fnUntraced(function*(location: string) {
  const path = yield* Path.Path
  const { root } = yield* LedgerFile.resolve(location)
  return path.join(root, "parquet")
})

const duckdb: Sink = {
  name: "duckdb",
  doc: "The ledger: a DuckDB file with the rows of every tenant, now and at any time before, and a row for every run.",
  location: (dataDirectory) => `${dataDirectory}/duo.duckdb`,

  open: Effect.fnUntraced(function*(location, run) {
    const { change } = yield* LedgerFile.open(location, run.run_id, run.tables)
    return {
      seal: Effect.fnUntraced(function*(round, rows) {
        // the same DuckDB instance has the rows; a connection of its own, because USE changes the database of a connection
        return yield* change(yield* rows.session.another, {
          make: Effect.fnUntraced(function*(session, catalog) {
            const added = new Set(round.flatMap(({ columns_added }) => columns_added))
            const events = yield* ParquetEvents.find(session, yield* parquetBeside(location), run.tables)
            yield* Ledger.migrate(session, catalog, run, [...added], events)
            yield* Ledger.addRuns(session, catalog, run.tables, round)
            const ids = round.map(({ run_id }) => run_id)
            yield* LedgerRows.addSums(session, catalog, run.tables, ids, RowsSql.rowsTable)
            for (const outcome of round) {
              const snapshots = collectedTables(run.tables, outcome).filter(isSnapshot).map((table) => ({
                table,
                rows: RowsSql.rowsTable(table)
              }))
              if (snapshots.length === 0) continue
              yield* apply(session, catalog, { ...run, ...stampOf(outcome) }, outcome.complete, snapshots)
            }
          }),
          verify: (session, catalog) => LedgerRows.verify(session, catalog, run.tables, round)
        })
      }, Effect.scoped)
    }
  }),

  keeps: (table) => !isEvents(table),

  isSuperseded: LedgerFile.isSuperseded,

  publish: Files.publish(LedgerFile.rootOf),

  discard: (location, run_id) =>
    LedgerFile.resolve(location).pipe(
      Effect.flatMap(({ root }) => Files.discard(root, run_id)),
      Effect.catchTag("CannotCreate", () => Effect.void) // a link to itself: nothing was staged
    ),

  forget: Effect.fnUntraced(function*(location, tables, person, { dryRun, run_id }) {
    const { file } = yield* LedgerFile.resolve(location)
    if (!(yield* Files.exists(file))) return []
    const counts = yield* Effect.scoped(Effect.gen(function*() {
      const session = yield* DuckDb.open({})
      yield* LedgerFile.attach(session, file, "ledger")
      return yield* ForgetVersions.count(session, "ledger", tables, person)
    }))
    if (dryRun || counts.length === 0) return counts
    const { change, spill } = yield* LedgerFile.open(location, run_id, tables)
    const { publication } = yield* change(yield* DuckDb.open({ spill }), {
      erases: true,
      make: (session, catalog) => ForgetVersions.erase(session, catalog, tables, person),
      verify: (session, catalog) => ForgetVersions.verify(session, catalog, tables, person)
    })
    yield* Files.publish(LedgerFile.rootOf)(publication, run_id, location)
    return counts
  }, Effect.scoped),

  read: Effect.fn("duckdb.read")(function*(location, run, table) {
    const { file } = yield* LedgerFile.resolve(location)
    if (!(yield* Files.exists(file))) return undefined
    const session = yield* DuckDb.open({})
    yield* LedgerFile.attach(session, file, "ledger")
    // a view that somebody else made in the ledger could read any file
    yield* DuckDb.sandbox(session)
    const sql = yield* LedgerRows.select(session, "ledger", run.run_id, table)
    return sql === undefined ? undefined : { session, sql }
  })
}

export default duckdb
