/** Runs of the model, applied to a ledger in memory one by one, or stored together as snapshots. */
import { Context, Effect, Layer } from "effect"
import * as DuckDb from "../../src/duckdb/DuckDb.ts"
import * as RowHash from "../../src/duckdb/RowHash.ts"
import { apply } from "../../src/history/ledger/Apply.ts"
import * as Ledger from "../../src/history/ledger/Ledger.ts"
import * as StoredTables from "../../src/history/ledger/StoredTables.ts"
import * as Snapshots from "../../src/history/Snapshots.ts"
import { runs as runsTable } from "../../src/Outcome.ts"
import type { SinkRun } from "../../src/Sink.ts"
import { outcomeOf, runOf } from "../laws/rows.ts"
import * as Model from "../oracle/History.ts"
import { items } from "../oracle/History.ts"

/** The columns that a later version of the program added. */
export const added = ["items.late"]

const epoch = 1_795_464_900_000_000n

/** An instant of the model as microseconds since 1970. */
export const micros = (at: number) => epoch + BigInt(at) * 1_000_000n

/** An instant in a column, in SQL, as an instant of the model. */
export const secondsOf = (column: string) => `(epoch_us(${column}) - ${epoch}) // 1000000`

/** A run of the model as a sink gets it. */
export const sinkRun = ({ at, id, tenant }: Model.Run, limits: Partial<SinkRun> = {}): SinkRun => ({
  ...runOf(1, tenant),
  run_id: id,
  observed_at: micros(at),
  tables: [items],
  ...limits
})

/** The outcome of a run of the model, for the table `runs`. */
export const outcome = (run: Model.Run) =>
  outcomeOf(sinkRun(run), {}, {
    complete: run.complete,
    columns_added: run.isUpgraded ? added : [],
    tables_collected: run.rows === undefined ? [] : ["items"],
    rows: {}
  })

/** The rows of a run as a query. */
const query = (run: Model.Run) => {
  const rows = (run.rows ?? []).map(({ counter, key, late, sure, touched, value }) =>
    [
      run.id,
      micros(run.at),
      run.tenant,
      "a",
      key,
      value,
      "f",
      null,
      `of ${value}`,
      sure,
      `is ${sure}`,
      counter,
      late,
      touched === null ? null : micros(touched)
    ].map(DuckDb.constant).join(", ")
  )
  const names = DuckDb.names(items)
  return rows.length === 0
    ? `SELECT ${items.columns.map(({ name, type }) => `NULL::${DuckDb.types[type]} AS ${name}`).join(", ")} WHERE false`
    : `SELECT ${DuckDb.typed(items)} FROM (VALUES ${rows.map((row) => `(${row})`).join(", ")}) t(${names})`
}

/** A session with an empty ledger, and a table in place of Parquet files. It is made once, because that takes longest. */
export class Places extends Context.Service<Places, DuckDb.Session>()("test/Places") {
  static readonly layer = Layer.effect(
    Places,
    Effect.gen(function*() {
      const session = yield* DuckDb.open({})
      yield* session.run("ATTACH ':memory:' AS ledger; ATTACH ':memory:' AS files")
      yield* Ledger.migrate(session, "ledger", { tables: [items], views: "" }, added)
      yield* session.run("USE files")
      yield* session.run(DuckDb.create("saved", items))
      const runs = Snapshots.runs(`FROM ledger.main.${runsTable.name}`)
      for (const statement of [...runs, ...Snapshots.statements(items, "FROM files.main.saved", added)]) {
        yield* session.run(statement)
      }
      return session
    })
  )
}

/** The session, with all tables empty. */
export const session = Effect.tap(
  Places,
  (session) =>
    session.run(
      ["ledger.main.runs", "files.main.saved", ...StoredTables.tablesOf(items).map(({ name }) => `ledger.main.${name}`)]
        .reduce((statements, table) => `${statements}; DELETE FROM ${table}`, "USE memory")
    )
)

/** Applies a run with the rows of a query to the ledger; without a query, its table was not collected. */
export const applyRows = Effect.fnUntraced(
  function*(session: DuckDb.Session, run: SinkRun, complete: boolean, rows: string | undefined) {
    if (rows !== undefined) {
      yield* session.run(`CREATE OR REPLACE TEMP TABLE fresh AS ${RowHash.withHashes(items, rows)}`)
    }
    yield* apply(session, "ledger", run, complete, rows === undefined ? [] : [{ table: items, rows: "fresh" }])
  }
)

/** Adds a run of the model to `runs`, and applies it to the ledger. */
export const applyRun = (session: DuckDb.Session, run: Model.Run, limits?: Partial<SinkRun>) =>
  Effect.andThen(
    Ledger.addRuns(session, "ledger", [items], [outcome(run)]),
    applyRows(session, sinkRun(run, limits), run.complete, run.rows === undefined ? undefined : query(run))
  )

/** A session with runs applied to the ledger one after the other. */
export const stepwise = Effect.fnUntraced(function*(all: ReadonlyArray<Model.Run>) {
  const open = yield* session
  for (const run of Model.inOrder(all)) yield* applyRun(open, run)
  yield* open.run("USE ledger")
  return open
})

/** A session with the snapshots of runs, stored in the given order. */
export const atOnce = Effect.fnUntraced(function*(all: ReadonlyArray<Model.Run>) {
  const open = yield* session
  for (const run of all) {
    yield* open.run(`INSERT INTO files.main.saved ${query(run)}`)
    yield* Ledger.addRuns(open, "ledger", [items], [outcome(run)])
  }
  yield* open.run("USE files")
  return open
})

/** All versions of all rows, from the database that is in use. */
export const historyIn = (session: DuckDb.Session) =>
  session.all(
    `SELECT tenant, item_id, value, sure, counter, late, ${secondsOf("touched_at")},
       ${secondsOf("valid_from")}, ${secondsOf("valid_to")}, first_run_id, last_run_id, run_id, ${
      secondsOf("observed_at")
    } FROM items_history ORDER BY ALL`
  )

/** Rows as sorted texts, in which the type of an integer makes no difference. */
export const comparable = (rows: ReadonlyArray<ReadonlyArray<unknown>>) =>
  rows.map((row) => JSON.stringify(row, (_, value: unknown) => typeof value === "bigint" ? Number(value) : value))
    .sort()

/** What `historyIn` finds, according to the model. */
export const expected = (all: ReadonlyArray<Model.Run>) =>
  comparable(
    Model.history(all).map((version) => [
      version.tenant,
      version.key,
      version.value,
      version.sure,
      version.counter,
      version.late,
      version.touched,
      version.from,
      version.to,
      version.first,
      version.last,
      version.last,
      version.seen
    ])
  )
