/**
 * The view `T_changes` in PostgreSQL: the same rows as the ledger's, over `T_history` and `runs`. The window functions walk
 * through the versions of a row in order, and have the previous version as a value of the view's own row type.
 */
import { literal, name, names } from "../../src/duckdb/DuckDb.ts"
import { versionColumns } from "../../src/duckdb/RowHash.ts"
import { historyOf, rowKey } from "../../src/history/Versions.ts"
import { changesOf } from "../../src/history/Views.ts"
import type { Column, ColumnType, Table } from "../../src/Table.ts"

/** A cell as text, the same in every session: an instant is in UTC. */
const asText = (cell: string, type: ColumnType) =>
  type === "timestamp"
    ? `replace(to_char(${cell} AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'), '.000000Z', 'Z')`
    : `${cell}::text`

/** The uncertain columns. Their last known value may be older than the previous version. */
const uncertainOf = ({ columns }: Table) => columns.filter(({ uncertain }) => uncertain !== null)

const places = (count: string) => `${count} places`

/** The name of an uncertain column's last known version, up to a version and before it. */
const knownTo = (column: string) => name(`known to ${column}`)
const knownBefore = (column: string) => name(`known before ${column}`)

/**
 * The query for each version (`now`), the previous version of the row (`was`), when the next version begins, and the last
 * earlier version in which each uncertain column is known. The number of known values until a version is the same until
 * the next known value, so the first version with a number is the last one that is known. A name with a space cannot be the
 * name of a column of the table.
 */
const versions = (table: Table) => {
  const keys = rowKey(table).map((key) => `(now).${name(key)}`).join(", ")
  const uncertain = uncertainOf(table).map((column) => column.name)
  const counted = uncertain.map((column) => `, count((now).${name(column)}) OVER sighting AS ${name(places(column))}`)
  const known = uncertain.map((column) =>
    `, CASE WHEN ${name(places(column))} > 0 THEN first_value(now) OVER (
      PARTITION BY ${keys}, ${name(places(column))} ORDER BY (now).valid_from) END AS ${knownTo(column)}`
  )
  const before = uncertain.map((column) => `, lag(${knownTo(column)}) OVER sighting AS ${knownBefore(column)}`)
  const sighting = `WINDOW sighting AS (PARTITION BY ${keys} ORDER BY (now).valid_from)`
  return `SELECT now, lag(now) OVER sighting AS was, lead((now).valid_from) OVER sighting AS next_from${before.join("")}
    FROM (
      SELECT *${known.join("")} FROM (
        SELECT now${counted.join("")} FROM (
          SELECT "one version" AS now FROM ${name(historyOf(table).name)} "one version"
        ) every_version ${sighting}
      ) counted
    ) known ${sighting}`
}

/** SQL for when a tenant's runs began to have a column; NULL if they always had it. */
const addedAt = (table: Table, column: string) => `(added_at ->> ${literal(`${table.name}.${column}`)})::timestamptz`

/** The values of a column in two versions as a row of name, before, after, and when the first of them was seen last. */
const difference = (table: Table, { explains, name: column, type, uncertain }: Column) => {
  const cell = name(column)
  const now = `(now).${cell}`
  const source = uncertain === null ? explains : column
  const [before, seen] = source === null
    ? [
      `CASE WHEN (was).observed_at < ${addedAt(table, column)} THEN ${now} ELSE (was).${cell} END`,
      "(was).observed_at"
    ]
    : [
      `CASE WHEN (now).${name(source)} <> (${knownBefore(source)}).${name(source)}
        THEN (${knownBefore(source)}).${cell} ELSE ${now} END`,
      `(${knownBefore(source)}).observed_at`
    ]
  return `(${literal(column)}, ${asText(before, type)}, ${asText(now, type)}, ${seen})`
}

const columnsOf = (table: Table, of: string) => table.columns.map((column) => `(${of}).${name(column.name)}`).join(", ")

/** The query for the changes of a table's rows. The words mean the same as in the ledger. */
export const query = (table: Table) => {
  const tellingColumns = versionColumns(table)
  const differences = table.columns
    .filter((column) => tellingColumns.includes(column.name) && !column.repeated)
    .map((column) => difference(table, column))
  // a table of nothing but keys has rows that come and go, and never change
  const changed = differences.length === 0 ? "" : `UNION ALL
    SELECT seen, (now).valid_from, 'changed', changed, before, after, ${columnsOf(table, "now")}
    FROM versions LEFT JOIN added ON added_tenant = (now).tenant
    CROSS JOIN LATERAL (VALUES ${differences.join(", ")}) AS different(changed, before, after, seen)
    WHERE (was).valid_to = (now).valid_from AND before IS DISTINCT FROM after`
  return `WITH added AS (
    SELECT tenant AS added_tenant, jsonb_object_agg(added_column, began_at) AS added_at
    FROM (
      SELECT tenant, unnest(string_to_array(columns_added, ', ')) AS added_column, min(observed_at) AS began_at
      FROM runs WHERE columns_added IS NOT NULL GROUP BY 1, 2
    ) began GROUP BY tenant
  ), missed AS (
    SELECT DISTINCT tenant, observed_at AS began_at, max(CASE WHEN complete THEN observed_at END) OVER (
      PARTITION BY tenant ORDER BY observed_at GROUPS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS missed_at
    FROM runs WHERE ${literal(table.name)} = ANY(string_to_array(tables_collected, ', '))
  ), versions AS MATERIALIZED (${versions(table)}), happened AS (
    SELECT missed_at AS happened_after, (now).valid_from AS happened_by,
      CASE WHEN (was).valid_from IS NULL THEN 'added' ELSE 'reappeared' END AS event,
      NULL::text AS attribute, NULL::text AS before_text, NULL::text AS after_text, ${columnsOf(table, "now")}
    FROM versions JOIN missed ON missed.tenant = (now).tenant AND began_at = (now).valid_from
    WHERE missed_at IS NOT NULL AND (was).valid_to IS DISTINCT FROM (now).valid_from
    ${changed}
    UNION ALL
    SELECT (now).observed_at, (now).valid_to, 'removed', NULL, NULL, NULL, ${columnsOf(table, "now")}
    FROM versions WHERE (now).valid_to IS NOT NULL AND next_from IS DISTINCT FROM (now).valid_to
  )
  SELECT ${names(changesOf(table))} FROM happened`
}
