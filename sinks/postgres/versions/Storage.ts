/**
 * The storage of the rows of all runs. `S_rows.T` has each version of a row once: its cells, except those that change by
 * themselves. `S_rows.T_sightings` says which runs saw it: a range of the tenant's runs, with the cells that change by
 * themselves. A run that sees the same as the run before adds nothing, because the ranges of the newest run have no end.
 */
import { literal, name, names } from "../../../src/duckdb/DuckDb.ts"
import { versionColumns, volatile } from "../../../src/duckdb/RowHash.ts"
import { rowKey } from "../../../src/history/Versions.ts"
import { runs } from "../../../src/Outcome.ts"
import * as Table from "../../../src/Table.ts"
import type { DatabaseTarget } from "../DatabaseTarget.ts"

/** The types of columns. */
export const types: Readonly<Record<Table.ColumnType, string>> = {
  text: "text",
  boolean: "boolean",
  bigint: "bigint",
  timestamp: "timestamptz"
}

type Schemas = Pick<DatabaseTarget, "schema">

/** The schema of the rows. */
export const rowsSchema = ({ schema }: Schemas) => `${schema}_rows`

const inRows = (target: Schemas, of: string) => `${name(rowsSchema(target))}.${name(of)}`

/** The table with the versions of a table's rows, with the events of a log, or with the runs. */
export const rowsOf = (target: Schemas, table: Table.Table) => inRows(target, table.name)

/** The end of the table name of the sightings. */
export const sightingsSuffix = "_sightings"

/** The table with the sightings of a table's versions. */
export const sightingsIn = (target: Schemas, table: Pick<Table.Table, "name">) =>
  inRows(target, table.name + sightingsSuffix)

/** The view for readers of a table's published rows, or of the published runs. */
export const viewOf = ({ schema }: Schemas, table: string) => `${name(schema)}.${name(table)}`

/** The sequence of the numbers of versions and tenants. */
export const numbersIn = (target: Schemas) => inRows(target, "numbers")

/** The table with the places of runs. */
export const placesIn = (target: Schemas) => rowsOf(target, places)

/** The place after all places: a range up to it has no end. */
export const endless = "9223372036854775807"

const number = (doc: string) => ({ ...Table.bigint(doc), required: true })

/** Every sealed run has a place, which never changes. Another run can be put between two runs. */
export const places = Table.make({
  name: "places",
  doc: "The order of the runs of each tenant.",
  key: ["tenant_number", "place"],
  columns: {
    tenant_number: number("The number of the tenant."),
    place: number("The place of the run among the runs of its tenant; later runs have larger places."),
    tenant: Table.id("The name of the tenant."),
    observed_at: Table.instant("The instant of the run."),
    run_id: Table.id("The id of the run.")
  }
})

const pick = ({ specs }: Table.Table, isWanted: (column: string) => boolean) =>
  Object.fromEntries(Object.entries(specs).filter(([column]) => isWanted(column)))

const version = { "version id": number("The number of the version.") }

/** The columns of a table that its versions have. */
const versionCells = (table: Table.Table) => [...rowKey(table), ...versionColumns(table)]

/** The table of the versions. */
export const versionsOf = (table: Table.Table) =>
  Table.make<Table.Specs>({
    ...table,
    key: ["version id"],
    columns: { ...version, ...pick(table, (column) => versionCells(table).includes(column)) }
  })

/** The table of the sightings. It has no key. */
export const sightingsOf = (table: Table.Table) =>
  Table.make<Table.Specs>({
    name: table.name + sightingsSuffix,
    doc: `Which runs saw the versions of ${table.name}, and what changes by itself as they saw it.`,
    key: [],
    columns: {
      ...version,
      "tenant number": number("The number of the tenant."),
      "first place": number("The place of the first run that saw it."),
      "end place": number(
        "The place of the first run after it that did not see it; the largest number if there is none."
      ),
      ...pick(table, (column) => volatile(table).includes(column))
    }
  })

/** SQL for whether a run collected the table. */
export const collects = (table: Pick<Table.Table, "name">) =>
  `${literal(table.name)} = ANY(string_to_array(tables_collected, ', '))`

