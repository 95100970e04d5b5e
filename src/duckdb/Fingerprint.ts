/**
 * Makes the fingerprint of a set of rows: a hash that does not depend on their order. The engine makes it of the rows
 * that the sinks get, and `verify` of the rows that it reads back from them. SQL and JavaScript make the same
 * fingerprint, and so can any other language.
 */
import { Effect, Schema, Stream } from "effect"
import { hash } from "node:crypto"
import type { SinkReason } from "../failure/SinkError.ts"
import { collectedTables, type Outcome } from "../Outcome.ts"
import type { Published, Query } from "../Sink.ts"
import { type Cell, type Column, type EventTable, isEvents, type Row, type Table } from "../Table.ts"
import * as DuckDb from "./DuckDb.ts"
import * as Instant from "./Instant.ts"
import * as Ndjson from "./Ndjson.ts"
import * as RowsSql from "./RowsSql.ts"

/**
 * The algorithms of fingerprints:
 *
 * - `md5-sum`: each row is encoded as one text, cell by cell in the order of the columns. A text cell is its length in
 *   bytes of UTF-8, a colon, and the text itself; NULL is a colon alone. Any other cell is its value and a comma; NULL
 *   is a comma alone. An instant is its microseconds since 1970. Different rows always give different texts. The last 8
 *   bytes of the text's MD5 are read as a little-endian number, and the numbers of all rows are added up. The sum is 32
 *   hex digits.
 * - `sha256-lanes`: the SHA-256 of each row's line of NDJSON, added up in four lanes of 32 bits. Older runs have it.
 */
export const Algorithm = Schema.Literals(["md5-sum", "sha256-lanes"])
export type Algorithm = typeof Algorithm.Type

/** The algorithm of new fingerprints. */
export const algorithm: Algorithm = "md5-sum"

/** The number of rows, and their hash. */
export interface Fingerprint {
  readonly rows: number
  readonly digest: string
}

const hex = (sum: bigint): string => sum.toString(16).padStart(32, "0")

const sqlOf = ({ name, type }: Column): string => {
  const cell = DuckDb.name(name)
  switch (type) {
    case "text":
      return `strlen(${cell}), ':', ${cell}`
    case "timestamp":
      return `epoch_us(${cell}), ','`
    default:
      return `${cell}, ','`
  }
}

/** SQL for the sum of the hashes of rows. */
const sumOf = ({ columns }: Table) =>
  // concat treats NULL as an empty text
  `coalesce(sum(md5_number_lower(concat(${columns.map(sqlOf).join(", ")}))::HUGEINT), 0)`

/** The fingerprint of the rows of a query. */
export const ofQuery = Effect.fnUntraced(function*({ session, sql }: Query, table: Table) {
  const [found = []] = yield* session.all(`SELECT count(*), ${sumOf(table)} FROM (${sql})`)
  const fingerprint: Fingerprint = { rows: Number(found[0]), digest: hex(BigInt(String(found[1]))) }
  return fingerprint
})

const textOf = ({ type }: Column, cell: Cell): string => {
  if (type !== "text") return `${cell ?? ""},`
  const text = cell === null ? "" : String(cell).toWellFormed()
  return cell === null ? ":" : `${Buffer.byteLength(text)}:${text}`
}

/** The text of a row that is hashed. */
export const encode = ({ columns }: Table, row: Row): string =>
  columns.map((column) => textOf(column, row[column.name] ?? null)).join("")

const md5Sum = (table: Table) => {
  let sum = 0n
  return {
    add: (rows: ReadonlyArray<Row>) => {
      for (const row of rows) sum += hash("md5", encode(table, row), "buffer").readBigUInt64LE(8)
    },
    digest: () => hex(sum)
  }
}

const sha256Lanes = (table: Table) => {
  const lanes = new Uint32Array(4)
  const line = Ndjson.line(table)
  return {
    add: (rows: ReadonlyArray<Row>) => {
      for (const row of rows) {
        const digest = hash("sha256", line(row), "buffer")
        for (let lane = 0; lane < lanes.length; lane++) lanes[lane] = (lanes[lane] ?? 0) + digest.readUInt32LE(lane * 4)
      }
    },
    digest: () => [...lanes].map((lane) => lane.toString(16).padStart(8, "0")).join("")
  }
}

