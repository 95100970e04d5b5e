/**
 * PostgreSQL: the rows of every run of every tenant, with views of the last run and of any time before. One transaction
 * copies the rows. The views show them when the run is published, which updates one cell.
 */
import { Effect, Schema, Stream } from "effect"
import * as DuckDb from "../src/duckdb/DuckDb.ts"
import { refusal } from "../src/failure/Shrink.ts"
import { CannotCreate, InputOutput, InUse } from "../src/failure/SinkError.ts"
import * as Files from "../src/files/Files.ts"
import { collectedTables, type Outcome, runs, stampOf, toRow } from "../src/Outcome.ts"
import type { Rows, Sink, SinkRun } from "../src/Sink.ts"
import { isSnapshot, type Row, type Table } from "../src/Table.ts"
import * as Cells from "./postgres/Cells.ts"
import * as Connection from "./postgres/Connection.ts"
import * as DatabaseTarget from "./postgres/DatabaseTarget.ts"
import * as Events from "./postgres/Events.ts"
import * as Layout from "./postgres/Layout.ts"

/** The database at a location. */
const connect = Effect.fnUntraced(function*(location: string) {
  const target = yield* Effect.mapError(
    DatabaseTarget.read(location),
    ({ message }) => new CannotCreate({ detail: message })
  )
  return { target, session: yield* Connection.open(target) }
})

const copyInto = (qualified: string, table: Table) => `COPY ${qualified} (${DuckDb.names(table)}) FROM STDIN`

/** Takes the lock of a tenant. The run keeps it until its connection ends. Runs on other machines use the same lock. */
const lock = Effect.fnUntraced(
  function*({ all }: Connection.Connection, { schema }: DatabaseTarget.DatabaseTarget, tenant: string) {
    const locked = yield* all("SELECT pg_try_advisory_lock(hashtextextended($1, 0))", [`duo-mfa ${schema} ${tenant}`])
    if (locked[0]?.[0] !== "t") return yield* new InUse({ pid: null })
  }
)

/** Counts the rows that the run would remove from a table of its tenant. */
const lossOf = Effect.fnUntraced(
  function*({ all }: Connection.Connection, target: DatabaseTarget.DatabaseTarget, run: SinkRun, table: Table) {
    const key = table.key.map(DuckDb.name).join(", ")
    const counted = yield* all(
      `SELECT count(*), count(*) FILTER (WHERE fresh.run_id IS NULL), (SELECT count(*) FROM ${
        Layout.rowsOf(target, table)
      } WHERE run_id = $1)
       FROM ${Layout.viewOf(target, table.name)} before
       LEFT JOIN (SELECT run_id, ${key} FROM ${Layout.rowsOf(target, table)} WHERE run_id = $1) fresh USING (${key})
       WHERE before.tenant = $2`,
      [run.run_id, run.tenant]
    )
    const [before = 0, gone = 0, seen = 0] = (counted[0] ?? []).map(Number)
    return { table, before, gone, seen }
  }
)

/** Fails if the complete run would remove more rows of its tenant than a person has allowed. */
const refuseShrunk = Effect.fnUntraced(
  function*(
    session: Connection.Connection,
    target: DatabaseTarget.DatabaseTarget,
    run: SinkRun,
    tables: ReadonlyArray<Table>
  ) {
    const losses = yield* Effect.forEach(tables, (table) => lossOf(session, target, run, table))
    const refused = refusal(losses, run)
    if (refused !== undefined) return yield* refused
  }
)

/**
 * The runs that this process has opened and not sealed. They have left nothing in the database, so discarding them needs no
 * connection.
 */
const unsealed = new Set<string>()
const placeOf = (location: string, run_id: string) => `${run_id} ${location}`

