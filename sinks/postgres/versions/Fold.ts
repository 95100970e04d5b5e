/**
 * Puts the rows of sealed runs into the versions and sightings of their tables, with one pass over each table. It also takes
 * out runs that were discarded. Readers notice neither, because their views show published runs only.
 */
import { literal, name, names } from "../../../src/duckdb/DuckDb.ts"
import { versionColumns, volatile } from "../../../src/duckdb/RowHash.ts"
import { rowKey } from "../../../src/history/Versions.ts"
import { runs } from "../../../src/Outcome.ts"
import type { Table } from "../../../src/Table.ts"
import type { DatabaseTarget } from "../DatabaseTarget.ts"
import * as Storage from "./Storage.ts"

const listOf = (texts: ReadonlyArray<string>) => texts.map(literal).join(", ")

/**
 * The lock of a tenant's versions. It is held until the transaction ends, for seconds at most. The lock of a run is another
 * one: a run holds it for as long as it takes.
 */
export const lock = ({ schema }: DatabaseTarget, tenants: ReadonlyArray<string>) =>
  [...new Set(tenants)].toSorted().map((tenant) =>
    `SELECT pg_advisory_xact_lock(hashtextextended(${literal(`duo-mfa versions ${schema} ${tenant}`)}, 0))`
  )

/** The most runs of a tenant at one instant, of which each has a place of its own, in microseconds. */
const width = 1000

/**
 * The statements that give runs their places, by instant and id. A place is the number of microseconds in the middle of the
 * free places, so that other runs of the same instant fit before it and after it.
 */
export const place = (target: DatabaseTarget, run_ids: ReadonlyArray<string>) => {
  const [ofRuns, places] = [Storage.rowsOf(target, runs), Storage.placesIn(target)]
  const isBefore = "(observed_at, run_id) < (run.observed_at, run.run_id)"
  return [
    `INSERT INTO ${places} (tenant_number, place, tenant, observed_at, run_id)
     SELECT coalesce(tenant_number, nextval(${literal(Storage.numbersIn(target))})),
       (greatest(before, instant - 1) + least(after, instant + ${width})) / 2, tenant, observed_at, run_id
     FROM (
       SELECT run.tenant, run.observed_at, run.run_id, (extract(epoch FROM run.observed_at) * 1000000)::bigint AS instant, known.*
       FROM ${ofRuns} run, LATERAL (
         SELECT min(tenant_number) AS tenant_number, max(place) FILTER (WHERE ${isBefore}) AS before,
           min(place) FILTER (WHERE NOT ${isBefore}) AS after
         FROM ${places} WHERE tenant = run.tenant
       ) known
       WHERE run.run_id IN (${listOf(run_ids)}) AND run.place IS NULL
     ) AS placed
     ON CONFLICT (tenant, observed_at, run_id) DO NOTHING`,
    `UPDATE ${ofRuns} run SET tenant_number = placed.tenant_number, place = placed.place FROM ${places} placed
     WHERE run.run_id IN (${listOf(run_ids)}) AND run.place IS NULL
       AND (run.tenant, run.observed_at, run.run_id) = (placed.tenant, placed.observed_at, placed.run_id)`
  ]
}

/** SQL for the place of the next run of a tenant that has rows in the table. Ranges begin and end at such places only. */
const next = (target: DatabaseTarget, table: Pick<Table, "name">, run: string) =>
  `coalesce((SELECT min(later.place) FROM ${Storage.rowsOf(target, runs)} later
     WHERE later.tenant_number = ${run}.tenant_number AND later.place > ${run}.place AND ${Storage.collects(table)}
   ), ${Storage.endless})`

/** SQL for whether two rows are equal in columns. NULL is equal to NULL. */
const same = (columns: ReadonlyArray<string>, one: string, other: string) => {
  const row = (of: string) => `ROW(${columns.map((column) => `${of}.${name(column)}`).join(", ")})`
  return columns.length === 0 ? "true" : `${row(one)} IS NOT DISTINCT FROM ${row(other)}`
}

/** A session's table for the rows of a round. */
export const stagedOf = (table: Table) => `pg_temp.${name(`staged ${table.name}`)}`

/** The statement that makes it. It needs a privilege that is TEMPORARY, so it is made when the sink is opened. */
export const makeStaged = (target: DatabaseTarget, table: Table) =>
  `CREATE TEMPORARY TABLE ${name(`staged ${table.name}`)} ("version id" bigint DEFAULT nextval(${
    literal(Storage.numbersIn(target))
  })${
    table.columns.map((column) => `, ${name(column.name)} ${Storage.types[column.type]}`).join("")
  }) ON COMMIT DELETE ROWS`

/** The rows of sealed runs with a number each, which is that of their version if the version is new. */
export const numbered = (target: DatabaseTarget, table: Table, rows: string) =>
  `SELECT nextval(${literal(Storage.numbersIn(target))}) AS "version id", ${names(table)} FROM ${rows}`

/**
 * The statements that put the rows of sealed runs into a table. `rows` is a query for them, with the column `version id`. They
 * are compared with the rows whose ranges have contained the place of the run until now. `changes` keeps the differences: a
 * row that the run did not see has a range that ends before the run, and a row that is new has one from the run to the next.
 * A round has one run per tenant.
 */