const listed = (columns: ReadonlyArray<string>, of = "") => columns.map((column) => of + name(column)).join(", ")

/** Columns of a table in SQL, each after a comma. */
export const more = (columns: ReadonlyArray<string>, of = "") =>
  columns.map((column) => `, ${of}${name(column)}`).join("")

/** A cell of a version or of a sighting. In a row from before the column existed, it is computed from the other columns. */
const cell = (table: Table.Table) => (column: string) => {
  const earlier = Table.valueEarlier({ earlier: table.specs[column]?.earlier ?? null })
  return earlier === null ? name(column) : `coalesce(${name(column)}, ${earlier})`
}

/** The columns of a table that its versions or their sightings have. */
const columnsOf = (table: Table.Table) => [...versionCells(table), ...volatile(table)]

/** The versions with their sightings, and the cells of both. */
export const seen = (target: Schemas, table: Table.Table) =>
  `SELECT "version id", "tenant number", "first place", "end place"${
    columnsOf(table).map((column) => `, ${cell(table)(column)} AS ${name(column)}`).join("")
  } FROM ${sightingsIn(target, table)} JOIN ${rowsOf(target, table)} USING ("version id")`

/** The versions alone. */
export const versions = (target: Schemas, table: Table.Table) =>
  `SELECT "version id"${
    versionCells(table).map((column) => `, ${cell(table)(column)} AS ${name(column)}`).join("")
  } FROM ${rowsOf(target, table)}`

/** The published runs that collected the table. */
const shown = (target: Schemas, table: Table.Table) =>
  `SELECT run_id AS "run id", observed_at AS "run at", tenant AS "run tenant", tenant_number AS "tenant number",
     place AS "run place", complete AS "is complete"
   FROM ${rowsOf(target, runs)} WHERE published AND ${collects(table)}`

/** The query for the rows of all runs, as every run saw them. */
export const snapshotsQuery = (target: Schemas, table: Table.Table) => {
  const ofRun: Readonly<Record<string, string>> = {
    run_id: name("run id"),
    observed_at: name("run at"),
    tenant: name("run tenant")
  }
  const cells = table.columns.map(({ name: column }) => `${ofRun[column] ?? name(column)} AS ${name(column)}`)
  return `SELECT ${cells.join(", ")} FROM (${shown(target, table)}) AS run JOIN (${seen(target, table)}) AS seen
    USING ("tenant number") WHERE "first place" <= "run place" AND "end place" > "run place"`
}

/**
 * The query for the history. The ranges of a version are brought to the published runs, and those that follow each other
 * directly are joined: only cells that change by themselves differ. Then the ranges of a row are compared. Two of the same
 * version are one version of the history unless a complete run between them did not see the row. A version ends at the next
 * range of the row or at the next complete run that does not see the row, whichever comes first.
 */
