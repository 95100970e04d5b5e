/**
 * Proves who was in a list at one moment, with SQL over everything that was read of the list.
 *
 * Duo pages by offset, in an order that it does not document, over a list that changes while it is read. But an id
 * enters the list only once and leaves it only once. So an object was in the list at a moment if a page showed it at or
 * after the moment, and if one of these is true as well:
 *
 * - A page showed it at or before the moment.
 * - Its creation time, which comes from Duo's own clock, is before the moment.
 *
 * If as many objects pass this test as Duo counted at that moment, they are the whole list. A change between two
 * requests cannot make this wrong.
 *
 * Each reading has one such moment: the answer to its first page. At that time every earlier request has been answered,
 * and no other request is in flight.
 */
import { Effect } from "effect"
import * as DuckDb from "../../duckdb/DuckDb.ts"
import type { SinkReason } from "../../failure/SinkError.ts"
import type { Proof } from "../../Pipeline.ts"

/**
 * The tables of one list, which only its connection sees. `pages` has a row per page of every reading. `content` is the
 * page that has the objects: the page itself, or an earlier page with the same bytes.
 * `moments` has a row per reading: how many objects Duo counted (`total`), and a Unix time by Duo's clock that is
 * before Duo counted them (`not_before`).
 */
export const tables = `
  CREATE TEMP TABLE pages (list INTEGER, page INTEGER, reading INTEGER, is_first BOOLEAN, content INTEGER);
  CREATE TEMP TABLE moments (list INTEGER, reading INTEGER, total BIGINT, not_before BIGINT)`

/** A row per object to leave out of a list: the number of the list, and the rowid of the object. */
export const leftOut = "CREATE TABLE IF NOT EXISTS objects.left_out (list INTEGER, object BIGINT)"

/**
 * A row per id, from its sightings (`list, id, created, reading, is_first`). `known_from` is the first moment at or
 * before which a page showed the id, `last_reading` is the last reading that showed it, and `readings` has a bit for
 * every reading that showed it. A page that is not the first one of its reading comes after the moment, so it counts
 * for the next moment.
 */
export const sightingsById = (sightings: string) =>
  `SELECT list, id, min(reading + (NOT is_first)::INTEGER) AS known_from, max(reading) AS last_reading,
     bit_or(1 << reading) AS readings, max(created) AS created
   FROM ${sightings} GROUP BY list, id`

/** The condition that an id of `known` was in the list at the moment of a row of `moments`. */
export const wasInList = (moment: string) =>
  `known.last_reading >= ${moment}.reading
   AND (known.known_from <= ${moment}.reading OR coalesce(known.created < ${moment}.not_before, false))`

/** A row per moment: how many ids are proved to be in the list (`known`), and how many without their creation time. */
export const countsByMoment = (known: string) =>
  `SELECT moments.list, moments.reading, any_value(moments.total) AS total, count(id) AS known,
     count(id) FILTER (known_from <= moments.reading) AS seen_twice
   FROM moments LEFT JOIN ${known} known ON known.list = moments.list AND ${wasInList("moments")}
   GROUP BY moments.list, moments.reading`

/** What the readings of a list prove so far. */
export interface Evidence {
  /** The last reading at whose moment the whole list is known; undefined if nothing is proved. */
  readonly provenReading: number | undefined
  readonly proof: Proof | undefined
  /** How many ids are proved to be in the list at that moment, or at the last moment if nothing is proved. */
  readonly knownCount: number
  /** How many ids the last reading showed, how many the reading before it, and how many are in both. */
  readonly lastCount: number
  readonly previousCount: number
  readonly bothCount: number
  /** How many ids all readings showed together. */
  readonly allCount: number
}

/** Compares all readings of a list. `readings` is how many there are. */
export const compareReadings = Effect.fnUntraced(function*(
  session: DuckDb.Session,
  sightings: string,
  readings: number
): Effect.fn.Return<Evidence, SinkReason> {
  yield* session.run(`CREATE OR REPLACE TEMP TABLE known AS ${sightingsById(sightings)}`)
  const moments = yield* session.all(
    `SELECT reading, known = total, known, seen_twice = total FROM (${countsByMoment("known")}) ORDER BY reading DESC`
  )
  const proved = moments.find(([_, isProved]) => isProved === true)
  const [_, __, knownCount, isSeenTwice] = proved ?? moments[0] ?? []
  const [numbers] = yield* session.all(
    `SELECT count(*) FILTER (readings & ${1 << readings} <> 0), count(*) FILTER (readings & ${
      1 << (readings - 1)
    } <> 0),
       count(*) FILTER (readings & ${3 << (readings - 1)} = ${3 << (readings - 1)}), count(*)
     FROM known`
  )
  const [lastCount = 0, previousCount = 0, bothCount = 0, allCount = 0] = (numbers ?? []).map(Number)
  return {
    provenReading: proved === undefined ? undefined : Number(proved[0]),
    proof: proved === undefined ? undefined : isSeenTwice !== true ? "created" : readings === 1 ? "page" : "twice",
    knownCount: Number(knownCount ?? 0),
    lastCount,
    previousCount,
    bothCount,
    allCount
  }
})

/**
 * Selects the objects that the run keeps: each id once, as the last page showed it. If a reading is proved, only the
 * ids that were in the list at its moment are kept; otherwise all ids are. The others get into `objects.left_out`.
 *
 * `table` has every object that was read, with its list, its page and its place on the page. The result counts the kept
 * ids whose object was not the same on all pages that showed it.
 */
export const selectObjects = Effect.fnUntraced(function*(
  session: DuckDb.Session,
  { columns, id, list, provenReading, table }: {
    /** The number of the list. */
    readonly list: number
    readonly table: string
    readonly columns: ReadonlyArray<string>
    readonly id: string
    readonly provenReading: number | undefined
  }
) {
  const key = DuckDb.name(id)
  const objects = `(SELECT rowid, * FROM ${table} WHERE _list = ${list})`
  const outside = provenReading === undefined
    ? ""
    : `UNION ALL SELECT ${list}, object.rowid FROM ${objects} object
       JOIN known ON known.id = object.${key}
       JOIN moments ON moments.reading = ${provenReading}
       WHERE NOT (${wasInList("moments")})`
  // most objects are read only once, and need no sorting
  yield* session.run(
    `CREATE OR REPLACE TEMP TABLE again AS
     SELECT object.rowid AS object, object.${key} AS id, last_page, _place, hash(${
      columns.map((column) => `object.${DuckDb.name(column)}`).join(", ")
    }) AS version
     FROM ${objects} object
     SEMI JOIN (SELECT ${key} FROM ${objects} GROUP BY ${key} HAVING count(*) > 1) twice ON twice.${key} = object.${key}
     JOIN (SELECT content, max(page) AS last_page FROM pages GROUP BY content) ON content = object._page`
  )
  yield* session.run(
    `INSERT INTO objects.left_out
     SELECT ${list}, object FROM again
     QUALIFY row_number() OVER (PARTITION BY id ORDER BY last_page DESC, _place) > 1
     ${outside}`
  )
  const [changed] = yield* session.all(
    `SELECT count(*) FROM (
       SELECT id FROM again GROUP BY id HAVING count(DISTINCT version) > 1
     ) ${
      provenReading === undefined ? "" : `SEMI JOIN (
       SELECT known.id FROM known
       JOIN moments ON moments.reading = ${provenReading}
       WHERE ${wasInList("moments")}
     ) there USING (id)`
    }`
  )
  return Number(changed?.[0] ?? 0)
})
