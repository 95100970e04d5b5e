/**
 * The files about runs, in `DATA/runs`. The name of a file tells the state of its run:
 *
 * - `RUN_ID.json.open`: the run has begun to stage. If its process is gone, the next run discards what it staged.
 * - `RUN_ID.json.sealed`: every sink is sealed. If its process is gone, the next run publishes it.
 * - `RUN_ID.json`: the run is published. This is the manifest that `verify` compares the sinks with.
 */
import { Effect, FileSystem, Path, Schema } from "effect"
import type { PlatformError } from "effect/PlatformError"
import { hash } from "node:crypto"
import { Algorithm } from "../../duckdb/Fingerprint.ts"
import { Corrupt } from "../../failure/SinkError.ts"
import { makeDirectory, sync } from "../../files/Durable.ts"
import { reasonOf } from "../../files/Files.ts"
import * as Private from "../../files/Private.ts"
import { Outcome } from "../../Outcome.ts"
import { isRunId } from "../../RunId.ts"
import { columnTypes } from "../../Table.ts"
import { format, isNewer, version } from "../../Version.ts"
import { inDataDirectory, NewerManifest, RunError } from "../RunError.ts"

/** A sink and its location. The sink is given by its name or its module specifier. */
export const Target = Schema.Struct({ sink: Schema.String, location: Schema.String })
export interface Target extends Schema.Schema.Type<typeof Target> {}

/** The first fields of every manifest. The oldest manifests have no format number, which means format 0. */
const Written = Schema.Struct({
  format: Schema.Int.pipe(Schema.withDecodingDefaultKey(Effect.succeed(0))),
  tool_version: Schema.String.pipe(Schema.withDecodingDefaultKey(Effect.succeed("")))
})

const Open = Schema.Struct({ ...Written.fields, sinks: Schema.Array(Target) })

/** The record of a run that one sink has sealed. */
export const Receipt = Schema.Struct({
  ...Target.fields,
  rows: Schema.Record(Schema.String, Schema.Int),
  bytes: Schema.Int,
  publication: Schema.Json
})
export interface Receipt extends Schema.Schema.Type<typeof Receipt> {}

export const Manifest = Schema.Struct({
  format: Written.fields.format,
  ...Outcome.fields,
  /** How the fingerprints were made. Older manifests do not have this field. */
  fingerprint_algorithm: Algorithm.pipe(Schema.withDecodingDefaultKey(Effect.succeed("sha256-lanes" as const))),
  /** For each table, a hash of its rows that does not depend on their order. */
  fingerprints: Schema.Record(Schema.String, Schema.String),
  /**
   * For each table, the types of its columns in the order in which they were hashed. A later version may have other
   * columns.
   */
  columns: Schema.Record(Schema.String, Schema.Record(Schema.String, Schema.Literals(columnTypes))).pipe(
    Schema.withDecodingDefaultKey(Effect.succeed({}))
  ),
  sinks: Schema.Array(Receipt)
})
export interface Manifest extends Schema.Schema.Type<typeof Manifest> {}

/** A run whose process ended before it was published. */
export type Unfinished =
  | { readonly state: "open"; readonly run_id: string; readonly sinks: ReadonlyArray<Target> }
  | { readonly state: "sealed"; readonly run_id: string; readonly sinks: ReadonlyArray<Receipt> }

const decodeWritten = Schema.decodeEffect(Schema.fromJsonString(Written))
const OpenJson = Schema.fromJsonString(Open)
const ManifestJson = Schema.fromJsonString(Manifest)
const encodeOpen = Schema.encodeEffect(OpenJson)
const encodeManifest = Schema.encodeEffect(ManifestJson)

const sha256 = (text: string) => hash("sha256", text, "hex")

/**
 * Adds a manifest's own hash at its end, so that a changed manifest is noticed before anything is published from it.
 */
const signed = (text: string) => `${text.slice(0, -1)},"sha256":"${sha256(text)}"}`

