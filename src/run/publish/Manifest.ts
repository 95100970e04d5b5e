/**
 * The files about runs, in `DATA/runs`. The name of a file tells the state of its run:
 *
 * - `RUN_ID.json.open`: the run has begun to stage. If its process is gone, the next run discards what it staged.
 * - `RUN_ID.json.sealed`: every sink is sealed. If its process is gone, the next run publishes it.
 * - `RUN_ID.json`: the run is published. This is the manifest that `verify` compares the sinks with.
 *
 * The runs of a round are published together and share one file, which has the id of the newest of them.
 */
import { Array, Effect, FileSystem, Path, Schema } from "effect"
import { makeDirectory, sync } from "../../files/Durable.ts"
import * as Private from "../../files/Private.ts"
import type { Outcome } from "../../Outcome.ts"
import { isRunId } from "../../RunId.ts"
import { format, formatOf, version } from "../../Version.ts"
import * as ManifestFile from "./ManifestFile.ts"
import * as NewestRuns from "./NewestRuns.ts"

const Open = Schema.Struct({ ...ManifestFile.Written.fields, sinks: Schema.Array(ManifestFile.Target) })

/** A run whose process ended before it was published. */
export type Unfinished =
  | { readonly state: "open"; readonly run_id: string; readonly sinks: ReadonlyArray<ManifestFile.Target> }
  | { readonly state: "sealed"; readonly run_id: string; readonly sinks: ReadonlyArray<ManifestFile.Receipt> }

/** How many files of rounds stay in memory. */
const roundsMax = 10

const OpenJson = Schema.fromJsonString(Open)
const encodeOpen = Schema.encodeEffect(OpenJson)

