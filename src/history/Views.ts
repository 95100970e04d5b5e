/**
 * The views over a history: the current rows (`users`), the rows at an instant (`users_asof(ts)`), and the changes between
 * two runs (`users_changes`). They are SQL over the names `users_history` and `runs`, in the ledger and over Parquet.
 */
import * as DuckDb from "../duckdb/DuckDb.ts"
import { versionColumns } from "../duckdb/RowHash.ts"
import * as Table from "../Table.ts"
import * as AddedColumns from "./AddedColumns.ts"
import { historyOf, rowKey } from "./Versions.ts"

/** The table `T_changes`: the changes of the rows of a table. */
export const changesOf = (table: Table.Table) => {
  const { key, name } = table
  const { tenant, ...others } = Table.forReaders(table).specs
  return Table.make<Table.Specs>({
    name: `${name}_changes`,
    doc:
      `Changes of the rows of ${name}, each between two runs. A row that changed in several columns has a change for each. Rows that a tenant's first complete run adds are not changes.`,
    key: ["tenant", ...key, "happened_by", "attribute"],
    columns: {
      ...tenant === undefined ? {} : { tenant },
      event: Table.id("added, removed, changed, or reappeared (added again after it was removed)."),
      attribute: Table.text("The name of the column that changed; NULL unless the event is changed."),
      before_text: Table.personal("The column's value before the change, as text; NULL if it had none."),
      after_text: Table.personal("The column's value after the change, as text; NULL if it has none."),
      happened_after: Table.instant("The time of the last run before the change."),
      happened_by: Table.instant("The time of the first run after the change."),
      ...others
    }
  })
}

const columnsOf = (table: Table.Table, of = "") => table.columns.map(({ name }) => of + DuckDb.name(name)).join(", ")

/** Whether a run collected the table. */
const collects = ({ name }: Table.Table) =>
  `list_contains(string_split(tables_collected, ', '), ${DuckDb.literal(name)})`

const current = (table: Table.Table) =>
  `SELECT ${columnsOf(Table.forReaders(table))} FROM ${DuckDb.name(historyOf(table).name)} WHERE valid_to IS NULL`

/**
 * A cell of a version as it was known at the instant `ts`. If the version was seen again after `ts`, its volatile cells are
 * of that later sighting. A volatile time only grows. If it lies before the last run until `ts` that surely saw the version,
 * it was the same at `ts`. Other volatile cells are NULL, because their value at `ts` is not known.
 */
const knownThen = (table: Table.Table, { name, type, volatile }: Table.Column, later: ReadonlyArray<string>) => {
  const cell = `version.${DuckDb.name(name)}`
  const wasSeenLater = "version.observed_at > ts"
  const surelySeenAt = "greatest(complete_at, valid_from)"
  if (name === "run_id") {
    return `CASE WHEN ${wasSeenLater} THEN coalesce(last_run, first_run_id) ELSE ${cell} END AS run_id`
  }
  if (name === "observed_at") {
    return `CASE WHEN ${wasSeenLater} THEN coalesce(last_at, valid_from) ELSE ${cell} END AS observed_at`
  }
  if (later.includes(name)) {
    const addedAt = AddedColumns.since(table, name, "version.tenant")
    return `CASE WHEN ${wasSeenLater} AND coalesce(${addedAt} > ${surelySeenAt}, false) THEN NULL ELSE ${cell} END AS ${
      DuckDb.name(name)
    }`
  }
  if (!volatile) return cell
  const grew = type === "timestamp" ? ` AND coalesce(${cell} > ${surelySeenAt}, true)` : ""
  return `CASE WHEN ${wasSeenLater}${grew} THEN NULL ELSE ${cell} END AS ${DuckDb.name(name)}`
}

const asOf = (table: Table.Table, later: ReadonlyArray<string>) =>
  `WITH known AS (
    SELECT tenant AS tenant_of, max(observed_at) AS last_at, max_by(run_id, (observed_at, run_id)) AS last_run,
      max(observed_at) FILTER (complete) AS complete_at
    FROM runs WHERE observed_at <= ts AND ${collects(table)} GROUP BY ALL
  )
  SELECT ${Table.forReaders(table).columns.map((column) => knownThen(table, column, later)).join(", ")}
  FROM ${DuckDb.name(historyOf(table).name)} version LEFT JOIN known ON tenant_of = version.tenant
  WHERE valid_from <= ts AND (valid_to IS NULL OR valid_to > ts)`

/** A cell as text, the same in every session: an instant is in UTC. */
const asText = (cell: string, type: Table.ColumnType) =>
  type === "timestamp"
    ? `replace(strftime(${cell} AT TIME ZONE 'UTC', '%Y-%m-%dT%H:%M:%S.%fZ'), '.000000Z', 'Z')`
    : `${cell}::VARCHAR`

/** The name of an uncertain column's last known value in an earlier version. */
const known = (column: string) => DuckDb.name(`known ${column}`)

/** SQL for whether an uncertain column has certainly changed since its last known value. */
const hasTurned = (column: string) => `now.${DuckDb.name(column)} <> ${known(column)}.${DuckDb.name(column)}`

/**
 * The values of a column in two versions, and when the first of them was seen last. The values are the same if it is not
 * known whether the column changed. The last known value of an uncertain column may be older than the previous version.
 */
