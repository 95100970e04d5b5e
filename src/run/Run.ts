/**
 * Runs a pipeline once: takes the lock, reads the source, makes the rows, seals every sink, and publishes. Readers see
 * all of a run or nothing of it. If a run is killed, the next run first publishes or discards what it left.
 */
import { type Duration, Effect, Exit, FileSystem } from "effect"
import { tmpdir } from "node:os"
import * as Fingerprint from "../duckdb/Fingerprint.ts"
import type * as Personal from "../duckdb/Personal.ts"
import * as RunDatabase from "../duckdb/RunDatabase.ts"
import type { ExpectedFailure } from "../failure/ExpectedFailure.ts"
import { reasonOf } from "../files/Files.ts"
import type { Outcome } from "../Outcome.ts"
import type { Pipeline, Source, SourceOptions } from "../Pipeline.ts"
import type { Stamp } from "../Table.ts"
import * as Collect from "./Collect.ts"
import * as KnownNames from "./KnownNames.ts"
import * as LogPlans from "./log/LogPlans.ts"
import type { LogRange } from "./log/LogWindows.ts"
import * as OpenRound from "./OpenRound.ts"
import type { Manifests } from "./publish/Manifest.ts"
import type { Receipt } from "./publish/ManifestFile.ts"
import * as Recovery from "./publish/Recovery.ts"
import { withLocation } from "./publish/SinkLocation.ts"
import type * as Rows from "./Rows.ts"
import { inTemporary, Outdated, RunError } from "./RunError.ts"
import { newStamp, stampFor } from "./Stamp.ts"
import { retryWhileLocked } from "./Waiting.ts"

export interface RunOptions extends SourceOptions, Recovery.TrustedPlaces {
  readonly toolVersion: string
  /** Accept a tenant that is empty now although it was not in the last run. */
  readonly allowEmpty: boolean
  /** The percentage of the tenant that may be gone since the last run. The default is the pipeline's. */
  readonly maxShrink?: number | undefined
  /** The treatment of cells that say something about a person. By default they are kept. */
  readonly personal?: Personal.Treatment | undefined
  /** Of a log: the part of it that may be read; by default everything that Duo has. */
  readonly range?: LogRange | undefined
  /**
   * How long to wait for another run that has locked the data directory or a sink's location. By default, not at all.
   */
  readonly wait?: Duration.Duration | undefined
}

/** Options of a run that is part of something larger. */
export interface SingleRunOptions extends RunOptions {
  /** The name that the tenant's rows have. The default is its API host. */
  readonly tenant?: string | undefined
  /**
   * Is called with the text of the manifest after every sink is sealed, and before any publishes. If it fails, the run is
   * discarded.
   */
  readonly onSealed?: ((run_id: string, manifest: string) => Effect.Effect<void, ExpectedFailure>) | undefined
}

/** The result of a run. A dry run has no receipts. */
export interface Result {
  readonly outcome: Outcome
  readonly receipts: ReadonlyArray<Receipt>
  /** How many runs are needed after this one to read the rest of a log; 0 for a snapshot. */
  readonly remaining: number
}

/**
 * Runs a pipeline once. If it fails, nothing has changed, except after `Unpublished`: then the next run publishes this
 * one. A caller that is uninterruptible can still be interrupted until the run is sealed, and after that always gets
 * the result.
 */
export const run = Effect.fn("Run")(function*(pipeline: Pipeline, options: SingleRunOptions) {
  const source = yield* pipeline.connect
  const { directory, discard, log, manifests, opened, personal, stamp } = yield* retryWhileLocked(
    begin(pipeline, source, options),
    options.wait
  )
  yield* Effect.annotateCurrentSpan("duo_mfa.run_id", stamp.run_id)

  const { outcome, sealed } = yield* Effect.interruptible(Effect.scoped(Effect.gen(function*() {
    const orRunError = Collect.orRunError(options.dataDirectory)
    const database = yield* orRunError(RunDatabase.open(directory))
    const plan = log && (yield* orRunError(LogPlans.make(database, pipeline, stamp, log)))
    const outcome = yield* Collect.comparedWithLast(
      manifests,
      pipeline,
      yield* orRunError(Collect.collect(pipeline, source, stamp, database, { ...options, personal, plan })),
      OpenRound.sinkRun(stamp, pipeline, options)
    )
    const [fingerprints, sealed] = yield* Effect.all([
      orRunError(Fingerprint.ofRun(database.session, pipeline.tables, outcome)),
      OpenRound.seal(opened, [outcome], database, options.dataDirectory, pipeline)
    ], { concurrency: OpenRound.concurrencyFor([outcome]) })
    const manifest = yield* manifests.seal([{ ...outcome, fingerprints }], OpenRound.shared(pipeline, sealed))
    if (options.onSealed !== undefined) yield* options.onSealed(stamp.run_id, manifest)
    return { sealed, outcome }
  }))).pipe(Effect.onExit((exit) => Exit.isSuccess(exit) ? Effect.void : discard))

  yield* Recovery.publish(manifests, stamp.run_id, sealed)
  const receipts = sealed.map(({ receipt }) => receipt)
  const result: Result = { outcome, receipts, remaining: log?.next.remaining ?? 0 }
  return result
}, Effect.scoped)

