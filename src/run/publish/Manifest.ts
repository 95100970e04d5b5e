/**
 * What is on disk about runs, in `DATA/runs`. The name of a file is the state of its run:
 *
 * - `RUN_ID.json.open`: it has begun to stage; if its process is gone, what it staged is discarded
 * - `RUN_ID.json.sealed`: it is whole; if its process is gone, the next start publishes it
 * - `RUN_ID.json`: it is published; this is the manifest that `verify` holds the sinks against
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

/** A sink as it was asked for: its name or module specifier, and where it writes. */
export const Target = Schema.Struct({ sink: Schema.String, location: Schema.String })
export interface Target extends Schema.Schema.Type<typeof Target> {}

/** What every manifest says first; one without a number is of a version before there were any. */
const Written = Schema.Struct({
  format: Schema.Int.pipe(Schema.withDecodingDefaultKey(Effect.succeed(0))),
  tool_version: Schema.String.pipe(Schema.withDecodingDefaultKey(Effect.succeed("")))
})

const Open = Schema.Struct({ ...Written.fields, sinks: Schema.Array(Target) })

/** What one sink got. */
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
  /** How the fingerprints were made; a manifest of before does not say it. */
  fingerprint_algorithm: Algorithm.pipe(Schema.withDecodingDefaultKey(Effect.succeed("sha256-lanes" as const))),
  /** By table: a hash of its rows that does not depend on their order. */
  fingerprints: Schema.Record(Schema.String, Schema.String),
  /** By table: the types of its columns, by name and in their order, as they were hashed; a later version may have others. */
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

/** A manifest with its own hash at its end, so that what happens by its word is what was sealed and nothing else. */
const signed = (text: string) => `${text.slice(0, -1)},"sha256":"${sha256(text)}"}`

const isSigned = (text: string) => {
  const [, body, sum] = /^(.*),"sha256":"([0-9a-f]{64})"\}$/s.exec(text) ?? []
  return body !== undefined && sha256(`${body}}`) === sum
}

/** A file that no run of ours can have written so. */
class Damaged extends Schema.TaggedError<Damaged>()("Damaged", { file: Schema.String }) {}

/** A file that a later version wrote, in a format that this one does not know. */
class Newer extends Schema.TaggedError<Newer>()("Newer", { file: Schema.String, ...Written.fields }) {}

/** The manifests under a data directory. What goes wrong with them is told as the data directory's. */
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

  /** The manifest of the run that its file is named after; a sealed one as it was written, to the byte. */
  const manifestOf = (run_id: string, state: "" | ".sealed") =>
    Effect.filterOrFail(
      read(ManifestJson, file(run_id, state), state === ".sealed" ? isSigned : undefined),
      (manifest) => manifest.run_id === run_id,
      () => new Damaged({ file: file(run_id, state) })
    )

  return {
    /** Says, before anything is staged, where this run will stage. */
    open: Effect.fnUntraced(function*(run_id: string, sinks: ReadonlyArray<Target>) {
      yield* makeDirectory(directory)
      const text = yield* Effect.orDie(encodeOpen({ format, tool_version: version, sinks }))
      yield* Private.write(file(run_id, ".open"), text)
    }, orRunError),

    /** Makes a directory for what must not outlive a run: it goes with the scope, or is swept by the next run. */
    directory: Effect.fnUntraced(function*(run_id: string) {
      yield* makeDirectory(directory)
      const made = path.join(directory, `${run_id}.pages.part`)
      yield* Private.directory(made)
      return made
    }, orRunError),

    /** From here on the run is whole: whatever happens, it will be published. */
    seal: Effect.fnUntraced(function*(manifest: Omit<Manifest, "format">) {
      const text = yield* Effect.orDie(encodeManifest({ format, ...manifest }))
      yield* Private.write(file(manifest.run_id, ".sealed"), signed(text))
    }, orRunError),

    /** Every sink has published. */
    published: Effect.fnUntraced(function*(run_id: string) {
      yield* fs.rename(file(run_id, ".sealed"), file(run_id, ""))
      yield* fs.remove(file(run_id, ".open"), { force: true })
    }, orRunError),

    /** It cannot be published: no run can have sealed what its file says. */
    damaged: (run_id: string) => orRunError(Effect.fail(new Damaged({ file: file(run_id, ".sealed") }))),

    /** It will not be published after all; to be said before anything of it is discarded. */
    unseal: (run_id: string) =>
      orRunError(Effect.andThen(fs.remove(file(run_id, ".sealed"), { force: true }), sync(directory))),

    /** Nothing of the run is left. */
    discarded: (run_id: string) => orRunError(fs.remove(file(run_id, ".open"), { force: true })),

    /** The runs whose process ended before they were published, oldest first. To be asked under the lock. */
    unfinished: Effect.gen(function*() {
      yield* Private.sweep(directory)
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
     * The manifest of the newest published run of a pipeline over a tenant, of those that are also something else. A
     * damaged one is passed over: `verify` is who refuses it.
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
              Effect.as(Effect.logWarning(`${file} is damaged: this run is held against an older one`), undefined)
          )
        )
        if (manifest?.tenant === tenant && manifest.pipeline === pipeline && isAlso(manifest)) return manifest
      }
      return undefined
    }, orRunError),

    /** Fails if the last run was of a later version, whose format this one does not know. */
    refuseNewer: Effect.flatMap(
      idsOf(".json"),
      (ids) => Effect.forEach(ids.slice(-1), (run_id) => manifestOf(run_id, ""))
    )
      .pipe(Effect.catchTag("Damaged", () => Effect.void), Effect.asVoid, orRunError),

    /** The published runs, newest first: the manifest of each, or why it cannot be read. */
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
