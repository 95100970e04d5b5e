/**
 * Columns that a later version of the program has added. The value of such a column in older rows is not known, so a value
 * that appears now is not a change. Every run records which columns the tenant's previous run did not have.
 */
import { Effect } from "effect"
import * as DuckDb from "../duckdb/DuckDb.ts"
import * as RowHash from "../duckdb/RowHash.ts"
import type { Table } from "../Table.ts"

/** The name of a column in `columns_added`: `TABLE.COLUMN`. */
export const nameOf = (table: Table, column: string) => `${table.name}.${column}`

/** The names of all columns that any run has added; `runs` is a query for the runs. */
export const addedByRuns = Effect.fnUntraced(function*({ all }: DuckDb.Session, runs: string) {
  const rows = yield* all(
    `SELECT DISTINCT unnest(string_split(columns_added, ', ')) FROM (${runs}) WHERE columns_added IS NOT NULL ORDER BY ALL`
  )
  return rows.map(([name]) => String(name))
})

/** The added columns of a table whose change makes a new version. */
export const makingVersions = (table: Table, added: ReadonlyArray<string>) =>
  RowHash.versionColumns(table).filter((column) => added.includes(nameOf(table, column)))

/** SQL for the time of the tenant's first run with a column; NULL if all its runs have it. PostgreSQL accepts it too. */
export const since = (table: Table, column: string, tenant: string, runs = "runs") =>
  `(SELECT min(began.observed_at) FROM ${runs} began WHERE began.tenant = ${tenant}
    AND ${DuckDb.literal(nameOf(table, column))} = ANY(string_to_array(began.columns_added, ', ')))`
