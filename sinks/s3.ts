/**
 * S3, or another server with its API: Parquet objects in a bucket, one for each table of each run or round. They are
 * uploaded in parts, which nobody sees, and publishing completes the uploads. The object with the rows of `runs` is the
 * last: readers take only rows of runs that are in it, and so see all tables of a run at once.
 */
import { Array as Arrays, Effect, FileSystem, Path, Schema } from "effect"
import * as DuckDb from "../src/duckdb/DuckDb.ts"
import * as Instant from "../src/duckdb/Instant.ts"
import * as Read from "../src/duckdb/Read.ts"
import * as RowsSql from "../src/duckdb/RowsSql.ts"
import { CannotCreate } from "../src/failure/SinkError.ts"
import * as Files from "../src/files/Files.ts"
import * as ParquetWriter from "../src/history/ParquetWriter.ts"
import { collectedTables, type Outcome, runs, toRow } from "../src/Outcome.ts"
import type { Rows, Sink, SinkRun } from "../src/Sink.ts"
import { isSnapshot, type Row, type Stamp, type Table } from "../src/Table.ts"
import * as BucketTarget from "./s3/BucketTarget.ts"
import * as ObjectKey from "./s3/ObjectKey.ts"
import * as ObjectStore from "./s3/ObjectStore.ts"
import * as Staging from "./s3/Staging.ts"

/** The bucket at a location, and a client of its server. */
const connect = Effect.fnUntraced(function*(location: string) {
  const target = yield* Effect.mapError(
    BucketTarget.read(location),
    ({ message }) => new CannotCreate({ detail: message })
  )
  const keyOf = ({ name }: Table, { observed_at, run_id }: Pick<Stamp, "run_id" | "observed_at">) =>
    ObjectKey.make(target, name, Instant.format(observed_at).split("T", 1)[0] ?? "", run_id)
  return { target, keyOf, store: yield* ObjectStore.open(target) }
})

/**
 * The runs that this process has opened and that have no upload. They have left nothing in the bucket, so discarding them
 * needs no request.
 */
const withoutUploads = new Set<string>()
const placeOf = (location: string, run_id: string) => `${run_id} ${location}`

const isNonEmpty = Arrays.isReadonlyArrayNonEmpty

/** A query for the rows of `runs`. */
const runsQuery = (tables: ReadonlyArray<Table>, round: ReadonlyArray<Outcome>) => {
  const rows = round.map((outcome): Row => toRow(tables, outcome))
  const values = rows.map((row) => `(${runs.columns.map(({ name }) => DuckDb.constant(row[name])).join(", ")})`)
  return `SELECT ${DuckDb.typed(runs)} FROM (VALUES ${values.join(", ")}) AS written(${DuckDb.names(runs)})`
}

const open = Effect.fnUntraced(function*(location: string, run: SinkRun, directory: string) {
  const fs = yield* FileSystem.FileSystem
  const path = yield* Path.Path
  if (run.tables.some((table) => !isSnapshot(table))) {
    return yield* new CannotCreate({ detail: "a bucket does not keep logs yet; name another sink, such as parquet" })
  }
  const place = placeOf(location, run.run_id)
  withoutUploads.add(place)
  const { keyOf, store } = yield* connect(location)
  const key = keyOf(runs, run)
  // this is first, because it changes nothing and its errors have codes
  yield* store.uploads(key)
  withoutUploads.delete(place)
  const upload = yield* store.begin(key, run.run_id)
  if ((yield* store.runOf(key)) !== undefined) {
    return yield* new CannotCreate({ detail: `run ${run.run_id} exists already` })
  }
  yield* store.abort(upload)
  withoutUploads.add(place)

  const sealTable = Effect.fn("S3.table")(
    function*(session: DuckDb.Session, query: string, written: ParquetWriter.WrittenParquet, rows?: number) {
      yield* Effect.annotateCurrentSpan("duo_mfa.table", written.table.name)
      const work = yield* Effect.mapError(
        fs.makeTempDirectoryScoped({ directory, prefix: "s3-" }),
        Files.reasonOf
      )
      const file = path.join(work, "rows.parquet")
      yield* ParquetWriter.copy(session, query, file, written)
      yield* ParquetWriter.verify(session, file, "true", written, rows)
      return yield* Staging.stage(store, file, keyOf(written.table, run), run.run_id)
    },
    Effect.scoped
  )

  const seal = Effect.fnUntraced(function*(round: ReadonlyArray<Outcome>, { session }: Rows) {
    if (!isNonEmpty(round)) return yield* Files.notStaged(run.run_id)
    withoutUploads.delete(place)
    const all: Array<Effect.Success<ReturnType<typeof sealTable>>> = []
    for (const table of run.tables) {
      const collected = round.filter((outcome) => collectedTables([table], outcome).length > 0)
      if (!isNonEmpty(collected)) continue
      const query = RowsSql.select(table, ...collected.map(({ run_id }) => run_id))
      const written = { table, tables: run.tables, round: collected, compression: "zstd" }
      all.push(yield* sealTable(session, query, written))
    }
    const written = { table: runs, tables: run.tables, round, compression: "zstd" }
    all.push(yield* sealTable(session, runsQuery(run.tables, round), written, round.length))
    return {
      bytes: all.reduce((sum, { bytes }) => sum + bytes, 0),
      publication: { location, run_id: run.run_id, objects: all.map(({ staged }) => ({ ...staged })) }
    }
  })
  return { seal }
})