export const fold = (target: DatabaseTarget, table: Table, run_ids: ReadonlyArray<string>, rows: string) => {
  const [ofTable, sightings] = [Storage.rowsOf(target, table), Storage.sightingsIn(target, table)]
  const [keys, cells, changing] = [rowKey(table), versionColumns(table), volatile(table)]
  const { more } = Storage
  const either = (column: string) => `coalesce(fresh.${name(column)}, known.${name(column)}) AS ${name(column)}`
  return [
    `CREATE TEMPORARY TABLE changes ON COMMIT DROP AS
     WITH run AS (
       SELECT run_id AS "run id", tenant_number AS "tenant number", place AS "run place",
         ${next(target, table, "run")} AS "next place"
       FROM ${Storage.rowsOf(target, runs)} run
       WHERE run_id IN (${listOf(run_ids)}) AND ${Storage.collects(table)}
     ), known AS (
       SELECT * FROM run JOIN (${Storage.seen(target, table)}) AS seen USING ("tenant number")
       WHERE "first place" <= "run place" AND "end place" > "run place"
     ), fresh AS (
       SELECT * FROM run JOIN (${rows}) AS rows ON run_id = "run id"
     ), compared AS (
       SELECT ${["tenant number", "run place", "next place"].map(either).join(", ")},
         known."version id" AS "known id", known."first place", fresh."version id" AS "fresh id",
         known."version id" IS NOT NULL AND fresh."version id" IS NOT NULL AND ${
      same(cells, "known", "fresh")
    } AS "is known",
         ${same(changing, "known", "fresh")} AS "is unchanged"${more(keys)}${more([...cells, ...changing], "fresh.")}
       FROM known FULL JOIN fresh USING (${keys.map(name).join(", ")})
     )
     SELECT *, CASE WHEN "is known" THEN "known id" ELSE "fresh id" END AS "version id" FROM compared
     WHERE "known id" IS NULL OR "fresh id" IS NULL OR NOT ("is known" AND "is unchanged")`,
    // a row that was seen before in the same version: a run that was not complete did not see it, or it has changed back
    `UPDATE changes SET "is known" = true, "version id" = version."version id"
     FROM (${Storage.versions(target, table)}) AS version
     WHERE "fresh id" IS NOT NULL AND NOT "is known"
       AND ${keys.map((key) => `changes.${name(key)} = version.${name(key)}`).join(" AND ")}
       AND ${same(cells, "changes", "version")}`,
    `INSERT INTO ${ofTable} ("version id"${more([...keys, ...cells])})
     SELECT "version id"${more([...keys, ...cells])} FROM changes WHERE "fresh id" IS NOT NULL AND NOT "is known"`,
    // the rest of a range, if the run comes before runs that are sealed already
    `INSERT INTO ${sightings} ("version id", "tenant number", "first place", "end place"${more(changing)})
     SELECT seen."version id", seen."tenant number", "next place", "end place"${more(changing, "seen.")}
     FROM ${sightings} seen JOIN changes ON seen."version id" = "known id" AND seen."first place" = changes."first place"
     WHERE "next place" < "end place"`,
    `UPDATE ${sightings} seen SET "end place" = "run place" FROM changes
     WHERE seen."version id" = "known id" AND seen."first place" = changes."first place"`,
    `INSERT INTO ${sightings} ("version id", "tenant number", "first place", "end place"${more(changing)})
     SELECT "version id", "tenant number", "run place", "next place"${more(changing)} FROM changes
     WHERE "fresh id" IS NOT NULL`,
    "DROP TABLE changes"
  ]
}

/** A query for the places of tenants whose runs are gone: they were discarded, or somebody has deleted them. */
export const gone = (target: DatabaseTarget, tenants: ReadonlyArray<string>) =>
  `SELECT tenant_number, place FROM ${Storage.placesIn(target)} places WHERE tenant IN (${
    listOf(tenants)
  }) AND NOT EXISTS (
     SELECT FROM ${Storage.rowsOf(target, runs)} run
     WHERE run.tenant_number = places.tenant_number AND run.place = places.place)`

/**
 * The statements that delete the places of runs that are gone, and what only these runs have seen. Ranges that begin or end
 * there begin or end at the next run instead. `tables` are the names of all tables that have versions.
 */
export const sweep = (target: DatabaseTarget, tables: ReadonlyArray<string>, tenants: ReadonlyArray<string>) => {
  const [ofRuns, places] = [Storage.rowsOf(target, runs), Storage.placesIn(target)]
  return [
    `CREATE TEMPORARY TABLE gone ON COMMIT DROP AS ${gone(target, tenants)}`,
    ...tables.flatMap((table) => {
      const sightings = Storage.sightingsIn(target, { name: table })
      const move = (bound: string) =>
        `UPDATE ${sightings} SET ${bound} = next_place
         FROM (SELECT *, ${next(target, { name: table }, "gone")} AS next_place FROM gone) AS moved
         WHERE "tenant number" = tenant_number AND ${bound} = place`
      return [
        `DELETE FROM ${sightings} USING gone
         WHERE "tenant number" = gone.tenant_number AND "first place" <= gone.place AND "end place" > gone.place
           AND NOT EXISTS (
             SELECT FROM ${ofRuns} run
             WHERE run.tenant_number = "tenant number" AND run.place >= "first place" AND run.place < "end place"
               AND ${Storage.collects({ name: table })})`,
        move("\"first place\""),
        move("\"end place\""),
        `DELETE FROM ${name(Storage.rowsSchema(target))}.${name(table)} version
         WHERE tenant IN (${listOf(tenants)})
           AND NOT EXISTS (SELECT FROM ${sightings} seen WHERE seen."version id" = version."version id")`
      ]
    }),
    `DELETE FROM ${places} places USING gone WHERE (places.tenant_number, places.place) = (gone.tenant_number, gone.place)`,
    "DROP TABLE gone"
  ]
}
