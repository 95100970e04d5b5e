/** The tables of a ledger: their check, their migration, and the query for a run's rows. */
import { Effect } from "effect"
import * as DuckDb from "../../duckdb/DuckDb.ts"
import { Corrupt, type SinkReason } from "../../failure/SinkError.ts"
import { type Outcome, runs, toRow } from "../../Outcome.ts"
import { type Column, type ColumnType, isEvents, isSnapshot, type Table, valueEarlier } from "../../Table.ts"
import { format } from "../../Version.ts"
import * as AddedColumns from "../AddedColumns.ts"
import { type DescribedPipeline, joinedViews } from "../DescribedPipeline.ts"
import * as Snapshots from "../Snapshots.ts"
import { historyOf } from "../Versions.ts"
import * as Views from "../Views.ts"
import * as Meta from "./Meta.ts"
import * as StoredTables from "./StoredTables.ts"

/** The names of the column types in DuckDB's catalog. */
const catalogTypes: Record<ColumnType, string> = { ...DuckDb.types, timestamp: "TIMESTAMP WITH TIME ZONE" }

/** SQL for a table of a ledger. */
export const inLedger = (catalog: string, name: string) => `${catalog}.main.${DuckDb.name(name)}`

/** The tables that the ledger keeps for some tables: the runs, and the versions of each. */
const kept = (tables: ReadonlyArray<Table>) => [runs, ...tables.flatMap(StoredTables.tablesOf)]

/** A table of a ledger, and its missing columns. */
interface Lacking {
  readonly table: Table
  /** The missing columns; empty if the table itself does not exist yet. */
  readonly columns: ReadonlyArray<Column>
  /** Whether the existing columns have their comments. */
  readonly hasComments: boolean
}

/**
 * Compares a ledger with the tables of this version. Gives the version that wrote it, the missing columns of each table, and
 * the histories of format 1, which are each in one table. Fails if a table or a view of such a name is of another kind or has
 * columns of other types.
 */
export const missing = Effect.fnUntraced(
  function*(session: DuckDb.Session, catalog: string, tables: ReadonlyArray<Table>) {
    const written = yield* Meta.read(session, catalog)
    const where = `WHERE database_name = ${DuckDb.literal(catalog)} AND schema_name = 'main'`
    // the columns first: if a view has lost its table, DuckDB's list of views fails until DuckDB has tried to bind the view
    const columns = yield* session.all(
      `SELECT lower(table_name), lower(column_name), data_type, comment FROM duckdb_columns() ${where}`
    )
    const objects = yield* session.all(
      `SELECT lower(table_name), 'table' FROM duckdb_tables() ${where} UNION ALL
       SELECT lower(view_name), 'view' FROM duckdb_views() ${where}`
    )
    const isThere = (name: string, kind: "table" | "view") =>
      objects.some(([object, found]) => object === name && found === kind)
    const refuse = Effect.fnUntraced(function*(name: string, found: "table" | "view", expected: "table" | "view") {
      if (!isThere(name, found)) return
      return yield* new Corrupt({
        detail: `its ${name} is a ${found}, and this version of duo-mfa needs a ${expected} of that name`
      })
    })
    const snapshots = tables.filter(isSnapshot)
    const earlier = snapshots.filter((table) =>
      isThere(historyOf(table).name, "table") && !isThere(StoredTables.versionsOf(table).name, "table")
    )
    for (const table of tables.filter(isEvents)) yield* refuse(table.name, "table", "view")
    for (const table of snapshots) {
      const views = [table, Views.changesOf(table), ...earlier.includes(table) ? [] : [historyOf(table)]]
      for (const { name } of views) yield* refuse(name, "table", "view")
    }
    const look = Effect.fnUntraced(function*(table: Table): Effect.fn.Return<Lacking, SinkReason> {
      yield* refuse(table.name, "view", "table")
      const there = new Map(
        columns.filter(([of]) => of === table.name).map(([_, column, type, comment]) => [column, { type, comment }])
      )
      for (const { name, type } of table.columns) {
        const found = there.get(name)?.type ?? catalogTypes[type]
        if (found !== catalogTypes[type]) {
          return yield* new Corrupt({
            detail: `its column ${table.name}.${name} has the type ${
              String(found)
            }, and this version of duo-mfa needs ${catalogTypes[type]}`
          })
        }
      }
      return {
        table,
        columns: there.size === 0 ? [] : table.columns.filter(({ name }) => !there.has(name)),
        hasComments: table.columns.every(({ doc, name }) => there.get(name)?.comment === doc)
      }
    })
    return {
      written,
      kept: yield* Effect.forEach(kept(tables), look),
      earlier: yield* Effect.forEach(
        earlier,
        (table) =>
          Effect.map(look(historyOf(table)), ({ columns: lacking }): StoredTables.Earlier => ({
            table,
            lacking,
            others: columns.filter(([of, column]) =>
              of === historyOf(table).name && !(String(column) in historyOf(table).specs)
            ).map(([_, column, type]) => [String(column), String(type)])
          }))
      )
    }
  }
)

/** The query for the events of a table; undefined if there is none yet, because a view needs a file. */
export type EventsQuery = (table: Table) => string | undefined

