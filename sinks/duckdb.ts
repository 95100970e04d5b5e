/**
 * The ledger: one DuckDB file with every version of every row of every tenant, and a row for every run. Readers are not in
 * the way of a run, and never see half of one.
 */
import { Effect, Stream } from "effect"
import { apply } from "../src/history/Apply.ts"
import * as Ledger from "../src/history/Ledger.ts"
import * as LedgerFile from "../src/history/LedgerFile.ts"
import { collected, type Outcome, rowsOf } from "../src/Outcome.ts"
import type { Sink, SinkRun, Stage } from "../src/Sink.ts"
import * as DuckDb from "../src/staging/DuckDb.ts"
import * as Files from "../src/staging/Files.ts"
import * as Staged from "../src/staging/Stage.ts"

const open = Effect.fnUntraced(function*(location: string, run: SinkRun) {
  const { change } = yield* LedgerFile.open(location, run.run_id, run.tables)

  return Effect.fnUntraced(function*(outcome: Outcome, stage: Stage) {
    const sealed = yield* change({
      make: Effect.fnUntraced(function*(session, catalog) {
        yield* Ledger.migrate(session, catalog, run.tables, run.views, outcome.columns_added)
        yield* Ledger.addRun(session, catalog, outcome)
        yield* Staged.attach(session, stage)
        const snapshots = collected(run.tables, outcome).map((table) => ({ table, rows: Staged.rowsOf(table) }))
        yield* apply(session, catalog, run, outcome.complete, snapshots)
      }),
      verify: (session, catalog) => Ledger.verify(session, catalog, run.run_id, run.tables, outcome)
    })
    return { rows: rowsOf(run.tables, outcome), ...sealed }
  })
})

const duckdb: Sink = {
  name: "duckdb",
  doc: "The ledger: a DuckDB file with the rows of every tenant, now and at any time before, and a row for every run.",
  location: (dataDirectory) => `${dataDirectory}/duo.duckdb`,

  open: Effect.fnUntraced(function*(location, run) {
    const at = Files.at("duckdb", location)
    const seal = yield* at(open(location, run))
    return { seal: (outcome, stage) => at(seal(outcome, stage)) }
  }),

  isSuperseded: LedgerFile.isSuperseded,

  publish: Files.publish("duckdb", LedgerFile.rootOf),

  discard: (location, run_id) =>
    LedgerFile.resolve(location).pipe(
      Effect.flatMap(({ root }) => Files.discard(root, run_id)),
      Effect.catchTag("CannotCreate", () => Effect.void), // a link that leads to itself: nothing was staged
      Files.at("duckdb", location)
    ),

  read: Effect.fn("duckdb.read")(function*(location, run, table) {
    const at = Files.at("duckdb", location)
    const { file } = yield* at(LedgerFile.resolve(location))
    if (!(yield* at(Files.exists(file)))) return undefined
    const session = yield* at(DuckDb.open({}))
    yield* at(LedgerFile.attach(session, file, "ledger"))
    // a view in the ledger could read any file
    yield* at(DuckDb.shutIn(session))
    const query = yield* at(Ledger.select(session, "ledger", run.run_id, table))
    if (query === undefined) return undefined
    return DuckDb.stream(session, table, query).pipe(Stream.mapError(Files.errorAt("duckdb", location)))
  })
}

export default duckdb
