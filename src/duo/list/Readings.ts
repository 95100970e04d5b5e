/**
 * Reads a list of Duo's into the run database, again and again until it is proved who was in it at one moment, or until that
 * looks hopeless.
 */
import { Effect, Stream } from "effect"
import * as DuckDb from "../../duckdb/DuckDb.ts"
import { listSize } from "../../duckdb/ObjectLoader.ts"
import * as ObjectLoader from "../../duckdb/ObjectLoader.ts"
import type { RunDatabase } from "../../duckdb/RunDatabase.ts"
import type { List, ReadList } from "../../Pipeline.ts"
import type { Stamp } from "../../Table.ts"
import * as Meters from "../../telemetry/Meters.ts"
import type { Half } from "../wire/WellFormed.ts"
import * as Completeness from "./Completeness.ts"
import type { Content, Page, PageCache, PageOptions } from "./Pages.ts"

/** How far the reading is. */
export interface ReadingProgress {
  /** Readings begun. */
  readonly reading: number
  /** Objects seen in this reading. */
  readonly seen: number
  /** How many Duo says there are; null if it does not. */
  readonly total: number | null
  /** Pages of all readings. */
  readonly pages: number
}

export interface ReadOptions extends PageOptions {
  /** What the objects are called in sentences: `bypass codes`. */
  readonly what: string
  readonly database: RunDatabase
  /** The run that the objects are of. */
  readonly stamp: Stamp
  /** Is told of every page. */
  readonly onPage: (progress: ReadingProgress) => Effect.Effect<void>
}

/** The list is read from its start at most so often. */
const readingsMax = 5

/** Names of unknown fields that are remembered. */
const unknownFieldsMax = 1000

/** A page as `readings.pages` has it. */
interface Taken {
  readonly content: number
  readonly isFirst: boolean
}

/** One reading of the list. */
interface Reading {
  readonly total: number | null
  readonly notBefore: number | null
  /** Objects on its pages, but for those that pages share. */
  objects: number
}

