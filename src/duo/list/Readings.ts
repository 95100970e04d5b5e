/**
 * Reads a list of Duo's into the run database. The list is read again until its completeness is proved, or until
 * another reading cannot help.
 */
import { Effect, Stream } from "effect"
import * as DuckDb from "../../duckdb/DuckDb.ts"
import * as ObjectLoader from "../../duckdb/ObjectLoader.ts"
import type { RunDatabase } from "../../duckdb/RunDatabase.ts"
import type { List, ReadList } from "../../Pipeline.ts"
import type { Stamp } from "../../Table.ts"
import * as Meters from "../../telemetry/Meters.ts"
import type { HalfPair } from "../wire/WellFormed.ts"
import * as Completeness from "./Completeness.ts"
import type { Content, Page, PageCache, PageOptions } from "./Pages.ts"

/** How far a list has been read. */
export interface ReadingProgress {
  /** The number of the current reading, from 1. */
  readonly reading: number
  /** How many objects the current reading has read. */
  readonly seen: number
  /** How many objects Duo counted; null if Duo did not say. */
  readonly total: number | null
  /** How many pages all readings have read. */
  readonly pages: number
}

export interface ReadOptions extends PageOptions {
  /** The objects' name in sentences, such as `bypass codes`. */
  readonly what: string
  readonly database: RunDatabase
  /** The run that reads the objects. */
  readonly stamp: Stamp
  /** Called after every page. */
  readonly onPage: (progress: ReadingProgress) => Effect.Effect<void>
}

/** How often a list is read. */
const readingsMax = 5

/** How many names of unknown fields are kept. */
const unknownFieldsMax = 1000

/** The two columns of `pages` that differ from page to page. */
interface PageRow {
  readonly content: number
  readonly isFirst: boolean
}

/** One reading of the list. */
interface Reading {
  readonly total: number | null
  readonly notBefore: number | null
  /** How many objects its pages have; an object that two pages overlap by counts once. */
  objects: number
}

/** Reads a list. `pages` is one reading, an element per page; the cache has the pages of the readings before it. */
export const read = Effect.fn("Duo.list")(function*<E>(
  list: List,
  pages: (cache: PageCache) => Stream.Stream<Page, E>,
  { database, onPage, stamp, what }: ReadOptions
) {
  yield* Effect.annotateCurrentSpan("duo_mfa.list", what)
  const table = `readings.${DuckDb.name(list.name)}`
  const session = yield* database.session.another
  yield* session.run(Completeness.tables)
  const loader = yield* ObjectLoader.make(database, table, list.columns)
  yield* database.define(
    `${Completeness.leftOut};
     ${view(list, table)}
     ANTI JOIN objects.left_out left_out ON left_out.list = objects._list AND left_out.object = objects.rowid`
  )
  const sightings = `(SELECT list, ${DuckDb.name(list.id)} AS id, ${
    list.created === undefined ? "NULL::BIGINT" : DuckDb.name(list.created)
  } AS created, reading, is_first
     FROM pages JOIN ${table} ON _list = list AND _page = content WHERE _list = ${loader.list})`

  const pageRows: Array<PageRow> = []
  const pageOf = new Map<Content, number>()
  const unknownFields = new Set<string>()
  const readings: Array<Reading> = []
  let moved = 0
  let duplicates = 0
  /** How many objects are in the table. */
  let loaded = 0

  const recordPage = Effect.fnUntraced(function*(
    { content, halves, notBefore, objects, overlaps, unknownFields: fields }: Page,
    reading: Reading | undefined
  ) {
    const isFirst = reading === undefined
    const current = reading ?? { total: content.total, notBefore, objects: 0 }
    if (isFirst) readings.push(current)
    if (overlaps === false) moved++
    current.objects += content.count - (overlaps === true ? 1 : 0)
    const page = pageRows.length
    pageRows.push({ content: pageOf.get(content) ?? page, isFirst })
    if (!pageOf.has(content)) pageOf.set(content, page)
    if (objects !== undefined) {
      loaded += content.count
      for (const some of objects) yield* loader.add(page, some)
      yield* insertHalves(session, loader.list, page, halves)
    }
    for (const field of fields) if (unknownFields.size < unknownFieldsMax) unknownFields.add(field)
    yield* Meters.paged(what)
    yield* onPage({ reading: readings.length, seen: current.objects, total: current.total, pages: pageRows.length })
    return current
  })

  /** Reads the list once, and compares all readings. */
  const readOnce = Effect.fn("Duo.reading")(function*(cache: PageCache) {
    yield* Effect.annotateCurrentSpan("duo_mfa.reading", readings.length + 1)
    const start = pageRows.length
    const reading = yield* Stream.runFoldEffect(
      pages(cache),
      (): Reading | undefined => undefined,
      (reading, page) => recordPage(page, reading)
    )
    yield* loader.finish
    const n = readings.length
    const rows = pageRows.slice(start).map(({ content, isFirst }, index) =>
      `(${loader.list}, ${start + index}, ${n}, ${isFirst}, ${content})`
    )
    yield* session.run(
      `INSERT INTO moments VALUES (${loader.list}, ${n}, ${reading?.total ?? null}, ${reading?.notBefore ?? null});
       INSERT INTO pages VALUES ${rows.join(", ")}`
    )
    const evidence = yield* Completeness.compareReadings(session, sightings, n)
    duplicates += (reading?.objects ?? 0) - evidence.lastCount
    return evidence
  })

  const cache: PageCache = new Map()
  let evidence = yield* readOnce(cache)
  while (evidence.provenReading === undefined && !isHopeless(evidence, readings) && readings.length < readingsMax) {
    evidence = yield* readOnce(cache)
  }

  const { provenReading } = evidence
  // if every object has an id of its own, and every id was in the list at the moment of the proof, all are kept
  const isKept = provenReading !== undefined && evidence.allCount === loaded &&
    evidence.allCount === evidence.knownCount
  const changed = isKept ? 0 : yield* Completeness.selectObjects(session, {
    list: loader.list,
    table,
    columns: Object.keys(list.columns),
    id: list.id,
    provenReading
  })
  yield* insertStamp(session, loader.list, stamp)
  const last = readings.at(-1)
  const result: ReadList = {
    list,
    doubt: provenReading === undefined ? doubtOf(evidence, what, readings, moved) : null,
    proof: evidence.proof ?? null,
    total: (provenReading === undefined ? last : readings[provenReading - 1])?.total ?? null,
    pages: pageRows.length,
    readings: readings.length,
    duplicates,
    changed,
    unknownFields
  }
  return result
}, Effect.scoped)

