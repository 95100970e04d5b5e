/**
 * PostgreSQL: the rows of every run of every tenant, with views of the last run and of any time before. One transaction
 * copies the rows and stores those that differ from the run before. The views show a run when it is published, which updates
 * one cell.
 */
import { Effect, Schema, Stream } from "effect"
import * as DuckDb from "../src/duckdb/DuckDb.ts"
import { refusal } from "../src/failure/Shrink.ts"
import { CannotCreate, InputOutput, InUse } from "../src/failure/SinkError.ts"
import * as Files from "../src/files/Files.ts"
import { rowKey } from "../src/history/Versions.ts"
import { collectedTables, type Outcome, runs, toRow } from "../src/Outcome.ts"
import type { Rows, Sink, SinkRun } from "../src/Sink.ts"
import { isSnapshot, type Row, type Table } from "../src/Table.ts"
import * as Cells from "./postgres/Cells.ts"
import * as Connection from "./postgres/Connection.ts"
import * as DatabaseTarget from "./postgres/DatabaseTarget.ts"
import * as Events from "./postgres/Events.ts"
import * as Layout from "./postgres/Layout.ts"
import * as Fold from "./postgres/versions/Fold.ts"
import * as Removal from "./postgres/versions/Removal.ts"
import * as Storage from "./postgres/versions/Storage.ts"

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

/**
 * Fails if a complete run of the round would remove more rows of its tenant than a person has allowed. The rows are staged.
 */
const refuseShrunk = Effect.fnUntraced(function*(
  { all }: Connection.Connection,
  target: DatabaseTarget.DatabaseTarget,
  run: SinkRun,
  round: ReadonlyArray<Outcome>
) {
  const complete = round.filter(({ complete }) => complete)
  const tenants = complete.map(({ tenant }) => DuckDb.literal(tenant)).join(", ")
  const losses = yield* Effect.forEach(
    complete.length === 0 ? [] : run.tables.filter(isSnapshot),
    Effect.fnUntraced(function*(table) {
      const key = rowKey(table).map(DuckDb.name).join(", ")
      const counted = yield* all(
        `SELECT before.tenant, count(*), count(*) FILTER (WHERE fresh.run_id IS NULL)
         FROM ${Storage.viewOf(target, table.name)} before LEFT JOIN ${Fold.stagedOf(table)} fresh USING (${key})
         WHERE before.tenant IN (${tenants}) GROUP BY before.tenant`
      )
      return { table, of: new Map(counted.map(([tenant, before, gone]) => [tenant, { before, gone }])) }
    })
  )
  for (const outcome of complete) {
    const ofRun = losses.filter(({ table }) => collectedTables([table], outcome).length > 0).map(({ of, table }) => {
      const { before, gone } = of.get(outcome.tenant) ?? {}
      return { table, before: Number(before ?? 0), gone: Number(gone ?? 0), seen: outcome.rows[table.name] ?? 0 }
    })
    const refused = refusal(ofRun, { ...run, tenant: outcome.tenant })
    if (refused !== undefined) return yield* refused
  }
})

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
  yield* Layout.migrate(session, target, run)
  const known = yield* session.all(`SELECT FROM ${Storage.rowsOf(target, runs)} WHERE run_id = $1`, [run.run_id])
  if (known.length > 0) return yield* new CannotCreate({ detail: `run ${run.run_id} exists already` })
  const snapshots = run.tables.filter(isSnapshot)
  const ofRuns = Storage.rowsOf(target, runs)
  const sightings = snapshots.map((table) => Storage.sightingsIn(target, table))
  const kept = [ofRuns, Storage.placesIn(target), ...snapshots.map((of) => Storage.rowsOf(target, of)), ...sightings]
  const events = run.tables.filter((table) => !isSnapshot(table)).map((table) => Storage.rowsOf(target, table))
  // these statements change no row, and fail if the user may not write
  const checks = [
    ...[...kept, ...events].map((rows) => `INSERT INTO ${rows} SELECT * FROM ${rows} WHERE false`),
    `UPDATE ${ofRuns} SET published = true WHERE false`,
    ...sightings.map((rows) => `UPDATE ${rows} SET "end place" = 0 WHERE false`),
    ...kept.map((rows) => `DELETE FROM ${rows} WHERE false`),
    `SELECT nextval(${DuckDb.literal(Storage.numbersIn(target))})`
  ]
  yield* session.run([...checks, ...snapshots.map((table) => Fold.makeStaged(target, table))].join(";\n"))

  const copyTable = Effect.fnUntraced(function*(round: ReadonlyArray<Outcome>, rows: Rows, table: Table) {
    let bytes = 0
    const collected = round.filter((outcome) => collectedTables([table], outcome).length > 0)
    if (collected.length === 0) return bytes
    const lines = Stream.map(rows.stream(table, ...collected.map(({ run_id }) => run_id)), (some) => {
      const text = Cells.lines(table, some)
      bytes += Buffer.byteLength(text)
      return text
    })
    const copied = isSnapshot(table)
      ? yield* session.copy(copyInto(Fold.stagedOf(table), table), lines)
      : yield* Events.copy(session, target, table, lines)
    const expected = collected.reduce((sum, outcome) => sum + (outcome.rows[table.name] ?? 0), 0)
    if (copied !== expected) {
      return yield* new InputOutput({ detail: `the server took ${copied} of ${expected} rows of ${table.name}` })
    }
    return bytes
  })

  const seal = Effect.fnUntraced(function*(round: ReadonlyArray<Outcome>, rows: Rows) {
    unsealed.delete(placeOf(location, run.run_id))
    const tenants = round.map(({ tenant }) => tenant)
    const runIds = round.map(({ run_id }) => run_id)
    // the session has the lock of the newest run's tenant already, and taking it again does nothing
    yield* Effect.forEach(tenants, (tenant) => lock(session, target, tenant), { discard: true })
    yield* session.run("BEGIN")
    const known = round.map((outcome): Row => toRow(run.tables, outcome))
    yield* session.copy(copyInto(ofRuns, runs), Stream.make(Cells.lines(runs, known)))
    const bytes = yield* Effect.forEach(run.tables, (table) => copyTable(round, rows, table))
    yield* refuseShrunk(session, target, run, round)
    yield* session.run(Fold.lock(target, tenants).join(";\n"))
    yield* Removal.sweep(session, target, tenants)
    yield* session.run(
      [
        ...Fold.place(target, runIds),
        ...snapshots.flatMap((table) => Fold.fold(target, table, runIds, `TABLE ${Fold.stagedOf(table)}`)),
        `UPDATE ${ofRuns} SET round_id = ${DuckDb.literal(run.run_id)}
         WHERE run_id IN (${runIds.map(DuckDb.literal).join(", ")})`,
        "COMMIT"
      ].join(";\n")
    )
    return {
      bytes: bytes.reduce((sum, some) => sum + some, 0),
      publication: { location, run_id: run.run_id, runs: runIds }
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
      `UPDATE ${Storage.rowsOf(target, runs)} SET published = true WHERE run_id = $1 RETURNING run_id`,
      [run_id]
    )
    if (shown.length === 0) return yield* Files.notStaged(run_id)
  }
  yield* session.run("COMMIT")
}, Effect.scoped)

