/**
 * The history as one query over all snapshots, for readers who have the Parquet files and no ledger. The ledger's history
 * is made run by run; this query computes the same from all sightings of each row at once.
 */
import * as DuckDb from "../duckdb/DuckDb.ts"
import * as RowHash from "../duckdb/RowHash.ts"
import * as Outcome from "../Outcome.ts"
import { forReaders, isSnapshot, type Table } from "../Table.ts"
import * as AddedColumns from "./AddedColumns.ts"
import { meta, rowOfThisVersion } from "./ledger/Meta.ts"
import { historyOf, rowKey } from "./Versions.ts"
import * as Views from "./Views.ts"

/** The view of a table's rows of all runs. */
export const snapshotsOf = ({ name }: Table) => DuckDb.name(`${name}_snapshots`)

/**
 * A run's place is its number among the tenant's runs that collected the table. A version begins at a sighting whose row
 * differs from the sighting before, or that has none before. It ends at the next sighting that differs, or at the next
 * complete run that does not see the row, whichever comes first. Two sightings differ if their `fingerprint` does; a column
 * in `later` counts only between sightings that both have it.
 */
export const historyQuery = (table: Table, fingerprint: string, later: ReadonlyArray<string> = []) => {
  const known = later.map((column) => ({
    cell: DuckDb.name(column),
    was: DuckDb.name(`was ${column}`),
    is: DuckDb.name(`${column} is known`),
    since: AddedColumns.since(table, column, "collected.tenant")
  }))
  const carried = known.map(({ cell, is, since, was }) =>
    `, ${cell} AS ${was}, coalesce(collected.observed_at >= ${since}, true) AS ${is}`
  ).join("")
  const differs = (other: "lag" | "lead") =>
    [
      `${other}(fingerprint) OVER sighting <> fingerprint`,
      ...known.map(({ is, was }) =>
        `(${is} AND ${other}(${is}) OVER sighting AND ${other}(${was}) OVER sighting IS DISTINCT FROM ${was})`
      )
    ].join(" OR ")
  const keys = rowKey(table).map(DuckDb.name).join(", ")
  const names = table.columns.map(({ name }) => `seen.${DuckDb.name(name)}`).join(", ")
  return `WITH placed AS (
    SELECT run_id, tenant, observed_at, complete,
      row_number() OVER (PARTITION BY tenant ORDER BY observed_at, run_id) AS place
    FROM runs WHERE ${DuckDb.literal(table.name)} = ANY(string_to_array(tables_collected, ', '))
  ), collected AS (
    SELECT *, min(CASE WHEN complete THEN place END) OVER (
      PARTITION BY tenant ORDER BY place ROWS BETWEEN 1 FOLLOWING AND UNBOUNDED FOLLOWING) AS next_complete
    FROM placed
  ), sightings AS (
    SELECT ${keys}, run_id, place, next_complete, ${fingerprint} AS fingerprint${carried}
    FROM ${snapshotsOf(table)} JOIN collected USING (run_id, tenant)
  ), steps AS (
    SELECT *, lead(place) OVER sighting AS next_place,
      coalesce(lag(next_complete) OVER sighting < place OR ${differs("lag")},
        lag(place) OVER sighting IS NULL) AS begins,
      coalesce(next_complete < lead(place) OVER sighting OR ${differs("lead")},
        lead(place) OVER sighting IS NULL) AS ends
    FROM sightings WINDOW sighting AS (PARTITION BY ${keys} ORDER BY place)
  ), versions AS (
    SELECT *, max(CASE WHEN begins THEN place END) OVER sighting AS first_place
    FROM steps WINDOW sighting AS (PARTITION BY ${keys} ORDER BY place ROWS UNBOUNDED PRECEDING)
  )
  SELECT ${names}, begun.observed_at AS valid_from, ended.observed_at AS valid_to, begun.run_id AS first_run_id,
    seen.run_id AS last_run_id
  FROM versions JOIN ${snapshotsOf(table)} seen USING (${keys}, run_id)
  JOIN collected begun ON begun.tenant = versions.tenant AND begun.place = versions.first_place
  LEFT JOIN collected ended ON ended.tenant = versions.tenant
    AND ended.place = least(versions.next_complete, versions.next_place)
  WHERE versions.ends AND begun.observed_at IS DISTINCT FROM ended.observed_at`
}

/** A query without rows, for a table without files: it still has the columns and their types. */
export const none = ({ columns }: Table) =>
  `SELECT ${
    columns.map(({ name, type }) => `NULL::${DuckDb.types[type]} AS ${DuckDb.name(name)}`).join(", ")
  } WHERE false`

/** The query for the rows of another query, with the table's columns only. A column that the other query lacks is NULL. */
export const asTable = (table: Table, query: string) =>
  `SELECT ${DuckDb.typed(table)} FROM (${none(table)} UNION ALL BY NAME ${query})`

/** A view of a table's columns, with their comments. */
export const view = (table: Table, query: string) => [
  `CREATE OR REPLACE VIEW ${DuckDb.name(table.name)} AS ${query}`,
  ...DuckDb.comments("VIEW", DuckDb.name(table.name), table)
]

/** A view of a table's columns in the order for readers. */
export const viewForReaders = (table: Table, query: string) =>
  view(table, `SELECT ${DuckDb.names(forReaders(table))} FROM (${query})`)

/** The statements that make `runs` over a query for all runs, and `meta`. */
export const runs = (
  query: string
): ReadonlyArray<string> => [...view(Outcome.runs, query), ...view(meta, rowOfThisVersion)]

/** The statements that make a table's views. `rows` is the query for its rows of all runs, undefined if it has no files. */
export const statements = (
  table: Table,
  rows: string | undefined,
  added: ReadonlyArray<string> = []
): ReadonlyArray<string> =>
  isSnapshot(table)
    ? overSnapshots(table, rows, added)
    : viewForReaders(table, rows === undefined ? none(table) : asTable(table, rows))

const overSnapshots = (
  table: Table,
  rows: string | undefined,
  added: ReadonlyArray<string>
): ReadonlyArray<string> => [
  `CREATE OR REPLACE VIEW ${snapshotsOf(table)} AS ${rows === undefined ? none(table) : asTable(table, rows)}`,
  `COMMENT ON VIEW ${snapshotsOf(table)} IS ${DuckDb.literal(`The rows of ${table.name} as every run saw them.`)}`,
  ...viewForReaders(
    historyOf(table),
    historyQuery(
      table,
      RowHash.ofVersion(table, AddedColumns.makingVersions(table, added)),
      AddedColumns.makingVersions(table, added)
    )
  ),
  ...Views.statements(table, added)
]