const open = Effect.fnUntraced(function*(location: string, run: SinkRun) {
  unsealed.add(placeOf(location, run.run_id))
  const { session, target } = yield* connect(location)
  yield* lock(session, target, run.tenant)
  yield* Layout.migrate(session, target, run.tables)
  const known = yield* session.all(`SELECT FROM ${Layout.rowsOf(target, runs)} WHERE run_id = $1`, [run.run_id])
  if (known.length > 0) return yield* new CannotCreate({ detail: `run ${run.run_id} exists already` })
  // these statements change nothing, and fail if the user may not write
  const checks = [
    ...[runs, ...run.tables].map((table) => Layout.rowsOf(target, table)).map((rows) =>
      `INSERT INTO ${rows} SELECT * FROM ${rows} WHERE false`
    ),
    `UPDATE ${Layout.rowsOf(target, runs)} SET published = true WHERE false`,
    `DELETE FROM ${Layout.rowsOf(target, runs)} WHERE false`
  ]
  yield* session.run(checks.join(";"))

  const sealTable = Effect.fnUntraced(function*(outcome: Outcome, rows: Rows, table: Table) {
    let bytes = 0
    const lines = Stream.map(rows.stream(table, outcome.run_id), (some) => {
      const text = Cells.lines(table, some)
      bytes += Buffer.byteLength(text)
      return text
    })
    const copied = yield* Events.copy(session, target, table, lines)
    const expected = outcome.rows[table.name] ?? 0
    if (copied !== expected) {
      return yield* new InputOutput({ detail: `the server took ${copied} of ${expected} rows of ${table.name}` })
    }
    return bytes
  })

  const sealRun = Effect.fnUntraced(function*(outcome: Outcome, rows: Rows) {
    const known: Row = toRow(run.tables, outcome)
    yield* session.copy(copyInto(Layout.rowsOf(target, runs), runs), Stream.make(Cells.lines(runs, [known])))
    const tables = collectedTables(run.tables, outcome)
    const bytes = yield* Effect.forEach(tables, (table) => sealTable(outcome, rows, table))
    const snapshots = tables.filter(isSnapshot)
    if (outcome.complete) yield* refuseShrunk(session, target, { ...run, ...stampOf(outcome) }, snapshots)
    return bytes.reduce((sum, some) => sum + some, 0)
  })

  const seal = Effect.fnUntraced(function*(round: ReadonlyArray<Outcome>, rows: Rows) {
    unsealed.delete(placeOf(location, run.run_id))
    // the session has the lock of the newest run's tenant already, and taking it again does nothing
    yield* Effect.forEach(round, ({ tenant }) => lock(session, target, tenant), { discard: true })
    yield* session.run("BEGIN")
    const bytes = yield* Effect.forEach(round, (outcome) => sealRun(outcome, rows))
    yield* session.run(
      `UPDATE ${Layout.rowsOf(target, runs)} SET round_id = ${DuckDb.literal(run.run_id)}
       WHERE run_id IN (${round.map(({ run_id }) => DuckDb.literal(run_id)).join(", ")})`
    )
    yield* session.run("COMMIT")
    return {
      bytes: bytes.reduce((sum, some) => sum + some, 0),
      publication: { location, run_id: run.run_id, runs: round.map(({ run_id }) => run_id) }
    }
  })
  return { seal }
})

const Publication = Schema.Struct({
  location: Schema.String,
  run_id: Schema.String,
  /** Missing in format 0, which has one run. */
  runs: Schema.optionalKey(Schema.NonEmptyArray(Schema.String))
})
const isPublication = Schema.is(Publication)

const publish = Effect.fnUntraced(function*(location: string, runIds: ReadonlyArray<string>) {
  const { session, target } = yield* connect(location)
  yield* session.run("BEGIN")
  for (const run_id of runIds) {
    const shown = yield* session.all(
      `UPDATE ${Layout.rowsOf(target, runs)} SET published = true WHERE run_id = $1 RETURNING run_id`,
      [run_id]
    )
    if (shown.length === 0) return yield* Files.notStaged(run_id)
  }
  yield* session.run("COMMIT")
}, Effect.scoped)

const discard = Effect.fnUntraced(function*(location: string, run_id: string) {
  if (unsealed.delete(placeOf(location, run_id))) return
  const { session, target } = yield* connect(location)
  const there = yield* session.all("SELECT WHERE to_regclass($1) IS NOT NULL", [Layout.rowsOf(target, runs)])
  if (there.length === 0) return
  yield* session.all(
    `DELETE FROM ${Layout.rowsOf(target, runs)} WHERE (run_id = $1 OR round_id = $1) AND NOT published`,
    [run_id]
  )
}, Effect.scoped)

const postgres: Sink = {
  name: "postgres",
  doc:
    "PostgreSQL: the rows of every run, with views of the last run and of any time before; postgres://USER@HOST/DATABASE.",
  location: () => "",
  locate: (target) => Effect.map(DatabaseTarget.parse(target), DatabaseTarget.format),

  open,

  publish: Effect.fnUntraced(function*(publication, run_id, location) {
    // the password is sent to the server of the location, so a changed publication must not name another server
    if (!isPublication(publication) || publication.run_id !== run_id || publication.location !== location) {
      return yield* Files.notStaged(run_id)
    }
    yield* publish(location, publication.runs ?? [run_id])
  }),

  discard,

  keys: Effect.fnUntraced(function*(location, table, part) {
    const { session, target } = yield* connect(location)
    return table.log === null ? undefined : yield* Events.keys(session, target, table, table.log.at, part)
  }),

  prune: Effect.fnUntraced(function*(location, tables, before) {
    const { session, target } = yield* connect(location)
    return yield* Events.prune(session, target, tables, before)
  }),

  read: Effect.fn("postgres.read")(function*(location, run, table) {
    const { session, target } = yield* connect(location)
    const published = yield* session.all(
      `SELECT FROM ${Layout.viewOf(target, runs.name)}
       WHERE run_id = $1 AND $2 = ANY(string_to_array(tables_collected, ', '))`,
      [run.run_id, table.name]
    )
    if (published.length === 0) return undefined
    const columns = table.columns.map((column) => Cells.selected(column, DuckDb.name(column.name)))
    const rows = yield* Connection.stream(
      session,
      `SELECT ${columns.join(", ")} FROM ${
        Layout.viewOf(target, isSnapshot(table) ? `${table.name}_snapshots` : table.name)
      }
       WHERE run_id = ${DuckDb.literal(run.run_id)}`
    )
    return Stream.map(rows, (some) => some.map((texts) => Cells.row(table, texts)))
  })
}

export default postgres