/**
 * Migrates a ledger to the format of this version: adds missing tables and columns, and makes all views again. An added
 * column can be NULL. `added` are the columns that the current run adds. The views name no catalog, because DuckDB names the
 * catalog after the file, and the file may be renamed. A log's views are made when its events can be queried, and joined
 * views when the tables of all of their pipelines are there.
 */
export const migrate = Effect.fn("Ledger.migrate")(
  function*(
    session: DuckDb.Session,
    catalog: string,
    pipeline: DescribedPipeline,
    added: ReadonlyArray<string> = [],
    events: EventsQuery = () => undefined
  ) {
    const { tables, views } = pipeline
    const lacking = yield* missing(session, catalog, tables)
    if (lacking.written !== undefined && lacking.written.format < format) {
      yield* Effect.logInfo(`The ledger has format ${lacking.written.format}. It is migrated to format ${format}`)
    }
    const made = lacking.kept.flatMap(({ columns, hasComments, table }) => {
      const qualified = inLedger(catalog, table.name)
      return [
        DuckDb.create(qualified, table),
        ...columns.flatMap((column) => {
          const [cell, earlier] = [DuckDb.name(column.name), valueEarlier(column)]
          return [
            `ALTER TABLE ${qualified} ADD COLUMN ${cell} ${DuckDb.types[column.type]}`,
            ...earlier === null ? [] : [`UPDATE ${qualified} SET ${cell} = ${earlier}`]
          ]
        }),
        ...hasComments ? [] : DuckDb.comments("TABLE", qualified, table)
      ]
    })
    // the hashes were made without these columns
    const unhashed = tables.filter((table) =>
      lacking.kept.some((found) => found.table.name === StoredTables.versionsOf(table).name && found.columns.length > 0)
    ).map((table) => `UPDATE ${inLedger(catalog, StoredTables.hashesOf(table).name)} SET hash_kind = NULL`)
    const moved = lacking.earlier.flatMap((earlier) =>
      StoredTables.takeOver(earlier, (name) => inLedger(catalog, name))
    )
    yield* session.run(["BEGIN", ...made, ...unhashed, ...moved, ...Meta.statements(catalog)].join(";\n"))
    const all = [...added, ...yield* AddedColumns.addedByRuns(session, `FROM ${inLedger(catalog, runs.name)}`)]
    const statements = tables.filter(isSnapshot).flatMap((table) => [
      ...Snapshots.viewForReaders(historyOf(table), StoredTables.historyQuery(table, ({ name }) => DuckDb.name(name))),
      ...Views.statements(table, all)
    ])
    const queries = tables.filter(isEvents).map((table) => ({ table, query: events(table) }))
    const hasEvents = queries.every(({ query }) => query !== undefined)
    const eventViews = queries.flatMap(({ query, table }) =>
      query === undefined ? [] : Snapshots.viewForReaders(table, query)
    )
    yield* session.run(
      [`USE ${catalog}`, ...statements, ...eventViews, ...hasEvents ? [views] : [], "COMMIT"].join(";\n")
    )
    const there = pipeline.joined === undefined ? [] : yield* session.all(
      `SELECT DISTINCT table_name FROM duckdb_columns()
       WHERE database_name = ${DuckDb.literal(catalog)} AND schema_name = 'main'`
    )
    for (const { name, sql } of joinedViews([pipeline], new Set(there.flat().map(String)))) {
      // the tables of another pipeline may be of an earlier version; its next run migrates them, and makes these views
      yield* Effect.catch(session.run(sql), () => Effect.logDebug(`The views ${name} are not made yet`))
    }
    yield* session.run("USE memory")
  }
)

/**
 * Drops the tables of duo-mfa, so that they can be made again. Tables of other users stay, and the sums of logs, whose
 * events may be gone.
 */
export const drop = Effect.fnUntraced(
  function*(session: DuckDb.Session, catalog: string, tables: ReadonlyArray<Table>) {
    const { earlier } = yield* missing(session, catalog, tables)
    for (const { name } of [...kept(tables.filter(isSnapshot)), ...earlier.map(({ table }) => historyOf(table))]) {
      yield* session.run(`DROP TABLE IF EXISTS ${inLedger(catalog, name)}`)
    }
  }
)

/** The ids of the runs in a ledger, without those of some pipelines. */
export const runIds = Effect.fnUntraced(
  function*(session: DuckDb.Session, catalog: string, without: ReadonlyArray<string> = []) {
    const rows = yield* session.all(`SELECT run_id, pipeline FROM ${inLedger(catalog, runs.name)}`)
    return rows.filter(([_, pipeline]) => !without.includes(String(pipeline))).map(([run_id]) => String(run_id))
  }
)

/** Inserts the rows of runs, or replaces them. */
export const addRuns = Effect.fn("Ledger.addRuns")(
  function*(session: DuckDb.Session, catalog: string, tables: ReadonlyArray<Table>, outcomes: ReadonlyArray<Outcome>) {
    const ours = inLedger(catalog, runs.name)
    const rows = outcomes.map((outcome) => `(${Object.values(toRow(tables, outcome)).map(DuckDb.constant).join(", ")})`)
    yield* session.run(
      `DELETE FROM ${ours} WHERE run_id IN (${outcomes.map(({ run_id }) => DuckDb.literal(run_id)).join(", ")});
       INSERT INTO ${ours} (${DuckDb.names(runs)}) VALUES ${rows.join(", ")}`
    )
  }
)