const discard = Effect.fnUntraced(function*(location: string, run_id: string) {
  if (unsealed.delete(placeOf(location, run_id))) return
  const { session, target } = yield* connect(location)
  yield* Removal.discard(session, target, run_id)
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

  pruneEvents: Effect.fnUntraced(function*(location, tables, before, removal) {
    const { session, target } = yield* connect(location)
    return yield* Events.prune(session, target, tables, before, removal)
  }),

  pruneRuns: Effect.fnUntraced(function*(location, _, pruned, removal) {
    const { session, target } = yield* connect(location)
    return yield* Removal.pruneRuns(session, target, pruned.map(({ run_id }) => run_id), removal)
  }),

  forget: Effect.fnUntraced(function*(location, tables, person, removal) {
    const { session, target } = yield* connect(location)
    return yield* Removal.forget(session, target, tables, person, removal)
  }),

  read: Effect.fn("postgres.read")(function*(location, run, table) {
    const { session, target } = yield* connect(location)
    const published = yield* session.all(
      `SELECT FROM ${Storage.viewOf(target, runs.name)}
       WHERE run_id = $1 AND $2 = ANY(string_to_array(tables_collected, ', '))`,
      [run.run_id, table.name]
    )
    if (published.length === 0) return undefined
    const columns = table.columns.map((column) => Cells.selected(column, DuckDb.name(column.name)))
    const rows = yield* Connection.stream(
      session,
      `SELECT ${columns.join(", ")} FROM ${
        Storage.viewOf(target, isSnapshot(table) ? `${table.name}_snapshots` : table.name)
      }
       WHERE run_id = ${DuckDb.literal(run.run_id)}`
    )
    return Stream.map(rows, (some) => some.map((texts) => Cells.row(table, texts)))
  })
}

export default postgres
