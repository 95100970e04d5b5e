/**
 * Parquet: the snapshot of every run or round in `T/run_date=YYYY-MM-DD/RUN_ID.parquet`, the last run of each tenant in
 * `current/T.parquet` for tools that read one file, and `views.sql`, which makes the ledger's views over these files.
 */
import { Array, Effect, FileSystem, Path, Stream } from "effect"
import * as DuckDb from "../src/duckdb/DuckDb.ts"
import * as Read from "../src/duckdb/Read.ts"
import * as RowsSql from "../src/duckdb/RowsSql.ts"
import { CannotCreate, type SinkReason, Superseded } from "../src/failure/SinkError.ts"
import * as Files from "../src/files/Files.ts"
import * as Identity from "../src/files/Identity.ts"
import * as Removed from "../src/files/removal/Removed.ts"
import * as AddedColumns from "../src/history/AddedColumns.ts"
import * as ParquetFiles from "../src/history/ParquetFiles.ts"
import * as ParquetWriter from "../src/history/ParquetWriter.ts"
import { collectedTables, type Outcome, stampOf } from "../src/Outcome.ts"
import * as Lock from "../src/run/publish/Lock.ts"
import type { Rows, Sink, SinkRun, SinkServices } from "../src/Sink.ts"
import { isSnapshot, type Table } from "../src/Table.ts"
import * as EventFiles from "./parquet/EventFiles.ts"
import * as ForgetParquet from "./parquet/ForgetParquet.ts"
import * as ParquetLocation from "./parquet/ParquetLocation.ts"

/** The query for the rows of a current file, which may lack columns of the table. */
const rowsIn = (file: string, { columns }: Table) =>
  `SELECT COLUMNS(c -> c IN (${columns.map(({ name }) => DuckDb.literal(name)).join(", ")})) FROM ${
    DuckDb.scanParquet(file)
  }`

/** A condition for the rows of some tenants, or of all others. */
const tenantsIn = (round: ReadonlyArray<Outcome>, isIn = "IN") =>
  `tenant ${isIn} (${round.map(({ tenant }) => DuckDb.literal(tenant)).join(", ")})`

