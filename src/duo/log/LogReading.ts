/**
 * Reads a part of the authentication log into the run database, and counts earlier parts again. The result has the
 * entries that nobody has yet, each once.
 */
import { Effect } from "effect"
import * as DuckDb from "../../duckdb/DuckDb.ts"
import * as ObjectLoader from "../../duckdb/ObjectLoader.ts"
import type { RunDatabase } from "../../duckdb/RunDatabase.ts"
import type { SinkReason } from "../../failure/SinkError.ts"
import type { LogPlan, LogWindow, ReadList, ReadWindow } from "../../Pipeline.ts"
import type { Stamp } from "../../Table.ts"
import * as Meters from "../../telemetry/Meters.ts"
import { insertHalves, insertStamp, view } from "../list/Readings.ts"
import { type AuthenticationLog, limitMax, list } from "./AuthenticationLog.ts"
import { type CountedLog, type CountKnown, describe, readWindow, recount, type Uncounted } from "./Counting.ts"

export interface LogReadingOptions {
  readonly database: RunDatabase
  readonly stamp: Stamp
  readonly plan: LogPlan
  readonly pageSize: number | undefined
  /** The entries' name in sentences. */
  readonly what: string
  /** Called after every page. */
  readonly onPage: (progress: { readonly seen: number; readonly pages: number }) => Effect.Effect<void>
}

/** How many parts that are not counted are named. */
const namedMax = 3

const doubtOf = (uncounted: ReadonlyArray<Uncounted>) => {
  if (uncounted.length === 0) return null
  const named = uncounted.slice(0, namedMax).map(describe)
  const others = uncounted.length - named.length
  return [...named, ...others === 0 ? [] : [`and so for ${others} more`]].join("; ")
}

const inPart = ({ from, to }: LogWindow) => `occurred_us BETWEEN ${from} * 1000 AND ${to} * 1000 + 999`

/** The beginning of the second in which the part begins. An entry without microseconds stands at the beginning of its second. */
const secondOf = ({ from }: LogWindow) => Math.floor(from / 1000) * 1000

/** SQL for the number of entries in a part, and whether one without microseconds is at an end of it. */
const countIn = (part: LogWindow, entries: string) =>
  `SELECT count(*) FILTER (${inPart(part)}),
     coalesce(bool_or(occurred_us % 1000000 = 0
       AND (occurred_us < ${part.from} * 1000 OR occurred_us > ${part.to} * 1000 - 1000000)), false)
   FROM (${entries}) WHERE ${inPart({ ...part, from: secondOf(part) })}`

export const read = Effect.fn("Duo.log")(function*(
  log: AuthenticationLog["Service"],
  { database, onPage, pageSize = limitMax, plan, stamp, what }: LogReadingOptions
) {
  yield* Effect.annotateCurrentSpan("duo_mfa.list", what)
  const table = `readings.${DuckDb.name(list.name)}`
  const session = database.session
  const loader = yield* ObjectLoader.make(database, table, list.columns)
  // every entry that was read, once, with its place in the table
  yield* session.run("CREATE TABLE readings.entries (object BIGINT, txid VARCHAR, occurred_us BIGINT)")
  // the published entries of all parts of which pages were read
  yield* session.run("CREATE TABLE readings.held (txid VARCHAR, occurred_us BIGINT)")
  const unknownFields = new Set<string>()
  let [pages, returned, entered] = [0, 0, 0]

  /** Makes `readings.entries` have everything that was read until now. */
  const enter = Effect.gen(function*() {
    if (entered === pages) return
    yield* loader.finish
    yield* session.run(
      `INSERT INTO readings.entries SELECT * FROM (
         SELECT min(rowid) AS object, txid, occurred_us FROM ${table} WHERE _page >= ${entered} GROUP BY ALL
       ) fresh ANTI JOIN readings.entries USING (txid, occurred_us)`
    )
    entered = pages
  })
  const count = (sql: string) => Effect.map(session.all(`SELECT count(*) ${sql}`), ([row]) => Number(row?.[0]))
  const sureCount = (part: LogWindow, entries: string): ReturnType<CountKnown<SinkReason>> =>
    Effect.map(
      Effect.andThen(enter, session.all(countIn(part, entries))),
      ([row]) => row?.[1] === true ? "unsure" : Number(row?.[0])
    )
  const countRead = (part: LogWindow) => sureCount(part, "SELECT occurred_us FROM readings.entries")
  const countKnown = (part: LogWindow) =>
    sureCount(
      part,
      "SELECT txid, occurred_us FROM readings.known UNION SELECT txid, occurred_us FROM readings.entries"
    )

  const counted = {
    pageSize,
    count: log.count,
    page: Effect.fnUntraced(function*(part: LogWindow, offset: Parameters<CountedLog<never>["page"]>[1]) {
      const page = yield* log.page(part, offset, pageSize)
      for (const objects of page.objects) yield* loader.add(pages, objects)
      yield* insertHalves(session, loader.list, pages, page.halves)
      for (const field of page.unknownFields) unknownFields.add(field)
      pages++
      returned += page.keys.length
      yield* Meters.paged(what)
      yield* onPage({ seen: returned, pages })
      return page
    })
  }

  /** Reads a part, or counts it again. Meanwhile `readings.known` has its published entries. */
  const inPublished = Effect.fnUntraced(function*<A, E>(part: LogWindow, reading: Effect.Effect<A, E>) {
    yield* plan.hold({ ...part, from: secondOf(part) })
    yield* session.run(
      `CREATE OR REPLACE TABLE readings.known AS
       SELECT DISTINCT txid, epoch_us(occurred_at) AS occurred_us FROM ${plan.held}`
    )
    const before = pages
    const read = yield* reading
    if (pages > before) yield* session.run("INSERT INTO readings.held FROM readings.known")
    return read
  })
  const uncounted = [...yield* inPublished(plan.window, readWindow(counted, countRead, plan.window))]
  for (const part of plan.recount) {
    uncounted.push(...yield* inPublished(part, recount(counted, countKnown, [part])))
  }

  yield* enter
  yield* session.run(
    `CREATE TABLE readings.added AS SELECT object, occurred_us FROM readings.entries
     ANTI JOIN readings.held USING (txid, occurred_us)`
  )
  yield* database.define(`${view(list, table)} SEMI JOIN readings.added added ON added.object = objects.rowid`)
  yield* insertStamp(session, loader.list, stamp)
  const added = yield* count("FROM readings.added")
  const doubt = doubtOf(uncounted)
  const window: ReadWindow = {
    ...plan.window,
    late: yield* count(`FROM readings.added WHERE occurred_us < ${plan.window.from} * 1000`),
    repeated: returned - added
  }
  const read: ReadList = {
    list,
    doubt,
    proof: doubt === null ? "counted" : null,
    total: doubt === null ? yield* count(`FROM readings.entries WHERE ${inPart(plan.window)}`) : null,
    pages,
    readings: 1,
    duplicates: returned - added,
    changed: 0,
    unknownFields
  }
  return { list: read, window }
}, Effect.scoped)
