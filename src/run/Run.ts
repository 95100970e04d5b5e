/**
 * Runs a pipeline once: takes the lock, reads the source, makes the rows, seals every sink, and publishes. Readers see
 * all of a run or nothing of it. If a run is killed, the next run first publishes or discards what it left.
 */
import { type Duration, Effect, Exit, FileSystem, Scope } from "effect"
import { tmpdir } from "node:os"
import * as Fingerprint from "../duckdb/Fingerprint.ts"
import type * as Personal from "../duckdb/Personal.ts"
import * as RowsSql from "../duckdb/RowsSql.ts"
import * as RunDatabase from "../duckdb/RunDatabase.ts"
import type { ExpectedFailure } from "../failure/ExpectedFailure.ts"
import { isSinkReason, type SinkReason } from "../failure/SinkError.ts"
import { reasonOf } from "../files/Files.ts"
import type { Outcome } from "../Outcome.ts"
import type { Pipeline, Source, SourceOptions } from "../Pipeline.ts"
import type { SinkRun } from "../Sink.ts"
import { addedTo, type Stamp, typesOf } from "../Table.ts"
import * as Facts from "./Facts.ts"
import { refuseLost } from "./Guard.ts"
import * as PersonalKey from "./PersonalKey.ts"
import type * as Manifest from "./publish/Manifest.ts"
import * as Recovery from "./publish/Recovery.ts"
import { withLocation } from "./publish/SinkLocation.ts"
import * as Rows from "./Rows.ts"
import { inDataDirectory, inTemporary, Outdated, RunError } from "./RunError.ts"
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
  /**
   * How long to wait for another run that has locked the data directory or a sink's location. By default, not at all.
   */
  readonly wait?: Duration.Duration | undefined
}

/** The result of a run. A dry run has no receipts. */
export interface Result {
  readonly outcome: Outcome
  readonly receipts: ReadonlyArray<Manifest.Receipt>
}

/** Turns a failure of the run database into a `RunError` that names its directory. */
const locating =
  (runError: (reason: SinkReason) => RunError) =>
  <A, R>(effect: Effect.Effect<A, ExpectedFailure | SinkReason, R>): Effect.Effect<A, ExpectedFailure, R> =>
    Effect.mapError(effect, (error) => isSinkReason(error) ? runError(error) : error)

/** Up to so many rows, two sinks are sealed at the same time. With more rows, one sink needs all of the memory. */
const togetherMax = 1_000_000

/** What a sink knows about a run. */
export const sinkRun = (
  stamp: Stamp,
  { maxShrink: usual = 10, name, tables, views }: Pipeline,
  { allowEmpty, maxShrink = usual }: Pick<RunOptions, "allowEmpty" | "maxShrink">
): SinkRun => ({ ...stamp, pipeline: name, tables, views, allowEmpty, maxShrink })

/**
 * Runs a pipeline once. If it fails, nothing has changed, except after `Unpublished`: then the next run publishes this
 * one. A caller that is uninterruptible can still be interrupted until the run is sealed, and after that always gets
 * the result.
 */
export const run = Effect.fn("Run")(function*(pipeline: Pipeline, options: RunOptions) {
  const source = yield* pipeline.connect
  const { directory, discard, manifests, opened, personal, stamp } = yield* retryWhileLocked(
    begin(pipeline, source, options),
    options.wait
  )
  yield* Effect.annotateCurrentSpan("duo_mfa.run_id", stamp.run_id)

  const { outcome, receipts, sealed } = yield* Effect.interruptible(Effect.scoped(Effect.gen(function*() {
    const orRunError = locating((reason) => new RunError({ reason: inDataDirectory(options.dataDirectory, reason) }))
    const database = yield* orRunError(RunDatabase.open(directory))
    const collected = yield* orRunError(collect(pipeline, source, stamp, database, { ...options, personal }))
    const before = yield* manifests.newest(collected)
    const outcome = { ...collected, columns_added: addedTo(before?.columns ?? {}, pipeline.tables) }
    yield* refuseLost(manifests, pipeline.tables, outcome, sinkRun(stamp, pipeline, options))
    // each sink has a connection of its own, because two may be sealed at the same time
    const seal = Effect.fnUntraced(function*({ location, name, open, sink }: typeof opened[number]) {
      const rows = RowsSql.make(yield* orRunError(database.session.another))
      const { bytes, publication } = yield* open.seal([outcome], rows)
      const receipt: Manifest.Receipt = { sink: name, location, rows: outcome.rows, bytes, publication }
      return { receipt, sink }
    }, Effect.scoped)
    const concurrency = Object.values(outcome.rows).reduce((sum, rows) => sum + rows, 0) > togetherMax ? 1 : 2
    const [fingerprints, sealed] = yield* Effect.all([
      orRunError(Fingerprint.ofRun(database.session, pipeline.tables, outcome)),
      Effect.forEach(opened, seal, { concurrency })
    ], { concurrency })
    const receipts = sealed.map(({ receipt }) => receipt)
    yield* manifests.seal({
      ...outcome,
      fingerprint_algorithm: Fingerprint.algorithm,
      fingerprints,
      columns: typesOf(pipeline.tables),
      sinks: receipts
    })
    return { sealed, outcome, receipts }
  }))).pipe(Effect.onExit((exit) => Exit.isSuccess(exit) ? Effect.void : discard))

  yield* Recovery.publish(manifests, stamp.run_id, sealed)
  const result: Result = { outcome, receipts }
  return result
}, Effect.scoped)

