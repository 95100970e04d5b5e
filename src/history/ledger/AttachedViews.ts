/**
 * Makes the views of this version over an attached ledger. So a ledger of an earlier version answers every query. The views
 * in the ledger are not used, because somebody else may have changed their SQL.
 */
import { Effect } from "effect"
import * as DuckDb from "../../duckdb/DuckDb.ts"
import { runs } from "../../Outcome.ts"
import { isEvents, isSnapshot, type Table } from "../../Table.ts"
import * as AddedColumns from "../AddedColumns.ts"
import { type DescribedPipeline, joinedViews } from "../DescribedPipeline.ts"
import * as Snapshots from "../Snapshots.ts"
import { historyOf } from "../Versions.ts"
import * as Views from "../Views.ts"
import type { EventsQuery } from "./Ledger.ts"
import { meta, rowOfThisVersion } from "./Meta.ts"
import * as StoredTables from "./StoredTables.ts"

/** Makes views of other users' tables in the ledger, under their names; tables that cannot be read are left out. */
const others = Effect.fnUntraced(function*(
  { all, run }: DuckDb.Session,
  catalog: string,
  kept: ReadonlyArray<Table>
) {
  const found = yield* all(
    `SELECT DISTINCT schema_name, table_name FROM duckdb_columns() theirs
     WHERE database_name = ${DuckDb.literal(catalog)} AND NOT internal
     AND NOT EXISTS (FROM duckdb_views() ours WHERE ours.database_name = current_database()
       AND ours.schema_name = theirs.schema_name AND lower(ours.view_name) = lower(theirs.table_name))`
  )
  for (const [schema, table] of found) {
    if (schema === "main" && kept.some(({ name }) => name === table)) continue
    const name = `${DuckDb.name(String(schema))}.${DuckDb.name(String(table))}`
    yield* Effect.ignore(
      run(
        `CREATE SCHEMA IF NOT EXISTS ${DuckDb.name(String(schema))};
         CREATE VIEW ${name} AS FROM ${DuckDb.name(catalog)}.${name}`
      )
    )
  }
})

/**
 * Makes the views of all pipelines that have tables in the ledger, and views of all other tables in it. `events` gives the
 * query for the events of a log.
 */
export const make = Effect.fnUntraced(
  function*(
    session: DuckDb.Session,
    catalog: string,
    pipelines: ReadonlyArray<DescribedPipeline>,
    events: EventsQuery = () => undefined
  ) {
    const inCatalog = `WHERE database_name = ${DuckDb.literal(catalog)} AND schema_name = 'main'`
    const columns = yield* session.all(`SELECT table_name, column_name FROM duckdb_columns() ${inCatalog}`)
    const there = new Set(columns.map(([table]) => String(table)))
    const rows = (name: string) => `FROM ${DuckDb.name(catalog)}.main.${DuckDb.name(name)}`

    /** The query for a table with all of its columns, even if the ledger lacks some or all of them. */
    const query = (table: Table) => {
      if (!there.has(table.name)) return Snapshots.none(table)
      const isWhole = table.columns.every(({ name }) =>
        columns.some(([of, column]) => of === table.name && column === name)
      )
      return isWhole ? `SELECT ${DuckDb.names(table)} ${rows(table.name)}` : Snapshots.asTable(table, rows(table.name))
    }
    /** The query for the versions; format 1 kept them in one table. */
    const history = (table: Table) =>
      there.has(StoredTables.versionsOf(table).name)
        ? StoredTables.historyQuery(table, (kept) => `(${query(kept)})`)
        : query(historyOf(table))
    const hasColumnsAdded = columns.some(([table, column]) => table === runs.name && column === "columns_added")
    const added = hasColumnsAdded ? yield* AddedColumns.addedByRuns(session, rows(runs.name)) : []
    const isThere = (table: Table) =>
      isSnapshot(table) ? there.has(historyOf(table).name) : !isEvents(table) && there.has(table.name)
    const extracted = pipelines.filter(({ tables }) => tables.some(isThere))
    const views = (table: Table) => [
      ...Snapshots.viewForReaders(historyOf(table), history(table)),
      ...Views.statements(table, added)
    ]
    const rowsOf = (table: Table) => isEvents(table) ? events(table) ?? Snapshots.none(table) : query(table)
    yield* session.run(
      [
        ...Snapshots.view(runs, query(runs)),
        ...Snapshots.view(meta, rowOfThisVersion),
        ...extracted.flatMap(({ tables, views: sql }) => [
          ...tables.flatMap((table) =>
            isSnapshot(table) ? views(table) : Snapshots.viewForReaders(table, rowsOf(table))
          ),
          sql
        ]),
        ...joinedViews(extracted).map(({ sql }) => sql)
      ].join(";\n")
    )
    yield* others(session, catalog, extracted.flatMap(({ tables }) => tables.flatMap(StoredTables.tablesOf)))
  }
)