/**
 * Locks the data directory, recovers killed runs, makes a stamp and opens the sinks. The locks last until the scope
 * closes.
 */
const begin = Effect.fnUntraced(function*(pipeline: Pipeline, source: Source, options: SingleRunOptions) {
  const manifests = yield* Recovery.lockAndRecover(options)
  const personal = yield* Collect.personalOf(options)
  const tenant = options.tenant ?? source.tenant
  const stamp = { ...yield* stampFor(source, yield* manifests.ids), tenant }
  if (source.recorded !== undefined) yield* refuseOutdated(manifests, pipeline, stamp)
  yield* (yield* KnownNames.read(manifests, pipeline)).refuseOther(tenant, source.tenant)
  const log = pipeline.kind === "log" ? yield* LogPlans.begin(manifests, pipeline, source, stamp, options) : undefined
  const opened = yield* OpenRound.open(manifests, OpenRound.sinkRun(stamp, pipeline, options), options)
  return { ...opened, log, manifests, personal, stamp }
})

/** Reads and counts as a run does, but stages nothing. */
export const dryRun = Effect.fn("Run.dry")(function*(
  pipeline: Pipeline,
  options: SourceOptions & Pick<SingleRunOptions, "toolVersion" | "range" | "tenant">
) {
  const source = yield* pipeline.connect
  const stamp = yield* stampFor({ ...source, tenant: options.tenant ?? source.tenant }, [])
  const orRunError = Collect.locating((reason) => new RunError({ reason: inTemporary(tmpdir(), reason) }))
  const fs = yield* FileSystem.FileSystem
  const directory = yield* orRunError(
    Effect.mapError(fs.makeTempDirectoryScoped({ directory: tmpdir(), prefix: "duo-mfa-" }), reasonOf)
  )
  const database = yield* orRunError(RunDatabase.open(directory, "never"))
  const personal: Rows.Personal = { treatment: "keep" }
  const plan = pipeline.kind === "log"
    ? yield* orRunError(LogPlans.dry(database, pipeline, source, stamp, options.range))
    : undefined
  const outcome = yield* orRunError(Collect.collect(pipeline, source, stamp, database, { ...options, personal, plan }))
  return { outcome, receipts: [], remaining: 0 }
}, Effect.scoped)

/** Opens each sink as a run does and closes it again. The result has the error of each sink that cannot be opened. */
export const checkSinks = Effect.fn("Run.checkSinks")(function*(
  pipeline: Pipeline,
  options: Recovery.TrustedPlaces & { readonly tenant: string }
) {
  const { findSink, sinks, tenant } = options
  const manifests = yield* Recovery.lockAndRecover(options)
  const stamp = yield* newStamp(tenant, [])
  const directory = yield* manifests.directory(stamp.run_id)
  return yield* Effect.forEach(sinks, (target) =>
    Effect.gen(function*() {
      const { location } = target
      const sink = withLocation(yield* findSink(target.sink))
      yield* Effect.scoped(sink.open(location, OpenRound.sinkRun(stamp, pipeline, { allowEmpty: false }), directory))
        .pipe(
          Effect.ensuring(Effect.ignore(sink.discard(location, stamp.run_id)))
        )
    }).pipe(Effect.match({
      onFailure: (error) => ({ ...target, error }),
      onSuccess: () => ({ ...target, error: undefined })
    })))
}, Effect.scoped)

/**
 * Fails if a replayed run is older than a published run, because it must not replace newer rows. A run of a log replaces
 * none, so it only must not be published already.
 */
const refuseOutdated = Effect.fnUntraced(
  function*(manifests: Manifests, { kind, name }: Pipeline, { run_id, tenant }: Stamp) {
    const newest = (yield* manifests.all).find((manifest) =>
      manifest.tenant === tenant && manifest.pipeline === name && (kind !== "log" || manifest.run_id === run_id)
    )
    if (newest !== undefined && (kind === "log" || newest.run_id > run_id)) {
      return yield* new RunError({ reason: new Outdated({ run_id, newest: newest.run_id }) })
    }
  }
)