/**
 * Locks the data directory, recovers killed runs, makes a stamp and opens the sinks. The locks last until the scope
 * closes.
 */
const begin = Effect.fnUntraced(function*(pipeline: Pipeline, source: Source, options: RunOptions) {
  const targets = yield* Effect.forEach(
    options.sinks,
    ({ location, sink }) =>
      Effect.map(options.findSink(sink), (found) => ({ location, name: sink, sink: withLocation(found) }))
  )
  const manifests = yield* Recovery.lockAndRecover(options)
  const personal = yield* personalOf(options)
  const stamp = yield* stampFor(source, yield* manifests.ids)
  if (source.recorded !== undefined) yield* refuseOutdated(manifests, pipeline.name, stamp)
  const scope = yield* Effect.flatMap(Effect.scope, Scope.fork)
  const discard = manifests.unseal(stamp.run_id).pipe(
    // closing a sink may still write, so close it before its files are removed
    Effect.andThen(Scope.close(scope, Exit.void)),
    Effect.andThen(Effect.forEach(targets, ({ location, sink }) => sink.discard(location, stamp.run_id))),
    Effect.andThen(manifests.discarded(stamp.run_id)),
    Effect.ignore
  )
  return yield* Effect.gen(function*() {
    yield* manifests.open(stamp.run_id, options.sinks)
    const directory = yield* manifests.directory(stamp.run_id)
    const opened = yield* Effect.forEach(targets, ({ location, name, sink }) =>
      Effect.map(
        sink.open(location, sinkRun(stamp, pipeline, options), directory),
        (open) => ({ location, name, open, sink })
      )).pipe(Scope.provide(scope))
    return { directory, discard, manifests, opened, personal, stamp }
  }).pipe(Effect.interruptible, Effect.onError(() => discard))
})

/** Reads and counts as a run does, but stages nothing. */
export const dryRun = Effect.fn("Run.dry")(function*(
  pipeline: Pipeline,
  options: SourceOptions & { readonly toolVersion: string }
) {
  const source = yield* pipeline.connect
  const stamp = yield* stampFor(source, [])
  const orRunError = locating((reason) => new RunError({ reason: inTemporary(tmpdir(), reason) }))
  const fs = yield* FileSystem.FileSystem
  const directory = yield* orRunError(
    Effect.mapError(fs.makeTempDirectoryScoped({ directory: tmpdir(), prefix: "duo-mfa-" }), reasonOf)
  )
  const database = yield* orRunError(RunDatabase.open(directory, "never"))
  const personal: Rows.Personal = { treatment: "keep" }
  const outcome = yield* orRunError(collect(pipeline, source, stamp, database, { ...options, personal }))
  return { outcome, receipts: [] }
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
      yield* Effect.scoped(sink.open(location, sinkRun(stamp, pipeline, { allowEmpty: false }), directory)).pipe(
        Effect.ensuring(Effect.ignore(sink.discard(location, stamp.run_id)))
      )
    }).pipe(Effect.match({
      onFailure: (error) => ({ ...target, error }),
      onSuccess: () => ({ ...target, error: undefined })
    })))
}, Effect.scoped)

/** The treatment of personal cells, and the key if they are hashed. */
const personalOf = Effect.fnUntraced(function*({ dataDirectory, personal = "keep" }: RunOptions) {
  const treated: Rows.Personal = personal === "hash"
    ? { treatment: personal, key: yield* PersonalKey.read(dataDirectory) }
    : { treatment: personal }
  return treated
})

/** Reads the source and makes the rows and the outcome of the run. */
const collect = Effect.fnUntraced(function*(
  pipeline: Pipeline,
  source: Source,
  stamp: Stamp,
  database: RunDatabase.RunDatabase,
  { personal, toolVersion, ...options }: SourceOptions & {
    readonly toolVersion: string
    readonly personal: Rows.Personal
  }
) {
  const extraction = yield* source.extract(stamp, { ...options, database })
  yield* Rows.prepare(database, pipeline, stamp, extraction)
  const [rows, objectFacts] = yield* Effect.all([
    Rows.make(database, pipeline, extraction, personal),
    Facts.ofObjects(database, pipeline, extraction)
  ], { concurrency: 2 })
  const facts = yield* Facts.make(database, pipeline, stamp, extraction, objectFacts)
  const observed_at = new Date(Number(stamp.observed_at / 1000n)).toISOString()
  const outcome: Outcome = {
    run_id: stamp.run_id,
    pipeline: pipeline.name,
    tenant: stamp.tenant,
    started_at: observed_at,
    observed_at,
    tool_version: toolVersion,
    ...facts,
    columns_added: [],
    rows
  }
  return outcome
})

/** Fails if a replayed run is older than a published run, because it must not replace newer rows. */
const refuseOutdated = Effect.fnUntraced(
  function*(manifests: Manifest.Manifests, pipeline: string, { run_id, tenant }: Stamp) {
    const newest = (yield* manifests.all).find((_) => _.tenant === tenant && _.pipeline === pipeline)
    if (newest !== undefined && newest.run_id > run_id) {
      return yield* new RunError({ reason: new Outdated({ run_id, newest: newest.run_id }) })
    }
  }
)
