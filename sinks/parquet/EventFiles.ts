/** The Parquet files of the tables of logs: `T/event_date=YYYY-MM-DD/RUN_ID.parquet`, a file per run and day of its events. */
import { Array, Effect, FileSystem, Path } from "effect"
import * as DuckDb from "../../src/duckdb/DuckDb.ts"
import * as Instant from "../../src/duckdb/Instant.ts"
import * as RowsSql from "../../src/duckdb/RowsSql.ts"
import { InputOutput } from "../../src/failure/SinkError.ts"
import * as Files from "../../src/files/Files.ts"
import * as Removed from "../../src/files/removal/Removed.ts"
import * as ParquetFiles from "../../src/history/ParquetFiles.ts"
import * as ParquetWriter from "../../src/history/ParquetWriter.ts"
import type { Outcome } from "../../src/Outcome.ts"
import type { EventPart, PublishedRun, Removal } from "../../src/Sink.ts"
import type { EventTable, Table } from "../../src/Table.ts"

const partition = "event_date"

const dayOf = (instant: bigint) => Instant.format(instant).split("T", 1)[0] ?? ""

/** The column with the instant of a row. */
const instantOf = ({ at }: EventTable) => DuckDb.name(at)

/** The path of the file of a run with the events of a day. */
const fileOf = Effect.fnUntraced(function*(root: string, { name }: Table, day: string, run_id: string) {
  const path = yield* Path.Path
  return path.join(root, name, `${partition}=${day}`, `${run_id}.parquet`)
})

/** The path of a file, to find out before the run whether it can be written. */
export const target = (
  root: string,
  table: Table,
  { observed_at, run_id }: Pick<PublishedRun, "observed_at" | "run_id">
) => fileOf(root, table, dayOf(observed_at), run_id)

/**
 * Stages a file for each day that the rows are of, and gives their targets. A run without rows has one empty file, because
 * the metadata of the files says which runs there were.
 */
export const seal = Effect.fnUntraced(function*(
  session: DuckDb.Session,
  root: string,
  staged: (name: string) => string,
  written: ParquetWriter.WrittenParquet,
  log: EventTable
) {
  const { round, table } = written
  const newest = Array.lastNonEmpty(round)
  const rows = RowsSql.select(table, ...round.map(({ run_id }) => run_id))
  const day = `strftime(${instantOf(log)}, '%Y-%m-%d')`
  const counted = yield* session.all(`SELECT ${day}, count(*) FROM (${rows}) GROUP BY ALL ORDER BY ALL`)
  const days = counted.map(([day, count]) => ({ day: String(day), rows: Number(count) }))
  const none = { day: (newest.window?.to ?? newest.observed_at).slice(0, 10), rows: 0 }
  const moves: Array<Files.Move> = []
  for (const { day: date, rows: expected } of days.length === 0 ? [none] : days) {
    const from = staged(`${table.name}.${date}`)
    yield* ParquetWriter.copy(session, `FROM (${rows}) WHERE ${day} = ${DuckDb.literal(date)}`, from, written)
    yield* ParquetWriter.verify(session, from, "true", written, expected)
    moves.push({ from, to: yield* fileOf(root, table, date, newest.run_id) })
  }
  const sealed = days.reduce((sum, { rows }) => sum + rows, 0)
  const expected = round.reduce((sum: number, { rows }: Outcome) => sum + (rows[table.name] ?? 0), 0)
  if (sealed !== expected) {
    return yield* new InputOutput({ detail: `${table.name} has ${sealed} rows with a day, and ${expected} rows` })
  }
  return moves
})

/** The names of the files of days; files that other people keep there are left out. */
const days = Effect.fnUntraced(function*(root: string, { name }: Table) {
  const fs = yield* FileSystem.FileSystem
  const path = yield* Path.Path
  const folder = path.join(root, name)
  if (!(yield* Files.exists(folder))) return []
  const names = yield* Effect.mapError(fs.readDirectory(folder), Files.reasonOf)
  return names.flatMap((name) => {
    const day = /^event_date=(\d{4}-\d\d-\d\d)$/.exec(name)?.[1]
    return day === undefined ? [] : [{ day, folder: path.join(folder, name) }]
  })
})

/** SQL for a list of files. */
const listed = (files: ReadonlyArray<string>) =>
  `[${files.map((file) => DuckDb.path(DuckDb.literal(file))).join(", ")}]`

/** The query for the rows of a run; undefined if none of its files is there. */
export const select = Effect.fnUntraced(function*(root: string, { round, run_id }: PublishedRun, table: Table) {
  const path = yield* Path.Path
  const id = round?.run_id ?? run_id
  const files: Array<string> = []
  for (const { folder } of yield* days(root, table)) {
    const file = path.join(folder, `${id}.parquet`)
    if (yield* Files.exists(file)) files.push(file)
  }
  if (files.length === 0) return undefined
  return `SELECT ${DuckDb.names(table)} FROM read_parquet(${listed(files)}, ${DuckDb.asStored})` +
    ` WHERE run_id = ${DuckDb.literal(run_id)}`
})

/** The query for the keys of the events of a part; undefined if no day of it has files. */
export const keys = Effect.fnUntraced(function*(
  session: DuckDb.Session,
  root: string,
  table: Table,
  log: EventTable,
  { from, tenant, to }: EventPart
) {
  const [first, last] = [dayOf(from), dayOf(to)]
  const patterns: Array<string> = []
  for (const { day } of yield* days(root, table)) {
    if (day < first || day > last) continue
    const files = `${DuckDb.path(DuckDb.literal(root))} || ${
      DuckDb.literal(`/${table.name}/${partition}=${day}/*.parquet`)
    }`
    const [some] = yield* session.all(`SELECT 1 FROM glob(${files}) LIMIT 1`)
    if (some !== undefined) patterns.push(files)
  }
  if (patterns.length === 0) return undefined
  yield* Effect.forEach(patterns, (files) => ParquetFiles.refuseNewer(session, files), { discard: true })
  return `SELECT ${table.key.map(DuckDb.name).join(", ")}
    FROM read_parquet([${patterns.join(", ")}], union_by_name = true, ${DuckDb.asStored})
    WHERE tenant = ${DuckDb.literal(tenant)} AND epoch_us(${instantOf(log)}) BETWEEN ${from} AND ${to}`
})

/** Removes the files of the days before an instant. The result says how many days and bytes those were. */
export const prune = Effect.fnUntraced(function*(
  root: string,
  tables: ReadonlyArray<Table>,
  before: bigint,
  removal: Removal
) {
  const fs = yield* FileSystem.FileSystem
  const path = yield* Path.Path
  const end = dayOf(before)
  const removed = new Set<string>()
  let bytes = 0
  for (const table of tables) {
    for (const { day, folder } of yield* days(root, table)) {
      if (day >= end) continue
      const names = yield* Effect.mapError(fs.readDirectory(folder), Files.reasonOf)
      bytes += yield* Removed.remove(names.map((name) => path.join(folder, name)), removal)
      removed.add(day)
    }
  }
  return `${removed.size} days, ${Removed.format(bytes)}`
})