const Publication = Schema.Struct({
  location: Schema.String,
  run_id: Schema.String,
  /** In the order in which they become visible: `runs` is the last. */
  objects: Schema.NonEmptyArray(Staging.StagedObject)
})
const isPublication = Schema.is(Publication)

/** Whether the run can have staged these objects: each has a key of the run and another table, and `runs` is the last. */
const areStaged = (target: BucketTarget.BucketTarget, run_id: string, keys: ReadonlyArray<string>) => {
  const tables = keys.map((key) => ObjectKey.tableIn(target, run_id, key))
  return !tables.includes(undefined) && new Set(tables).size === keys.length && tables.at(-1) === runs.name
}

const s3: Sink = {
  name: "s3",
  doc: "S3 and servers with its API: Parquet objects in a bucket, partitioned by day; s3:BUCKET/PREFIX?endpoint=URL.",
  location: () => "",
  locate: Effect.fnUntraced(function*(text) {
    const target = yield* BucketTarget.parse(text)
    yield* ObjectStore.library
    return BucketTarget.format(target)
  }),

  open,

  publish: Effect.fnUntraced(function*(publication, run_id, location) {
    // the rows go to the server of the location, so a changed publication must not name another place
    if (!isPublication(publication) || publication.run_id !== run_id || publication.location !== location) {
      return yield* Files.notStaged(run_id)
    }
    const { store, target } = yield* connect(location)
    const { objects } = publication
    if (!areStaged(target, run_id, objects.map(({ key }) => key))) return yield* Files.notStaged(run_id)
    for (const object of objects) yield* Staging.publish(store, object, run_id)
  }, Effect.scoped),

  discard: Effect.fnUntraced(function*(location, run_id) {
    if (withoutUploads.delete(placeOf(location, run_id))) return
    const { store, target } = yield* connect(location)
    for (const upload of yield* store.uploads(ObjectKey.startOf(target))) {
      if (ObjectKey.tableIn(target, run_id, upload.key) !== undefined) yield* store.abort(upload)
    }
  }, Effect.scoped),

  read: Effect.fn("s3.read")(function*(location, run, table) {
    const fs = yield* FileSystem.FileSystem
    const path = yield* Path.Path
    const { keyOf, store } = yield* connect(location)
    const directory = yield* Effect.mapError(fs.makeTempDirectoryScoped({ prefix: "duo-mfa-s3-" }), Files.reasonOf)
    const newest = Read.newestOf(run)
    const fetched = Effect.fnUntraced(function*(of: Table) {
      const file = path.join(directory, `${of.name}.parquet`)
      return (yield* store.download(keyOf(of, newest), file))
        ? yield* Read.file(file, { ...run, round: newest }, of, DuckDb.scanParquet)
        : undefined
    })
    const published = yield* fetched(runs)
    if (published === undefined) return undefined
    const collected = yield* published.session.all(
      `SELECT 1 FROM (${published.sql}) WHERE list_contains(string_split(tables_collected, ', '), ${
        DuckDb.literal(table.name)
      })`
    )
    return collected.length === 0 ? undefined : yield* fetched(table)
  })
}

export default s3
