/** The contents of the files about runs; and how such a file is read: its format, its hash and its content are checked. */
import { Array, Effect, FileSystem, Schema } from "effect"
import type { PlatformError } from "effect/PlatformError"
import { hash } from "node:crypto"
import { Algorithm } from "../../duckdb/Fingerprint.ts"
import { Corrupt } from "../../failure/SinkError.ts"
import { reasonOf } from "../../files/Files.ts"
import { Outcome, stampOf } from "../../Outcome.ts"
import type { PublishedRun } from "../../Sink.ts"
import { columnTypes, fromTypes, type Table } from "../../Table.ts"
import { isNewer } from "../../Version.ts"
import { inDataDirectory, NewerManifest, RunError } from "../RunError.ts"

/** The first fields of every file. The oldest files have no format number, which means format 0. */
export const Written = Schema.Struct({
  format: Schema.Int.pipe(Schema.withDecodingDefaultKey(Effect.succeed(0))),
  tool_version: Schema.String.pipe(Schema.withDecodingDefaultKey(Effect.succeed("")))
})

/** A sink and its location. The sink is given by its name or its module specifier. */
export const Target = Schema.Struct({ sink: Schema.String, location: Schema.String })
export interface Target extends Schema.Schema.Type<typeof Target> {}

/** When the snapshots of a run were pruned, as `2026-11-29`, and by which rule, as `--keep-daily 30`. */
const Pruned = Schema.Struct({ day: Schema.String, rule: Schema.String })

/** The record of a run that one sink has sealed. */
export const Receipt = Schema.Struct({
  ...Target.fields,
  rows: Schema.Record(Schema.String, Schema.Int),
  bytes: Schema.Int,
  publication: Schema.Json,
  /** Missing unless the sink's snapshots of the run were pruned, or are about to be. */
  pruned: Schema.optionalKey(Pruned)
})
export interface Receipt extends Schema.Schema.Type<typeof Receipt> {}

/** The fields that all runs of a file share. */
const Shared = Schema.Struct({
  format: Written.fields.format,
  /** How the fingerprints were made. Older manifests do not have this field. */
  fingerprint_algorithm: Algorithm.pipe(Schema.withDecodingDefaultKey(Effect.succeed("sha256-lanes" as const))),
  /**
   * For each table, the types of its columns in the order in which they were hashed. A later version may have other
   * columns.
   */
  columns: Schema.Record(Schema.String, Schema.Record(Schema.String, Schema.Literals(columnTypes))).pipe(
    Schema.withDecodingDefaultKey(Effect.succeed({}))
  ),
  sinks: Schema.Array(Receipt)
})

/** The same without the format, which depends on the number of runs. */
export type SharedFields = Omit<typeof Shared.Type, "format">

/** A run with its fingerprints: for each table, a hash of its rows that does not depend on their order. */
export const FingerprintedRun = Schema.Struct({
  ...Outcome.fields,
  fingerprints: Schema.Record(Schema.String, Schema.String),
  /** How many rows of each table were erased since, with the persons that they were about. `rows` does not count them. */
  erased: Schema.optionalKey(Schema.Record(Schema.String, Schema.Int))
})
export interface FingerprintedRun extends Schema.Schema.Type<typeof FingerprintedRun> {}

/** The file of a run that was published alone. */
export const Alone = Schema.Struct({ ...Shared.fields, ...FingerprintedRun.fields })

/** The file of a round of several runs, the newest last. */
const Round = Schema.Struct({
  ...Shared.fields,
  tool_version: Schema.String,
  runs: Schema.NonEmptyArray(FingerprintedRun)
})

/** A run, and where it was published. */
export interface Manifest extends Schema.Schema.Type<typeof Alone> {
  /** See `PublishedRun`. */
  readonly round: PublishedRun["round"]
}

/** The run as its sinks know it. */
export const publishedOf = (manifest: Manifest): PublishedRun => ({ ...stampOf(manifest), round: manifest.round })

/** The file of a run or of a round. */
export type File = typeof Alone.Type | typeof Round.Type

/** The table with the columns of that run. A manifest of format 0 does not list them: it has none that were added later. */
export const tableOf = (table: Table, { columns, format }: Pick<Manifest, "columns" | "format">) =>
  format === 0
    ? { ...table, columns: table.columns.filter(({ earlier }) => earlier === null) }
    : fromTypes(table.name, columns[table.name] ?? {}, table.log)

/** The runs of a file, the newest last. Only the file itself has the publications. */
export const runsOf = (file: File): Array.NonEmptyReadonlyArray<Manifest> => {
  if (!("runs" in file)) return [{ ...file, round: null }]
  const { runs, sinks, ...shared } = file
  const { observed_at, run_id } = stampOf(Array.lastNonEmpty(runs))
  return Array.map(runs, (run) => ({
    ...shared,
    ...run,
    sinks: sinks.map((receipt) => ({ ...receipt, rows: run.rows, publication: null })),
    round: { run_id, observed_at }
  }))
}

/** The file of a run or of a round, as JSON. */
export const Json = Schema.fromJsonString(Schema.Union([Alone, Round]))
export const encode = Schema.encodeEffect(Json)

const decodeWritten = Schema.decodeEffect(Schema.fromJsonString(Written))

const sha256 = (text: string) => hash("sha256", text, "hex")

/** Adds a file's own hash at its end, so that a changed file is noticed before anything is published from it. */
export const signed = (text: string) => `${text.slice(0, -1)},"sha256":"${sha256(text)}"}`

/** Whether a text is as `signed` made it. */
export const isSigned = (text: string) => {
  const [, body, sum] = /^(.*),"sha256":"([0-9a-f]{64})"\}$/s.exec(text) ?? []
  return body !== undefined && sha256(`${body}}`) === sum
}

/** A file whose content no run can have written. */
export class Damaged extends Schema.TaggedError<Damaged>()("Damaged", { file: Schema.String }) {}

/** A file in a format that only a later version knows. */
export class Newer extends Schema.TaggedError<Newer>()("Newer", { file: Schema.String, ...Written.fields }) {}

/** Reads a file. `is` is a condition for its text. */
export const read = Effect.fnUntraced(
  function*<A>(schema: Schema.Codec<A, string>, file: string, is: (text: string) => boolean = () => true) {
    const damaged = new Damaged({ file })
    const text = yield* (yield* FileSystem.FileSystem).readFileString(file)
    const written = yield* Effect.mapError(decodeWritten(text), () => damaged)
    if (isNewer(written)) return yield* new Newer({ file, ...written })
    if (!is(text)) return yield* damaged
    return yield* Effect.mapError(Schema.decodeEffect(schema)(text), () => damaged)
  }
)

/** Turns the failure of such a file into that of its data directory. */
export const errorIn = (dataDirectory: string) => (error: PlatformError | Damaged | Newer) =>
  new RunError({
    reason: error._tag === "Newer"
      ? new NewerManifest({ file: error.file, format: error.format, tool_version: error.tool_version })
      : inDataDirectory(
        dataDirectory,
        error._tag === "Damaged" ? new Corrupt({ detail: `${error.file} is damaged; move it away` }) : reasonOf(error)
      )
  })
