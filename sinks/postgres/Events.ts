/** The events of logs in PostgreSQL: each is inserted once, found by its key, and deleted when it is old. */
import { Effect, Stream } from "effect"
import * as DuckDb from "../../src/duckdb/DuckDb.ts"
import * as Instant from "../../src/duckdb/Instant.ts"
import type { SinkReason } from "../../src/failure/SinkError.ts"
import type { EventPart, Removal } from "../../src/Sink.ts"
import { isEvents, type Table } from "../../src/Table.ts"
import * as Cells from "./Cells.ts"
import * as Connection from "./Connection.ts"
import type { DatabaseTarget } from "./DatabaseTarget.ts"
import * as Storage from "./versions/Storage.ts"

/** Copies lines into a table, and gives the number of rows. An event that is there already is not inserted again. */
export const copy = Effect.fnUntraced(function*(
  session: Connection.Connection,
  target: DatabaseTarget,
  table: Table,
  lines: Stream.Stream<string, SinkReason>
) {
  const rows = Storage.rowsOf(target, table)
  const into = (qualified: string) => `COPY ${qualified} (${DuckDb.names(table)}) FROM STDIN`
  if (!isEvents(table)) return yield* session.copy(into(rows), lines)
  const staged = `pg_temp.${DuckDb.name(table.name)}`
  yield* session.run(`CREATE TEMPORARY TABLE ${DuckDb.name(table.name)} (LIKE ${rows}) ON COMMIT DROP`)
  const copied = yield* session.copy(into(staged), lines)
  yield* session.run(
    `INSERT INTO ${rows} (${DuckDb.names(table)}) SELECT ${DuckDb.names(table)} FROM ${staged} ON CONFLICT DO NOTHING`
  )
  return copied
})

/** The keys of the published events of a part. */
export const keys = Effect.fnUntraced(function*(
  session: Connection.Connection,
  target: DatabaseTarget,
  table: Table,
  at: string,
  { from, tenant, to }: EventPart
) {
  const there = yield* session.all("SELECT to_regclass($1)", [Storage.viewOf(target, table.name)])
  if (there[0]?.[0] === null) return undefined
  const key: Table = { ...table, columns: table.columns.filter(({ name }) => table.key.includes(name)) }
  const columns = key.columns.map((column) => Cells.selected(column, DuckDb.name(column.name)))
  const instant = (micros: bigint) => `${DuckDb.literal(Instant.format(micros))}::timestamptz`
  const rows = yield* Connection.stream(
    session,
    `SELECT ${columns.join(", ")} FROM ${Storage.viewOf(target, table.name)}
     WHERE tenant = ${DuckDb.literal(tenant)} AND ${DuckDb.name(at)} BETWEEN ${instant(from)} AND ${instant(to)}`
  )
  return Stream.map(rows, (some) => some.map((texts) => Cells.row(key, texts)))
})

/** Deletes the events before an instant. The result says how many rows those were; a dry run only counts them. */
export const prune = Effect.fnUntraced(function*(
  session: Connection.Connection,
  target: DatabaseTarget,
  tables: ReadonlyArray<Table>,
  before: bigint,
  { dryRun }: Removal
) {
  let deleted = 0
  for (const table of tables) {
    if (table.log === null) continue
    const there = yield* session.all("SELECT to_regclass($1)", [Storage.rowsOf(target, table)])
    if (there[0]?.[0] === null) continue
    const old = `FROM ${Storage.rowsOf(target, table)} WHERE ${DuckDb.name(table.log.at)} < $1::timestamptz`
    const [[count] = []] = yield* session.all(
      `WITH gone AS (${dryRun ? `SELECT ${old}` : `DELETE ${old} RETURNING run_id`}) SELECT count(*) FROM gone`,
      [Instant.format(before)]
    )
    deleted += Number(count)
  }
  return `${deleted} rows`
})