const open = Effect.fnUntraced(function*(location: string, run: SinkRun) {
  const fs = yield* FileSystem.FileSystem
  const path = yield* Path.Path
  const { compression, current, root, snapshot } = yield* ParquetLocation.parse(location)
  if (root.includes("?")) {
    return yield* new CannotCreate({ detail: "a ? can only begin ?compression=zstd or ?compression=snappy" })
  }
  const staged = (name: string) => path.join(root, Files.stagedName(name, run.run_id))
  const viewsFile = path.join(root, "views.sql")
  const targets = yield* Effect.forEach(
    run.tables,
    (table) =>
      isSnapshot(table)
        ? Effect.succeed([snapshot(run, table), current(table)])
        : Effect.map(EventFiles.target(root, table, run), (file) => [file])
  )
  yield* Files.prepare(root, [viewsFile, ...targets.flat()])
  yield* Lock.acquireIn(root)

  const refuseUnreadable = Effect.fnUntraced(function*(session: DuckDb.Session, table: Table) {
    const file = current(table)
    yield* session.run(`${rowsIn(file, table)} LIMIT 0`)
    yield* ParquetFiles.refuseNewer(session, DuckDb.path(DuckDb.literal(file)))
  })
  const there = yield* Effect.filter(run.tables.filter(isSnapshot), (table) => Files.exists(current(table)))
  if (there.length > 0) {
    yield* Effect.scoped(
      Effect.flatMap(
        DuckDb.open({}),
        (session) => Effect.forEach(there, (table) => refuseUnreadable(session, table), { discard: true })
      )
    )
  }

  const before = yield* Identity.of(viewsFile)
  const viewsBefore = before !== null
    ? yield* Effect.flatMap(Effect.mapError(fs.readFileString(viewsFile), Files.reasonOf), ParquetFiles.readViews)
    : ""

  /** Stages the files of a table, and gives their targets. The runs of `round` all collected the table. */
  const sealTable = Effect.fn("Parquet.table")(
    function*(round: Array.NonEmptyReadonlyArray<Outcome>, { session }: Rows, table: Table) {
      yield* Effect.annotateCurrentSpan("duo_mfa.table", table.name)
      const before = yield* Identity.of(current(table))
      const rows = RowsSql.select(table, ...round.map(({ run_id }) => run_id))

      const written = { table, tables: run.tables, round, compression }
      const copy = (from: string, to: string) => ParquetWriter.copy(session, from, to, written)
      const count = (file: string, where: string) => ParquetWriter.count(session, file, where)
      const verify = (file: string) => ParquetWriter.verify(session, file, tenantsIn(round), written)

      const refuseOutdated = Effect.gen(function*() {
        if (before === null) return
        const instants = round.map(stampOf).map(({ observed_at, tenant }) =>
          `(${DuckDb.literal(tenant)}, ${DuckDb.constant(observed_at)})`
        )
        const later = yield* session.all(
          `SELECT run_id, seen.tenant FROM ${DuckDb.scanParquet(current(table))} seen
           JOIN (VALUES ${instants.join(", ")}) AS round(tenant, instant)
           ON seen.tenant = round.tenant AND observed_at > instant LIMIT 1`
        )
        const [[by, tenant] = []] = later
        if (by !== undefined) return yield* new Superseded({ by: String(by), tenant: String(tenant) })
      })

      /**
       * The new current file: the rows of these runs, and those of other tenants from the old one. If it would be the
       * same as the snapshot, that file is copied. Rows of several files go through a database table, because DuckDB
       * fills row groups to the last row only from full vectors, and a table gives full vectors.
       */
      const writeCurrent = Effect.fnUntraced(function*(snapshotFile: string, to: string) {
        const kept = tenantsIn(round, "NOT IN")
        const others = before === null ? 0 : yield* count(current(table), kept)
        if (others === 0) {
          yield* Effect.scoped(Files.create(to))
          return yield* fs.copyFile(snapshotFile, to).pipe(Effect.mapError(Files.reasonOf))
        }
        const work = staged("work")
        yield* Files.privateDirectory(work)
        // a file per table, because a statement of another connection may have the previous one open even after DETACH
        const file = path.join(work, table.name)
        yield* session.run(`ATTACH ${DuckDb.literal(file)} AS scratch (${DuckDb.groupRows})`)
        yield* session.run(
          `CREATE TABLE scratch.rows AS SELECT ${DuckDb.typed(table)}
           FROM (${rows} UNION ALL BY NAME ${rowsIn(current(table), table)} WHERE ${kept})`
        )
        yield* copy("FROM scratch.rows", to)
        yield* session.run("DETACH scratch")
      }, Effect.scoped)

      const [snapshotFile, currentFile] = [staged(table.name), staged(`current.${table.name}`)]
      yield* refuseOutdated
      yield* copy(rows, snapshotFile)
      yield* verify(snapshotFile)
      yield* writeCurrent(snapshotFile, currentFile)
      yield* verify(currentFile)
      return [
        { from: snapshotFile, to: snapshot(run, table) },
        { from: currentFile, to: current(table), before }
      ]
    }
  )

  /** Stages `views.sql`, for all tables that have files of this round or of earlier ones. */
  const sealViews = Effect.fnUntraced(function*(round: ReadonlyArray<Outcome>, { session }: Rows) {
    const here = DuckDb.literal(root)
    const isWritten = Effect.fnUntraced(function*(table: Table) {
      if (round.some(({ tables_collected }) => tables_collected.includes(table.name))) return true
      const counted = yield* session.all(`SELECT count(*) FROM glob(${ParquetFiles.files(here, table)})`)
      return Number(counted[0]?.[0]) > 0
    })
    const from = staged("views.sql")
    // the views of a log do not depend on the columns that were added, and a log has many files
    const table = run.tables.find(isSnapshot)
    const written = table === undefined
      ? []
      : yield* session.all(`SELECT 1 FROM glob(${ParquetFiles.files(here, table)}) LIMIT 1`)
    const added = written.length === 0
      ? []
      : yield* AddedColumns.addedByRuns(session, ParquetFiles.selectRuns(here, table))
    const text = ParquetFiles.views(root, run, yield* Effect.filter(run.tables, isWritten), [
      ...round.flatMap(({ columns_added }) => columns_added),
      ...added
    ], viewsBefore)
    yield* Files.write(from, Stream.make(text))
    return { from, to: viewsFile, before }
  })

  return {
    seal: Effect.fnUntraced(function*(round: ReadonlyArray<Outcome>, rows: Rows) {
      const moves = yield* Effect.forEach(
        run.tables,
        (table): Effect.Effect<ReadonlyArray<Files.Move>, SinkReason, SinkServices> => {
          const collected = round.filter((outcome) => collectedTables([table], outcome).length > 0)
          if (!Array.isReadonlyArrayNonEmpty(collected)) return Effect.succeed([])
          const { log } = table
          return log === null
            ? sealTable(collected, rows, table)
            : EventFiles.seal(
              rows.session,
              root,
              staged,
              { table, tables: run.tables, round: collected, compression },
              log
            )
        }
      )
      return yield* Files.seal([...moves.flat(), yield* sealViews(round, rows)])
    })
  }
})