const isSigned = (text: string) => {
  const [, body, sum] = /^(.*),"sha256":"([0-9a-f]{64})"\}$/s.exec(text) ?? []
  return body !== undefined && sha256(`${body}}`) === sum
}

/** A file whose content no run can have written. */
class Damaged extends Schema.TaggedError<Damaged>()("Damaged", { file: Schema.String }) {}

/** A file in a format that only a later version knows. */
class Newer extends Schema.TaggedError<Newer>()("Newer", { file: Schema.String, ...Written.fields }) {}

/** The manifests of a data directory. Their failures are reported as failures of the data directory. */
export const make = Effect.fnUntraced(function*(dataDirectory: string) {
  const fs = yield* FileSystem.FileSystem
  const path = yield* Path.Path
  const directory = path.join(dataDirectory, "runs")
  const file = (run_id: string, state: "" | ".open" | ".sealed") => path.join(directory, `${run_id}.json${state}`)

  const orRunError = Effect.mapError((error: PlatformError | Damaged | Newer) =>
    new RunError({
      reason: error._tag === "Newer"
        ? new NewerManifest({ file: error.file, format: error.format, tool_version: error.tool_version })
        : inDataDirectory(
          dataDirectory,
          error._tag === "Damaged"
            ? new Corrupt({ detail: `${error.file} is damaged; move it away` })
            : reasonOf(error)
        )
    })
  )

  const idsOf = (suffix: string) =>
    fs.readDirectory(directory).pipe(
      Effect.catchReason("PlatformError", "NotFound", () => Effect.succeed([])),
      Effect.map((names) =>
        names.toSorted().flatMap((name) => name.endsWith(suffix) ? [name.slice(0, -suffix.length)] : []).filter(isRunId)
      )
    )

  const read = <A>(schema: Schema.Codec<A, string>, name: string, is: (text: string) => boolean = () => true) =>
    Effect.gen(function*() {
      const damaged = new Damaged({ file: name })
      const text = yield* fs.readFileString(name)
      const written = yield* Effect.mapError(decodeWritten(text), () => damaged)
      if (isNewer(written)) return yield* new Newer({ file: name, ...written })
      if (!is(text)) return yield* damaged
      return yield* Effect.mapError(Schema.decodeEffect(schema)(text), () => damaged)
    })

  /** Reads the manifest of a run. Its run id must match the file's name, and a sealed one must match its hash. */
  const manifestOf = (run_id: string, state: "" | ".sealed") =>
    Effect.filterOrFail(
      read(ManifestJson, file(run_id, state), state === ".sealed" ? isSigned : undefined),
      (manifest) => manifest.run_id === run_id,
      () => new Damaged({ file: file(run_id, state) })
    )

  return {
    /** Writes down the places where this run will stage, before it stages anything. */
    open: Effect.fnUntraced(function*(run_id: string, sinks: ReadonlyArray<Target>) {
      yield* makeDirectory(directory)
      const text = yield* Effect.orDie(encodeOpen({ format, tool_version: version, sinks }))
      yield* Private.write(file(run_id, ".open"), text)
    }, orRunError),

    /**
     * Makes a directory for the run's temporary files. It is removed with the scope, or by the next run after a crash.
     */
    directory: Effect.fnUntraced(function*(run_id: string) {
      yield* makeDirectory(directory)
      const made = path.join(directory, `${run_id}.pages.part`)
      yield* Private.directory(made)
      return made
    }, orRunError),

    /** Seals the run: from now on it will be published, even if the process is killed. */
    seal: Effect.fnUntraced(function*(manifest: Omit<Manifest, "format">) {
      const text = yield* Effect.orDie(encodeManifest({ format, ...manifest }))
      yield* Private.write(file(manifest.run_id, ".sealed"), signed(text))
    }, orRunError),

    /** Marks the run as published, after every sink has published. */
    published: Effect.fnUntraced(function*(run_id: string) {
      yield* fs.rename(file(run_id, ".sealed"), file(run_id, ""))
      yield* fs.remove(file(run_id, ".open"), { force: true })
    }, orRunError),

    /** Fails because the manifest of a sealed run says something that no run can have sealed. */
    damaged: (run_id: string) => orRunError(Effect.fail(new Damaged({ file: file(run_id, ".sealed") }))),

    /** Removes the seal of a run that will not be published. Call this before anything of the run is discarded. */
    unseal: (run_id: string) =>
      orRunError(Effect.andThen(fs.remove(file(run_id, ".sealed"), { force: true }), sync(directory))),

    /** Marks the run as discarded, after everything of it has been removed. */
    discarded: (run_id: string) => orRunError(fs.remove(file(run_id, ".open"), { force: true })),

    /** The runs whose process ended before they were published, oldest first. The caller must have the lock. */
    unfinished: Effect.gen(function*() {
      yield* Private.removeUnfinished(directory)
      for (const state of [".json.open", ".json.sealed", ".pages"]) {
        for (const half of yield* idsOf(`${state}.part`)) {
          yield* fs.remove(path.join(directory, `${half}${state}.part`), { force: true, recursive: true })
        }
      }
      const sealed = yield* idsOf(".json.sealed")
      const open = yield* idsOf(".json.open")
      const unfinished: Array<Unfinished> = []
      for (const run_id of [...new Set([...sealed, ...open])].sort()) {
        unfinished.push(
          sealed.includes(run_id)
            ? { state: "sealed", run_id, sinks: (yield* manifestOf(run_id, ".sealed")).sinks }
            : { state: "open", run_id, sinks: (yield* read(OpenJson, file(run_id, ".open"))).sinks }
        )
      }
      return unfinished
    }).pipe(orRunError),

    /** The ids of the published runs, oldest first. */
    ids: orRunError(idsOf(".json")),

    /**
     * The manifest of the newest published run of a pipeline and a tenant for which `isAlso` holds. A damaged manifest
     * is skipped with a warning; `verify` is the command that refuses it.
     */
    newest: Effect.fnUntraced(function*(
      { pipeline, tenant }: Pick<Outcome, "pipeline" | "tenant">,
      isAlso: (manifest: Manifest) => boolean = () => true
    ) {
      for (const run_id of (yield* idsOf(".json")).toReversed()) {
        const manifest = yield* manifestOf(run_id, "").pipe(
          Effect.catchTag(
            "Damaged",
            ({ file }) =>
              Effect.as(Effect.logWarning(`${file} is damaged: this run is compared with an older one`), undefined)
          )
        )
        if (manifest?.tenant === tenant && manifest.pipeline === pipeline && isAlso(manifest)) return manifest
      }
      return undefined
    }, orRunError),

    /** Fails if a later version made the last run, in a format that this version does not know. */
    refuseNewer: Effect.flatMap(
      idsOf(".json"),
      (ids) => Effect.forEach(ids.slice(-1), (run_id) => manifestOf(run_id, ""))
    )
      .pipe(Effect.catchTag("Damaged", () => Effect.void), Effect.asVoid, orRunError),

    /** The published runs, newest first: for each the manifest, or the reason why it cannot be read. */
    each: orRunError(idsOf(".json")).pipe(
      Effect.flatMap((ids) =>
        Effect.forEach(
          ids.toReversed(),
          (run_id) =>
            Effect.map(Effect.result(orRunError(manifestOf(run_id, ""))), (manifest) => ({ run_id, manifest }))
        )
      )
    ),

    /** The manifests of the published runs, newest first. */
    all: Effect.gen(function*() {
      const manifests: Array<Manifest> = []
      for (const run_id of (yield* idsOf(".json")).toReversed()) {
        manifests.push(yield* manifestOf(run_id, ""))
      }
      return manifests
    }).pipe(orRunError)
  }
})
export type Manifests = Effect.Success<ReturnType<typeof make>>
