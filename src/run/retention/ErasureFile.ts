/**
 * The files about erasures, in `DATA/erasures`. The name of a file tells the state of its erasure:
 *
 * - `RUN_ID.json.open`: the erasure has begun. It names the person, because the same command does the rest if the process is
 *   killed. When the erasure ends, it is removed.
 * - `RUN_ID.json`: the person is erased. It says when, and how many rows of which tables, and not who.
 */
import { Effect, FileSystem, Path, Schema } from "effect"
import { makeDirectory, sync } from "../../files/Durable.ts"
import * as Private from "../../files/Private.ts"
import { isRunId, RunId } from "../../RunId.ts"
import * as ManifestFile from "../publish/ManifestFile.ts"

const Counts = Schema.Record(Schema.String, Schema.Int)

/** The numbers and the digests of a run's tables after an erasure. */
const ErasedRun = Schema.Struct({
  /** The name of the file of its manifest. */
  id: RunId,
  run_id: Schema.String,
  rows: Counts,
  fingerprints: Schema.Record(Schema.String, Schema.String),
  /** How many rows of each table were erased, by all erasures. */
  erased: Counts
})
export interface ErasedRun extends Schema.Schema.Type<typeof ErasedRun> {}

const Shared = Schema.Struct({
  ...ManifestFile.Written.fields,
  run_id: RunId,
  erased_at: Schema.String,
  tenant: Schema.String,
  /** The number of erased rows of each table, for each place. */
  places: Schema.Array(Schema.Struct({ ...ManifestFile.Target.fields, rows: Counts }))
})

/** The record of an erasure, without the person. */
const Record = Schema.Struct({ ...Shared.fields, runs: Schema.Int })
export interface ErasureRecord extends Schema.Schema.Type<typeof Record> {}

/** An erasure that has begun. */
const Open = Schema.Struct({ ...Shared.fields, user_id: Schema.String, runs: Schema.Array(ErasedRun) })
export interface OpenErasure extends Schema.Schema.Type<typeof Open> {}

const [RecordJson, OpenJson] = [Schema.fromJsonString(Record), Schema.fromJsonString(Open)]
const [encodeRecord, encodeOpen] = [Schema.encodeEffect(RecordJson), Schema.encodeEffect(OpenJson)]

/** The files of a data directory. Their failures are reported as failures of the data directory. */
export const make = Effect.fnUntraced(function*(dataDirectory: string) {
  const fs = yield* FileSystem.FileSystem
  const path = yield* Path.Path
  const directory = path.join(dataDirectory, "erasures")
  const fileOf = (run_id: string) => path.join(directory, `${run_id}.json`)
  const orRunError = Effect.mapError(ManifestFile.errorIn(dataDirectory))
  const suffix = ".json.open"
  const openFileOf = (run_id: string) => path.join(directory, `${run_id}${suffix}`)

  return {
    fileOf,
    openFileOf,

    /** The erasures that have begun and not ended, oldest first. */
    open: fs.readDirectory(directory).pipe(
      Effect.catchReason("PlatformError", "NotFound", () => Effect.succeed([])),
      Effect.map((names) => names.filter((name) => name.endsWith(suffix) && isRunId(name.slice(0, -suffix.length)))),
      Effect.flatMap((names) =>
        Effect.forEach(
          names.toSorted(),
          (name) => ManifestFile.read(OpenJson, path.join(directory, name), ManifestFile.isSigned)
        )
      ),
      orRunError
    ),

    /** Writes down what will be erased, before anything is. */
    begin: Effect.fnUntraced(function*(erasure: OpenErasure) {
      yield* makeDirectory(directory)
      const text = yield* Effect.orDie(encodeOpen(erasure))
      yield* Private.write(openFileOf(erasure.run_id), ManifestFile.signed(text))
    }, orRunError),

    /** Writes the record, and removes the file that names the person. */
    end: Effect.fnUntraced(function*({ user_id: _, runs, ...shared }: OpenErasure) {
      const text = yield* Effect.orDie(encodeRecord({ ...shared, runs: runs.length }))
      yield* Private.write(fileOf(shared.run_id), ManifestFile.signed(text))
      yield* fs.remove(openFileOf(shared.run_id), { force: true })
      yield* sync(directory)
    }, orRunError)
  }
})
