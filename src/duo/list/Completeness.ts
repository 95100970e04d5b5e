/**
 * Whether it is proved who was in a list at one moment, by SQL over everything that was read of it.
 *
 * Duo pages by offset over a list that changes while it is read, in an order that it does not document. But an id enters
 * the list once and leaves it once. So an object was in the list at a moment if it was seen at or after that moment and
 *
 * - was seen at or before it as well, or
 * - was created before it, by Duo's own clock.
 *
 * If these are as many objects as Duo counted at that moment, they are all of them. Nothing that happens between two
 * requests can make this wrong.
 *
 * The moments are the first pages of the readings: every earlier request has been answered, and no other is in flight.
 */
import { Effect } from "effect"
import * as DuckDb from "../../duckdb/DuckDb.ts"
import type { SinkReason } from "../../failure/SinkError.ts"
import type { Proof } from "../../Pipeline.ts"

/**
 * `pages` has every page of every reading, and the page whose objects it has: another one if it came again with the same
 * bytes.
 * `moments` has every reading: how many objects Duo counted, and a Unix time, by Duo's clock, before it counted them.
 */
export const tables = [
  `CREATE TABLE IF NOT EXISTS readings.pages (list VARCHAR, page INTEGER, reading INTEGER, is_first BOOLEAN, content INTEGER)`,
  "CREATE TABLE IF NOT EXISTS readings.moments (list VARCHAR, reading INTEGER, total BIGINT, not_before BIGINT)"
]

/**
 * What is known of every id, given its sightings (`list, id, created, reading, is_first`): the first moment at or before
 * which it was seen, the last reading that saw it, and all of them as bits.
 */
export const known = (sightings: string) =>
  `SELECT list, id, min(reading + (NOT is_first)::INTEGER) AS known_from, max(reading) AS last_reading,
     bit_or(1 << reading) AS readings, max(created) AS created
   FROM ${sightings} GROUP BY list, id`

/** Whether an id was in the list at the moment of a reading, which is a row of `readings.moments`. */
export const isAt = (provenReading: string) =>
  `known.last_reading >= ${provenReading}.reading
   AND (known.known_from <= ${provenReading}.reading OR coalesce(known.created < ${provenReading}.not_before, false))`

/** How many ids are known to have been in the list at each moment, and how many of them without their creation time. */
export const counted = (known: string) =>
  `SELECT moments.list, moments.reading, any_value(moments.total) AS total, count(id) AS known,
     count(id) FILTER (known_from <= moments.reading) AS seen_twice
   FROM readings.moments LEFT JOIN ${known} known ON known.list = moments.list AND ${isAt("moments")}
   GROUP BY moments.list, moments.reading`

/** What the readings of a list have shown so far. */
export interface Shown {
  /** The last moment at which everything is known; undefined if there is none. */
  readonly moment: number | undefined
  readonly proof: Proof | undefined
  /** How many are known at the moment, or at the last one if nothing is proved. */
  readonly known: number
  /** Ids in the last reading, in the one before it, and in both. */
  readonly last: number
  readonly before: number
  readonly both: number
}

/** The table of what is known of the ids of a list. */
const knownOf = (list: string) => DuckDb.name(`known ${list}`)

/** Compares the readings of a list, given its sightings. */
export const look = Effect.fnUntraced(function*(
  session: DuckDb.Session,
  list: string,
  sightings: string,
  readings: number
): Effect.fn.Return<Shown, SinkReason> {
  yield* session.run(`CREATE OR REPLACE TABLE readings.${knownOf(list)} AS ${known(sightings)}`)
  const moments = yield* session.all(
    `SELECT reading, known = total, known, seen_twice = total FROM (${counted(`readings.${knownOf(list)}`)})
     WHERE list = ${DuckDb.literal(list)} ORDER BY reading DESC`
  )
  const proved = moments.find(([_, isProved]) => isProved === true)
  const [_, __, knownAt, isSeenTwice] = proved ?? moments[0] ?? []
  const [numbers] = yield* session.all(
    `SELECT count(*) FILTER (readings & ${1 << readings} <> 0), count(*) FILTER (readings & ${
      1 << (readings - 1)
    } <> 0),
       count(*) FILTER (readings & ${3 << (readings - 1)} = ${3 << (readings - 1)})
     FROM readings.${knownOf(list)}`
  )
  const [last = 0, before = 0, both = 0] = (numbers ?? []).map(Number)
  return {
    moment: proved === undefined ? undefined : Number(proved[0]),
    proof: proved === undefined ? undefined : isSeenTwice !== true ? "created" : readings === 1 ? "page" : "twice",
    known: Number(knownAt ?? 0),
    last,
    before,
    both
  }
})

/**
 * Makes the objects of a list: each once, as it was read last, those of the proved moment or all that were seen. `table` has
 * what was read with its page and place. Gives how many of them were not the same whenever they were read.
 */
export const choose = Effect.fnUntraced(function*(
  session: DuckDb.Session,
  { columns, id, list, moment: provenReading, table }: {
    readonly list: string
    readonly table: string
    readonly columns: ReadonlyArray<string>
    readonly id: string
    readonly moment: number | undefined
  }
) {
  const key = DuckDb.name(id)
  const left = DuckDb.name(`left ${list}`)
  const outside = provenReading === undefined
    ? ""
    : `UNION ALL SELECT object.rowid FROM ${table} object
       JOIN readings.${knownOf(list)} known ON known.id = object.${key}
       JOIN readings.moments ON moments.list = ${DuckDb.literal(list)} AND moments.reading = ${provenReading}
       WHERE NOT (${isAt("moments")})`
  // an object that was read once is the rule, and needs no sorting
  yield* session.run(
    `CREATE OR REPLACE TABLE readings.again AS
     SELECT object.rowid AS object, object.${key} AS id, last_page, _place, hash(${
      columns.map((column) => `object.${DuckDb.name(column)}`).join(", ")
    }) AS version
     FROM ${table} object
     SEMI JOIN (SELECT ${key} FROM ${table} GROUP BY ${key} HAVING count(*) > 1) twice ON twice.${key} = object.${key}
     JOIN (SELECT content, max(page) AS last_page FROM readings.pages WHERE list = ${
      DuckDb.literal(list)
    } GROUP BY content)
       ON content = object._page`
  )
  yield* session.run(
    `CREATE OR REPLACE TABLE readings.${left} AS
     SELECT object FROM readings.again
     QUALIFY row_number() OVER (PARTITION BY id ORDER BY last_page DESC, _place) > 1
     ${outside}`
  )
  const [changed] = yield* session.all(
    `SELECT count(*) FROM (
       SELECT id FROM readings.again GROUP BY id HAVING count(DISTINCT version) > 1
     ) ${
      provenReading === undefined ? "" : `SEMI JOIN (
       SELECT known.id FROM readings.${knownOf(list)} known
       JOIN readings.moments ON moments.list = ${DuckDb.literal(list)} AND moments.reading = ${provenReading}
       WHERE ${isAt("moments")}
     ) there USING (id)`
    }`
  )
  yield* session.run("DROP TABLE readings.again")
  return { left: `readings.${left}`, changed: Number(changed?.[0] ?? 0) }
})