/** Reads a list of which `pages` is one reading, an element a page; it may use what it has read before. */
export const read = Effect.fn("Duo.snapshot")(function*<E>(
  list: List,
  pages: (before: PageCache) => Stream.Stream<Page, E>,
  { database: { session }, onPage, stamp, what }: ReadOptions
) {
  yield* Effect.annotateCurrentSpan("duo_mfa.list", what)
  const table = `readings.${DuckDb.name(list.name)}`
  const sightings = `readings.${DuckDb.name(`${list.name} sightings`)}`
  const name = DuckDb.literal(list.name)
  yield* session.run(Completeness.tables.join("; "))
  const loader = yield* ObjectLoader.make(session, table, list.columns)
  const objects = `CREATE OR REPLACE VIEW objects.${DuckDb.name(list.name)} AS
    SELECT ${DuckDb.literal(stamp.run_id)} AS run_id, ${DuckDb.constant(stamp.observed_at)} AS observed_at,
      ${DuckDb.literal(stamp.tenant)} AS tenant, objects.* FROM ${table} objects`
  // there is none until the list was read
  yield* session.run(`${objects} WHERE false`)
  yield* session.run(
    `CREATE VIEW ${sightings} AS SELECT ${name} AS list, ${DuckDb.name(list.id)} AS id,
       ${DuckDb.name(list.created)} AS created, reading, is_first
     FROM readings.pages JOIN ${table} ON _page = content WHERE list = ${name}`
  )

  const taken: Array<Taken> = []
  const pageOf = new Map<Content, number>()
  const unknownFields = new Set<string>()
  const readings: Array<Reading> = []
  let moved = 0
  let duplicates = 0

  const recordPage = Effect.fnUntraced(function*(
    { content, halves, notBefore, objects, overlaps, unknownFields: fields }: Page,
    reading: Reading | undefined
  ) {
    const isFirst = reading === undefined
    const current = reading ?? { total: content.total, notBefore, objects: 0 }
    if (isFirst) readings.push(current)
    if (overlaps === false) moved++
    current.objects += content.count - (overlaps === true ? 1 : 0)
    const page = taken.length
    taken.push({ content: pageOf.get(content) ?? page, isFirst })
    if (!pageOf.has(content)) pageOf.set(content, page)
    if (objects !== undefined) {
      for (const [list, json] of objects.entries()) yield* loader.add({ page, first: list * listSize, json })
      yield* insertHalves(session, list, page, halves)
    }
    for (const field of fields) if (unknownFields.size < unknownFieldsMax) unknownFields.add(field)
    yield* Meters.paged(what)
    yield* onPage({ reading: readings.length, seen: current.objects, total: current.total, pages: taken.length })
    return current
  })

  /** Reads the list once, and compares it with the readings before. */
  const readOnce = Effect.fn("Duo.sweep")(function*(before: PageCache) {
    yield* Effect.annotateCurrentSpan("duo_mfa.sweep", readings.length + 1)
    const start = taken.length
    const reading = yield* Stream.runFoldEffect(
      pages(before),
      (): Reading | undefined => undefined,
      (reading, page) => recordPage(page, reading)
    )
    yield* loader.finish
    const n = readings.length
    yield* session.run(
      `INSERT INTO readings.moments VALUES (${name}, ${n}, ${reading?.total ?? null}, ${reading?.notBefore ?? null})`
    )
    const rows = taken.slice(start).map(({ content, isFirst }, index) =>
      `(${name}, ${start + index}, ${n}, ${isFirst}, ${content})`
    )
    yield* session.run(`INSERT INTO readings.pages VALUES ${rows.join(", ")}`)
    const shown = yield* Completeness.look(session, list.name, sightings, n)
    duplicates += (reading?.objects ?? 0) - shown.last
    return shown
  })

  const before: PageCache = new Map()
  let shown = yield* readOnce(before)
  while (shown.moment === undefined && !isHopeless(shown, readings) && readings.length < readingsMax) {
    shown = yield* readOnce(before)
  }

  const { moment } = shown
  const { changed, left } = yield* Completeness.choose(session, {
    list: list.name,
    table,
    columns: Object.keys(list.columns),
    id: list.id,
    moment
  })
  yield* session.run(`${objects} ANTI JOIN ${left} ON object = objects.rowid`)
  const last = readings.at(-1)
  const result: ReadList = {
    list,
    doubt: moment === undefined ? doubtOf(shown, what, readings, moved) : null,
    proof: shown.proof ?? null,
    total: (moment === undefined ? last : readings[moment - 1])?.total ?? null,
    pages: taken.length,
    readings: readings.length,
    duplicates,
    changed,
    unknownFields
  }
  return result
}, Effect.scoped)

/** Remembers where objects of a page had half of a surrogate pair. */
const insertHalves = (session: DuckDb.Session, { name }: List, page: number, halves: ReadonlyArray<Half>) => {
  const rows = halves.map(({ index, path }) =>
    `(${DuckDb.literal(name)}, ${page}, ${index}, ${DuckDb.literal(path.replace(/^\./, ""))})`
  )
  return rows.length === 0 ? Effect.void : session.run(`INSERT INTO readings.halves VALUES ${rows.join(", ")}`)
}

/** Another reading could not prove more: Duo tells no number, or one that its own list contradicts twice. */
const isHopeless = ({ before, both, last }: Completeness.Shown, readings: ReadonlyArray<Reading>): boolean => {
  const [second, first] = [readings.at(-2), readings.at(-1)]
  if (first === undefined || first.total === null) return true
  return second !== undefined && second.total === first.total && last === both && last === before
}

const doubtOf = (shown: Completeness.Shown, what: string, readings: ReadonlyArray<Reading>, moved: number): string => {
  const total = readings.at(-1)?.total ?? null
  return total === null
    ? `Duo did not say how many ${what} there are`
    : isHopeless(shown, readings)
    ? `Duo counts ${total} ${what} and lists ${shown.last}`
    : `the list of ${what} would not hold still: read ${readings.length} times, it was seen to move ${moved} times, and ` +
      `${shown.known} of ${total} are known to have been there at one time`
}
