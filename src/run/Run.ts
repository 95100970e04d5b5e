/**
 * One execution of a pipeline: lock, stage, seal, publish. It is whole or it is not seen, and what a killed run left
 * behind is finished or discarded by the next one before it does anything else.
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
import { waiting } from "./Waiting.ts"

export interface RunOptions extends SourceOptions, Recovery.TrustedPlaces {
  readonly toolVersion: string
  /** A tenant may be empty although it was not before. */
  readonly allowEmpty: boolean
  /** Percent of the tenant that may be gone since the run before; the pipeline's own if it is not said. */
  readonly maxShrink?: number | undefined
  /** What becomes of cells that say something about a person; they are kept if it is not said. */
  readonly personal?: Personal.Treatment | undefined
  /** How long another run is waited for that holds the data directory or a sink's place; not at all if it is not said. */
  readonly wait?: Duration.Duration | undefined
}

/** What a run came to. A dry run has no receipts. */
export interface Result {
  readonly outcome: Outcome
  readonly receipts: ReadonlyArray<Manifest.Receipt>
}

/** Says where the run database could not be written. */
const locating =
  (runError: (reason: SinkReason) => RunError) =>
  <A, R>(effect: Effect.Effect<A, ExpectedFailure | SinkReason, R>): Effect.Effect<A, ExpectedFailure, R> =>
    Effect.mapError(effect, (error) => isSinkReason(error) ? runError(error) : error)

/** Two sinks are sealed beside one another up to so many rows. Of more, one of them takes all the memory that there is. */
const togetherMax = 1_000_000

/** What a sink is told about a run. */
export const sinkRun = (
  stamp: Stamp,
  { maxShrink: usual = 10, name, tables, views }: Pipeline,
  { allowEmpty, maxShrink = usual }: Pick<RunOptions, "allowEmpty" | "maxShrink">
): SinkRun => ({ ...stamp, pipeline: name, tables, views, allowEmpty, maxShrink })

/**
 * Runs a pipeline once. Whatever it fails with, nothing has changed; but for `Unpublished`, after which the next run
 * publishes this one. Who calls it without being interruptible can only be interrupted until it is sealed, and learns
 * what was published.
 */
export const run = Effect.fn("Run")(function*(pipeline: Pipeline, options: RunOptions) {
  const source = yield* pipeline.connect
  const { directory, discard, manifests, opened, personal, stamp } = yield* waiting(
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
    // each on a connection of its own, and beside one another
    const seal = Effect.fnUntraced(function*({ location, name, open, sink }: typeof opened[number]) {
      const rows = RowsSql.make(yield* orRunError(database.session.another))
      const { bytes, publication } = yield* open.seal([outcome], rows)
      const receipt: Manifest.Receipt = { sink: name, location, rows: outcome.rows, bytes, publication }
      return { receipt, sink }
    }, Effect.scoped)
    const concurrency = Object.values(outcome.rows).reduce((sum, rows) => sum + rows, 0) > togetherMax ? 1 : 2
    yield* orRunError(database.overflow)
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

/** Enters the data directory and opens the sinks, which keeps other runs out until the scope closes, and gets a stamp. */
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
    // what a sink has open may be written when it is closed
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

/** Reads and counts as a run does, and stages nothing. */
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
  const database = yield* orRunError(RunDatabase.open(directory))
  const personal: Rows.Personal = { treatment: "keep" }
  const outcome = yield* orRunError(collect(pipeline, source, stamp, database, { ...options, personal }))
  return { outcome, receipts: [] }
}, Effect.scoped)

/** Opens each sink as a run does, and lets go of it: the error of each that cannot be opened, and undefined for the others. */
export const checkSinks = Effect.fn("Run.rehearse")(function*(
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

/** How cells that say something about a person are treated. */
const personalOf = Effect.fnUntraced(function*({ dataDirectory, personal = "keep" }: RunOptions) {
  const treated: Rows.Personal = personal === "hash"
    ? { treatment: personal, key: yield* PersonalKey.read(dataDirectory) }
    : { treatment: personal }
  return treated
})

/** Reads the source, and makes the rows and the facts of the run. */
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
  const [rows, told] = yield* Effect.all([
    Rows.make(database, pipeline, extraction, personal),
    Facts.ofObjects(database, pipeline, extraction)
  ], { concurrency: 2 })
  const facts = yield* Facts.make(database, pipeline, stamp, extraction, told)
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

/** What is there now is not replaced by what was there then. */
const refuseOutdated = Effect.fnUntraced(
  function*(manifests: Manifest.Manifests, pipeline: string, { run_id, tenant }: Stamp) {
    const newest = (yield* manifests.all).find((_) => _.tenant === tenant && _.pipeline === pipeline)
    if (newest !== undefined && newest.run_id > run_id) {
      return yield* new RunError({ reason: new Outdated({ run_id, newest: newest.run_id }) })
    }
  }
)
