/**
 * Columns that a later version of the program has added. The value of such a column in older rows is not known, so a value
 * that appears now is not a change. Every run records which columns the tenant's previous run did not have.
 */
import { Effect } from "effect"
import * as DuckDb from "../duckdb/DuckDb.ts"
import * as RowHash from "../duckdb/RowHash.ts"
import type { Table } from "../Table.ts"

/** As a run says it. */
export const nameOf = (table: Table, column: string) => `${table.name}.${column}`

/** All that any of the runs says, given a query for them. */
export const inRuns = Effect.fnUntraced(function*({ all }: DuckDb.Session, runs: string) {
  const rows = yield* all(
    `SELECT DISTINCT unnest(string_split(columns_added, ', ')) FROM (${runs}) WHERE columns_added IS NOT NULL ORDER BY ALL`
  )
  return rows.map(([name]) => String(name))
})

/** Those of a table that tell its versions apart. */
export const of = (table: Table, added: ReadonlyArray<string>) =>
  RowHash.telling(table).filter((column) => added.includes(nameOf(table, column)))

/** SQL, for PostgreSQL too, for when a tenant's runs began to have a column; NULL if they always had it. */
export const since = (table: Table, column: string, tenant: string, runs = "runs") =>
  `(SELECT min(began.observed_at) FROM ${runs} began WHERE began.tenant = ${tenant}
    AND ${DuckDb.literal(nameOf(table, column))} = ANY(string_to_array(began.columns_added, ', ')))`