export const historyQuery = (target: Schemas, table: Table.Table) => {
  const keys = listed(rowKey(table))
  const ofRuns: Readonly<Record<string, string>> = { run_id: "last_run.run_id", observed_at: "last_run.observed_at" }
  const cells = table.columns.map(({ name: column }) =>
    `${ofRuns[column] ?? `version.${name(column)}`} AS ${name(column)}`
  )
  // by the index of the places: a plan that takes a tenant for small would compare every version with every run
  const runAt = (alias: string, place: string) =>
    `${rowsOf(target, runs)} ${alias} ON ${alias}.tenant_number = version."tenant number" AND ${alias}.place = ${place}`
  const bound = (alias: string, place: string) =>
    `${alias} ON ${alias}."tenant number" = sighting."tenant number" AND ${alias}.place = sighting.${name(place)}`
  return `WITH shown AS (${shown(target, table)}), placed AS (
    SELECT tenant_number AS "tenant number", place, "run place", "is complete"
    FROM ${placesIn(target)} LEFT JOIN shown ON "tenant number" = tenant_number AND "run place" = place
    UNION ALL SELECT DISTINCT "tenant number", ${endless}, NULL::bigint, NULL::boolean FROM shown
  ), bounds AS (
    SELECT "tenant number", place, min("run place") OVER following AS "shown from",
      max("run place") OVER (PARTITION BY "tenant number" ORDER BY place ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)
        AS "shown to",
      min(CASE WHEN "is complete" THEN "run place" END) OVER following AS "next complete"
    FROM placed
    WINDOW following AS (PARTITION BY "tenant number" ORDER BY place ROWS BETWEEN CURRENT ROW AND UNBOUNDED FOLLOWING)
  ), sightings AS (
    SELECT sighting.*, begun."shown from", ended."shown to", ended."next complete",
      lag("end place") OVER sightings IS DISTINCT FROM "first place" AS "does begin",
      lead("first place") OVER sightings IS DISTINCT FROM "end place" AS "does end"
    FROM ${sightingsIn(target, table)} sighting
    JOIN bounds ${bound("begun", "first place")} JOIN bounds ${bound("ended", "end place")}
    WHERE begun."shown from" <= ended."shown to"
    WINDOW sightings AS (PARTITION BY "version id" ORDER BY "first place")
  ), ranges AS (
    SELECT *, max(CASE WHEN "does begin" THEN "shown from" END) OVER (
      PARTITION BY "version id" ORDER BY "first place" ROWS UNBOUNDED PRECEDING) AS "range from"
    FROM sightings
  ), steps AS (
    SELECT "version id", "tenant number", "range from", "shown to", "next complete"${
    columnsOf(table).map((column) => `, ${cell(table)(column)} AS ${name(column)}`).join("")
  }, lead("range from") OVER ranges AS "next from",
      coalesce(lag("next complete") OVER ranges < "range from" OR lag("version id") OVER ranges <> "version id",
        lag("version id") OVER ranges IS NULL) AS "begins here",
      coalesce("next complete" < lead("range from") OVER ranges OR lead("version id") OVER ranges <> "version id",
        lead("version id") OVER ranges IS NULL) AS "ends here"
    FROM ranges JOIN ${rowsOf(target, table)} USING ("version id") WHERE "does end"
    WINDOW ranges AS (PARTITION BY ${keys} ORDER BY "range from")
  ), version AS (
    SELECT *, max(CASE WHEN "begins here" THEN "range from" END) OVER (
      PARTITION BY ${keys} ORDER BY "range from" ROWS UNBOUNDED PRECEDING) AS "version from"
    FROM steps
  )
  SELECT ${cells.join(", ")}, first_run.observed_at AS valid_from, end_run.observed_at AS valid_to,
    first_run.run_id AS first_run_id, last_run.run_id AS last_run_id
  FROM version
  JOIN ${runAt("first_run", `version."version from"`)}
  JOIN ${runAt("last_run", `version."shown to"`)}
  LEFT JOIN ${runAt("end_run", `least(version."next complete", version."next from")`)}
  WHERE version."ends here" AND first_run.observed_at IS DISTINCT FROM end_run.observed_at`
}

/** The view of a table's rows of all runs. */
export const snapshotsOf = ({ name: of }: Table.Table) => name(`${of}_snapshots`)

/**
 * The query for the current rows: every row that the last complete run or a later run saw, as the last of them saw it. A run
 * that is not complete removes nothing. `known` is a condition that selects the runs.
 */
export const currentQuery = (table: Table.Table, known: string) => {
  const keys = listed(rowKey(table))
  return `WITH known AS (
    SELECT run_id, tenant, observed_at, complete, row_number() OVER (PARTITION BY tenant ORDER BY observed_at, run_id) AS place
    FROM runs WHERE ${collects(table)}${known}
  ), since AS (
    SELECT tenant, coalesce(max(place) FILTER (WHERE complete), 0) AS place FROM known GROUP BY tenant
  ), told AS (
    SELECT run_id, known.place AS told_place FROM known JOIN since USING (tenant) WHERE known.place >= since.place
  )
  SELECT ${names(table)} FROM (
    SELECT DISTINCT ON (${keys}) * FROM ${snapshotsOf(table)} JOIN told USING (run_id)
    ORDER BY ${keys}, told_place DESC) AS latest`
}