/** The manifests of a data directory. Their failures are reported as failures of the data directory. */
export const make = Effect.fnUntraced(function*(dataDirectory: string) {
  const fs = yield* FileSystem.FileSystem
  const path = yield* Path.Path
  const directory = path.join(dataDirectory, "runs")
  const file = (run_id: string, state: "" | ".open" | ".sealed") => path.join(directory, `${run_id}.json${state}`)

  const orRunError = Effect.mapError(ManifestFile.errorIn(dataDirectory))

  const idsOf = (suffix: string) =>
    fs.readDirectory(directory).pipe(
      Effect.catchReason("PlatformError", "NotFound", () => Effect.succeed([])),
      Effect.map((names) =>
        names.toSorted().flatMap((name) => name.endsWith(suffix) ? [name.slice(0, -suffix.length)] : []).filter(isRunId)
      )
    )

  const { read } = ManifestFile

  /** Reads the file of a run or a round. Its newest run must match the file's name; a sealed one must match its hash. */
  const readFile = (run_id: string, state: "" | ".sealed") =>
    Effect.filterOrFail(
      read(ManifestFile.Json, file(run_id, state), state === ".sealed" ? ManifestFile.isSigned : undefined),
      (found) => Array.lastNonEmpty(ManifestFile.runsOf(found)).run_id === run_id,
      () => new ManifestFile.Damaged({ file: file(run_id, state) })
    )

  /** The files of rounds that were read, because each tenant of a round asks for the newest of them. */
  const rounds = new Map<string, Array.NonEmptyReadonlyArray<ManifestFile.Manifest>>()

  /** The manifests of a published file. */
  const manifestsIn = Effect.fnUntraced(function*(run_id: string) {
    const known = rounds.get(run_id)
    if (known !== undefined) return known
    const manifests = ManifestFile.runsOf(yield* readFile(run_id, ""))
    if (manifests.length > 1) rounds.set(run_id, manifests)
    for (const oldest of [...rounds.keys()].slice(0, -roundsMax)) rounds.delete(oldest)
    return manifests
  })

  /** The manifests of a published file; none if it is damaged. `verify` is the command that refuses such a file. */
  const undamagedIn = (run_id: string) =>
    manifestsIn(run_id).pipe(
      Effect.catchTag(
        "Damaged",
        ({ file }) => Effect.as(Effect.logWarning(`${file} is damaged: this run is compared with an older one`), [])
      )
    )

  const newestRuns = yield* NewestRuns.make(dataDirectory, idsOf(".json"), undamagedIn)

  /** The newest run, or the newest that was proved complete, if the index is right about its file. */
  const findNewest = Effect.fnUntraced(function*(
    { pipeline, tenant }: Pick<Outcome, "pipeline" | "tenant">,
    which: "newest" | "complete"
  ) {
    const id = (yield* newestRuns.of({ pipeline, tenant }))?.[which] ?? undefined
    if (id === undefined) return { isRight: true, manifest: undefined }
    const manifest = (yield* undamagedIn(id)).findLast((found) =>
      found.tenant === tenant && found.pipeline === pipeline && (found.complete || which === "newest")
    )
    return { isRight: manifest !== undefined, manifest }
  })

  return {
    /** Writes down the places where this run will stage, before it stages anything. */
    open: Effect.fnUntraced(function*(run_id: string, sinks: ReadonlyArray<ManifestFile.Target>) {
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

    /**
     * Seals the runs, the newest last: from now on they will be published, even if the process is killed. The result is the
     * text of the manifest.
     */
    seal: Effect.fnUntraced(function*(
      runs: Array.NonEmptyReadonlyArray<ManifestFile.FingerprintedRun>,
      shared: ManifestFile.SharedFields
    ) {
      const [first] = runs
      const { run_id, tool_version } = Array.lastNonEmpty(runs)
      const written = { ...shared, format: formatOf(runs) }
      const text = yield* Effect.orDie(
        ManifestFile.encode(runs.length === 1 ? { ...written, ...first } : { ...written, tool_version, runs })
      )
      const signed = ManifestFile.signed(text)
      yield* Private.write(file(run_id, ".sealed"), signed)
      return signed
    }, orRunError),

    /** Writes a manifest that another data directory had: of a published run, or of a sealed one. */
    receive: Effect.fnUntraced(function*(run_id: string, state: "published" | "sealed", manifest: string) {
      yield* makeDirectory(directory)
      yield* Private.write(file(run_id, state === "sealed" ? ".sealed" : ""), manifest)
    }, orRunError),

    /** Marks the run as published, after every sink has published. */
    published: Effect.fnUntraced(function*(run_id: string) {
      yield* fs.rename(file(run_id, ".sealed"), file(run_id, ""))
      yield* fs.remove(file(run_id, ".open"), { force: true })
      yield* newestRuns.update
    }, orRunError),

    /** Fails because the manifest of a sealed run says something that no run can have sealed. */
    damaged: (run_id: string) => orRunError(Effect.fail(new ManifestFile.Damaged({ file: file(run_id, ".sealed") }))),

    /** Removes the seal of a run that will not be published. Call this before anything of the run is discarded. */
    unseal: (run_id: string) =>
      orRunError(Effect.andThen(fs.remove(file(run_id, ".sealed"), { force: true }), sync(directory))),

    /** Marks the run as discarded, after everything of it has been removed. */
    discarded: (run_id: string) => orRunError(fs.remove(file(run_id, ".open"), { force: true })),

    /** The runs whose process ended before they were published, oldest first. The caller must have the lock. */
    unfinished: Effect.gen(function*() {
      yield* Private.removeUnfinished(directory)
      for (const state of [".json.open", ".json.sealed", ".pages", ".read"]) {
        for (const half of yield* idsOf(`${state}.part`)) {
          yield* fs.remove(path.join(directory, `${half}${state}.part`), { force: true, recursive: true })
        }
      }
      const sealed = yield* idsOf(".json.sealed")
      const open = yield* idsOf(".json.open")
      const unfinished: globalThis.Array<Unfinished> = []
      for (const run_id of [...new Set([...sealed, ...open])].sort()) {
        unfinished.push(
          sealed.includes(run_id)
            ? { state: "sealed", run_id, sinks: (yield* readFile(run_id, ".sealed")).sinks }
            : { state: "open", run_id, sinks: (yield* read(OpenJson, file(run_id, ".open"))).sinks }
        )
      }
      return unfinished
    }).pipe(orRunError),

    /** Changes the file of published runs. After a crash, it is as before or as after the change. */
    change: Effect.fnUntraced(function*(run_id: string, change: (file: ManifestFile.File) => ManifestFile.File) {
      const text = yield* Effect.orDie(ManifestFile.encode(change(yield* readFile(run_id, ""))))
      yield* Private.write(file(run_id, ""), ManifestFile.signed(text))
      rounds.delete(run_id)
    }, orRunError),

    /** The ids of the published runs, oldest first. */
    ids: orRunError(idsOf(".json")),

    /** The manifest of the newest published run of a pipeline and a tenant, or of the newest that was proved complete. */
    newest: Effect.fnUntraced(function*(
      tenant: Pick<Outcome, "pipeline" | "tenant">,
      which: "newest" | "complete" = "newest"
    ) {
      const found = yield* findNewest(tenant, which)
      if (found.isRight) return found.manifest
      yield* newestRuns.again
      return (yield* findNewest(tenant, which)).manifest
    }, orRunError),

    /** The manifest of the newest published run of a pipeline and a tenant for which `holds` is true. */
    newestWith: Effect.fnUntraced(function*(
      { pipeline, tenant }: Pick<Outcome, "pipeline" | "tenant">,
      holds: (manifest: ManifestFile.Manifest) => boolean
    ) {
      // the newest run is nearly always the one, and the index finds it
      const { manifest: newest } = yield* findNewest({ pipeline, tenant }, "newest")
      if (newest !== undefined && holds(newest)) return newest
      for (const id of (yield* idsOf(".json")).toReversed()) {
        const found = (yield* undamagedIn(id)).findLast((manifest) =>
          manifest.tenant === tenant && manifest.pipeline === pipeline && holds(manifest)
        )
        if (found !== undefined) return found
      }
      return undefined
    }, orRunError),

    /** The newest published run of each pipeline and tenant, the newest first. */
    newestOfAll: orRunError(newestRuns.all),

    /** Fails if a later version made the last run, in a format that this version does not know. */
    refuseNewer: Effect.flatMap(
      idsOf(".json"),
      (ids) => Effect.forEach(ids.slice(-1), manifestsIn)
    )
      .pipe(Effect.catchTag("Damaged", () => Effect.void), Effect.asVoid, orRunError),

    /** The published runs, newest first: for each file the manifests of its runs, or the reason why it cannot be read. */
    each: orRunError(idsOf(".json")).pipe(
      Effect.flatMap((ids) =>
        Effect.forEach(
          ids.toReversed(),
          (id) => Effect.map(Effect.result(orRunError(manifestsIn(id))), (manifests) => ({ id, manifests }))
        )
      )
    ),

    /** The manifests of the published runs, newest first. */
    all: Effect.gen(function*() {
      const manifests: globalThis.Array<ManifestFile.Manifest> = []
      for (const id of (yield* idsOf(".json")).toReversed()) {
        manifests.push(...(yield* manifestsIn(id)).toReversed())
      }
      return manifests
    }).pipe(orRunError)
  }
})
export type Manifests = Effect.Success<ReturnType<typeof make>>