/** The fingerprint of a stream of rows. */
export const ofRows = <E, R>(
  rows: Stream.Stream<ReadonlyArray<Row>, E, R>,
  table: Table,
  by: Algorithm = algorithm
): Effect.Effect<Fingerprint, E, R> =>
  Effect.suspend(() => {
    const sum = by === "md5-sum" ? md5Sum(table) : sha256Lanes(table)
    let count = 0
    const add = (some: ReadonlyArray<Row>) =>
      Effect.sync(() => {
        sum.add(some)
        count += some.length
      })
    return Effect.map(Stream.runForEach(rows, add), () => ({ rows: count, digest: sum.digest() }))
  })

/** The fingerprint of published rows, with the algorithm of their run. */
export const ofPublished = <E>(
  published: Published<E>,
  table: Table,
  by: Algorithm
): Effect.Effect<Fingerprint, E | SinkReason> =>
  Stream.isStream(published)
    ? ofRows(published, table, by)
    : by === "md5-sum"
    ? ofQuery(published, table)
    : ofRows(RowsSql.stream(published.session, table, published.sql), table, by)

/** The digest of some rows without others that are among them. It needs no rows, because a digest is a sum. */
export const without = (digest: string, others: string, by: Algorithm): string => {
  const lane = by === "md5-sum" ? 32 : 8
  const difference = (at: number) => {
    const [whole, part] = [digest, others].map((text) => BigInt(`0x${text.slice(at, at + lane)}`))
    return BigInt.asUintN(lane * 4, (whole ?? 0n) - (part ?? 0n)).toString(16).padStart(lane, "0")
  }
  return Array.from({ length: digest.length / lane }, (_, index) => difference(index * lane)).join("")
}

/** The name of the digest of the events of one day, such as `events 2026-11-01`. */
export const dayKey = ({ name }: Table, day: string) => `${name} ${day}`

/** The digests of published events by day, with the day's name. Days of a log may be deleted, and the rest is compared. */
export const byDay = Effect.fnUntraced(function*<E>(published: Published<E>, table: Table, { at }: EventTable) {
  const days = new Map<string, string>()
  if (Stream.isStream(published)) {
    const sums = new Map<string, ReturnType<typeof md5Sum>>()
    yield* Stream.runForEach(published, (rows) =>
      Effect.sync(() => {
        for (const row of rows) {
          const instant = row[at]
          const day = typeof instant === "bigint" ? Instant.format(instant).slice(0, 10) : ""
          const sum = sums.get(day) ?? md5Sum(table)
          sums.set(day, sum)
          sum.add([row])
        }
      }))
    for (const [day, sum] of sums) days.set(dayKey(table, day), sum.digest())
    return days
  }
  const day = `strftime(${DuckDb.name(at)}, '%Y-%m-%d')`
  const found = yield* published.session.all(
    `SELECT ${day} AS day, ${sumOf(table)} FROM (${published.sql}) GROUP BY ALL`
  )
  for (const [day, sum] of found) days.set(dayKey(table, String(day)), hex(BigInt(String(sum))))
  return days
})

/** For each run, by its id, the digests of its rows for each table that it collected. It uses a connection of its own. */
export const ofRuns = Effect.fn("Fingerprint.ofRuns")(
  function*(database: DuckDb.Session, tables: ReadonlyArray<Table>, outcomes: ReadonlyArray<Outcome>) {
    const session = yield* database.another
    const digests = new Map<string, Record<string, string>>(outcomes.map(({ run_id }) => [run_id, {}]))
    for (const table of tables) {
      const collected = outcomes.filter((outcome) => collectedTables([table], outcome).length > 0)
      if (collected.length === 0) continue
      if (isEvents(table) && table.log !== null) {
        for (const { run_id } of collected) {
          const days = yield* byDay<never>({ session, sql: RowsSql.select(table, run_id) }, table, table.log)
          const sum = [...days.values()].reduce((sum, digest) => sum + BigInt(`0x${digest}`), 0n)
          digests.set(run_id, { ...digests.get(run_id), ...Object.fromEntries(days), [table.name]: hex(sum) })
        }
        continue
      }
      const sql = RowsSql.select(table, ...collected.map(({ run_id }) => run_id))
      const sums = yield* session.all(`SELECT run_id, ${sumOf(table)} FROM (${sql}) GROUP BY run_id`)
      for (const { run_id } of collected) {
        const sum = sums.find(([run]) => run === run_id)?.[1] ?? 0
        digests.set(run_id, { ...digests.get(run_id), [table.name]: hex(BigInt(String(sum))) })
      }
    }
    return digests
  },
  Effect.scoped
)

/** The digests of a run's rows for each table that it collected. */
export const ofRun = (database: DuckDb.Session, tables: ReadonlyArray<Table>, outcome: Outcome) =>
  Effect.map(ofRuns(database, tables, [outcome]), (digests) => digests.get(outcome.run_id) ?? {})