const { rootOf } = ParquetLocation

const parquet: Sink = {
  name: "parquet",
  doc: "Parquet, partitioned by day, with the last run of each tenant in one file per table; ?compression=snappy.",
  location: (dataDirectory) => `${dataDirectory}/parquet`,

  open,

  isSuperseded: Files.isSuperseded({
    rootOf,
    lock: Effect.fnUntraced(function*({ from }) {
      const path = yield* Path.Path
      yield* Lock.acquireIn(path.dirname(from))
      return false
    })
  }),

  publish: Files.publish(rootOf),

  discard: (location, run_id) => Effect.flatMap(rootOf(location), (root) => Files.discard(root, run_id)),

  keys: Effect.fnUntraced(function*(location, table, part, session) {
    const sql = table.log === null
      ? undefined
      : yield* EventFiles.keys(session, yield* rootOf(location), table, table.log, part)
    return sql === undefined ? undefined : { session, sql }
  }),

  pruneEvents: Effect.fnUntraced(function*(location, tables, before, removal) {
    const root = yield* rootOf(location)
    if (!removal.dryRun) yield* Lock.acquireIn(root)
    return yield* EventFiles.prune(root, tables, before, removal)
  }),

  pruneRuns: Effect.fnUntraced(function*(location, tables, runs, removal) {
    const { root, snapshot } = yield* ParquetLocation.parse(location)
    if (!removal.dryRun) yield* Lock.acquireIn(root)
    const files = new Set(runs.flatMap((run) => tables.map((table) => snapshot(Read.newestOf(run), table))))
    return Removed.format(yield* Removed.remove(files, removal))
  }),

  forget: Effect.fnUntraced(function*(location, tables, person, removal) {
    const place = yield* ParquetLocation.parse(location)
    if (!removal.dryRun) yield* Lock.acquireIn(place.root)
    return yield* ForgetParquet.forget(place, tables, person, removal)
  }),

  read: Effect.fn("parquet.read")(function*(location, run, table) {
    const { root, snapshot } = yield* ParquetLocation.parse(location)
    if (!isSnapshot(table)) {
      const sql = yield* EventFiles.select(root, run, table)
      return sql === undefined ? undefined : { session: yield* DuckDb.open({}), sql }
    }
    return yield* Read.file(snapshot(Read.newestOf(run), table), run, table, DuckDb.scanParquet)
  })
}

export default parquet