const beforeAndAfter = (
  table: Table.Table,
  { explains, name, uncertain }: Table.Column,
  later: ReadonlyArray<string>
) => {
  const now = `now.${DuckDb.name(name)}`
  if (later.includes(name)) {
    const addedAt = AddedColumns.since(table, name, "was.tenant")
    const before = `CASE WHEN was.observed_at < ${addedAt} THEN ${now} ELSE was.${DuckDb.name(name)} END`
    return { before, after: now, seen: "was.observed_at" }
  }
  const source = uncertain === null ? explains : name
  return source === null
    ? { before: `was.${DuckDb.name(name)}`, after: now, seen: "was.observed_at" }
    : {
      before: `CASE WHEN ${hasTurned(source)} THEN ${known(source)}.${DuckDb.name(name)} ELSE ${now} END`,
      after: now,
      seen: `${known(source)}.observed_at`
    }
}

/** SQL for the differences of two versions, as a list of structs. */
const differences = (table: Table.Table, later: ReadonlyArray<string>) => {
  const tellingColumns = versionColumns(table)
  const columns = table.columns.filter((column) => tellingColumns.includes(column.name) && !column.repeated).map(
    (column) => {
      const { after, before, seen } = beforeAndAfter(table, column, later)
      return `{'name': ${DuckDb.literal(column.name)}, 'before': ${asText(before, column.type)}, 'after': ${
        asText(after, column.type)
      }, 'seen': ${seen}}`
    }
  )
  return `list_filter([${columns.join(", ")}], lambda c: c.before IS DISTINCT FROM c.after)`
}

/**
 * A change happened after an earlier run: the last run that saw the previous version or, for a row that was not there
 * before, the last complete run, which would have seen it. A version is joined with the previous version by its key and by
 * the instant at which the previous version ended, because sorting all versions takes much longer.
 */
const changes = (table: Table.Table, later: ReadonlyArray<string>) => {
  const keys = rowKey(table).map(DuckDb.name).join(", ")
  const asNow = (other: string) =>
    rowKey(table).map((key) => `now.${DuckDb.name(key)} = ${other}.${DuckDb.name(key)}`).join(" AND ")
  const before = `versions was ON ${asNow("was")} AND was.valid_to = now.valid_from`
  const after = `versions next ON ${asNow("next")} AND next.valid_from = now.valid_to`
  const columnsNow = columnsOf(table, "now.")
  const uncertain = table.columns.filter((column) => column.uncertain !== null).map(({ name }) => name)
  const joined = uncertain.map((column) =>
    `ASOF LEFT JOIN (FROM versions WHERE ${DuckDb.name(column)} IS NOT NULL) ${known(column)}
     ON ${asNow(known(column))} AND ${known(column)}.valid_to <= now.valid_from`
  )
  return `WITH versions AS (FROM ${DuckDb.name(historyOf(table).name)}), missed AS (
    SELECT begun.tenant, valid_from, observed_at AS missed_at
    FROM (SELECT DISTINCT tenant, valid_from FROM versions) begun
    ASOF JOIN (
      SELECT tenant, observed_at FROM runs
      WHERE complete AND ${collects(table)}
    ) complete ON begun.tenant = complete.tenant AND begun.valid_from > complete.observed_at
  ), happened AS (
    SELECT missed_at AS happened_after, now.valid_from AS happened_by,
      CASE WHEN first_end < now.valid_from THEN 'reappeared' ELSE 'added' END AS event,
      NULL::VARCHAR AS attribute, NULL::VARCHAR AS before_text, NULL::VARCHAR AS after_text, ${columnsNow}
    FROM versions now
    JOIN missed ON now.tenant = missed.tenant AND now.valid_from = missed.valid_from
    JOIN (SELECT ${keys}, min(valid_to) AS first_end FROM versions GROUP BY ALL) known ON ${asNow("known")}
    ANTI JOIN ${before}
    UNION ALL
    SELECT different.seen, valid_from, 'changed', different.name, different.before, different.after, ${columnsOf(table)}
    FROM (
      SELECT unnest(${differences(table, later)}) AS different, now.valid_from, ${columnsNow}
      FROM versions now JOIN ${before} ${joined.join(" ")}
    )
    UNION ALL
    SELECT now.observed_at, now.valid_to, 'removed', NULL, NULL, NULL, ${columnsNow}
    FROM versions now ANTI JOIN ${after}
    WHERE now.valid_to IS NOT NULL
  )
  SELECT ${DuckDb.names(changesOf(table))} FROM happened`
}

/** The statements that make the views of a table, with comments, in the database that has the history. */
export const statements = (table: Table.Table, added: ReadonlyArray<string> = []): ReadonlyArray<string> => {
  const later = AddedColumns.makingVersions(table, added)
  const changed = changesOf(table)
  const name = DuckDb.name(table.name)
  const asof = DuckDb.name(`${table.name}_asof`)
  return [
    `CREATE OR REPLACE VIEW ${name} AS ${current(table)}`,
    ...DuckDb.comments("VIEW", name, table),
    `CREATE OR REPLACE MACRO ${asof}(ts) AS TABLE ${asOf(table, later)}`,
    `COMMENT ON MACRO TABLE ${asof} IS ${
      DuckDb.literal(
        `The rows of ${table.name} as they were known at an instant. A volatile column is NULL if its value at that instant is not known.`
      )
    }`,
    `CREATE OR REPLACE VIEW ${DuckDb.name(changed.name)} AS ${changes(table, later)}`,
    ...DuckDb.comments("VIEW", DuckDb.name(changed.name), changed)
  ]
}