/**
 * SQL for the view `objects.NAME` over a table of objects. The view has a list as soon as the list is read and in
 * `objects.stamps`. A join may follow, which leaves out objects.
 */
export const view = ({ name }: List, table: string) =>
  `CREATE TABLE IF NOT EXISTS objects.stamps (list INTEGER, run_id VARCHAR, observed_at TIMESTAMPTZ, tenant VARCHAR);
   CREATE VIEW IF NOT EXISTS objects.${DuckDb.name(name)} AS
   SELECT stamps.run_id, stamps.observed_at, stamps.tenant, objects.*
   FROM ${table} objects JOIN objects.stamps stamps ON stamps.list = objects._list`

/** Stores which run has read a list. */
export const insertStamp = (session: DuckDb.Session, list: number, { observed_at, run_id, tenant }: Stamp) =>
  session.run(
    `INSERT INTO objects.stamps VALUES (${list}, ${DuckDb.literal(run_id)}, ${DuckDb.constant(observed_at)}, ${
      DuckDb.literal(tenant)
    })`
  )

/** Stores the places at which objects of a page had half of a surrogate pair. */
export const insertHalves = (
  session: DuckDb.Session,
  list: number,
  page: number,
  halves: ReadonlyArray<HalfPair>
) => {
  const rows = halves.map(({ index, path }) =>
    `(${list}, ${page}, ${index}, ${DuckDb.literal(path.replace(/^\./, ""))})`
  )
  return rows.length === 0 ? Effect.void : session.run(`INSERT INTO objects.halves VALUES ${rows.join(", ")}`)
}

/**
 * Whether another reading cannot prove more: Duo sends no count, or two readings in a row had the same count and the
 * same ids, and the count is not the number of ids.
 */
const isHopeless = (
  { bothCount, lastCount, previousCount }: Completeness.Evidence,
  readings: ReadonlyArray<Reading>
): boolean => {
  const [previous, last] = [readings.at(-2), readings.at(-1)]
  if (last === undefined || last.total === null) return true
  return previous !== undefined && previous.total === last.total && lastCount === bothCount &&
    lastCount === previousCount
}

/** Why completeness is not proved, for a person. */
const doubtOf = (
  evidence: Completeness.Evidence,
  what: string,
  readings: ReadonlyArray<Reading>,
  moved: number
): string => {
  const total = readings.at(-1)?.total ?? null
  return total === null
    ? `Duo did not say how many ${what} there are`
    : isHopeless(evidence, readings)
    ? `Duo counts ${total} ${what} and lists ${evidence.lastCount}`
    : `the list of ${what} kept changing: it was read ${readings.length} times and seen to move ${moved} times, and ` +
      `${evidence.knownCount} of ${total} are known to have been there at one time`
}
