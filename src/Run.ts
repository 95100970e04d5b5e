/**
 * One execution of a pipeline: lock, stage, seal, publish. It is whole or it is not seen, and what a killed run left
 * behind is finished or discarded by the next one before it does anything else.
 */
import { type Duration, Effect, Exit, Scope, Stream } from "effect"
import type { Expected } from "./Expected.ts"
import { refuseLost } from "./Guard.ts"
import { located } from "./Located.ts"
import type * as Manifest from "./Manifest.ts"
import { objectsOf, type Outcome, rowsOf } from "./Outcome.ts"
import * as Personal from "./Personal.ts"
import * as PersonalKey from "./PersonalKey.ts"
import type { Extraction, Pipeline, Source, SourceOptions } from "./Pipeline.ts"
import { Progress } from "./Progress.ts"
import * as Recovery from "./Recovery.ts"
import { inDataDirectory, Outdated, RunError } from "./RunError.ts"
import type { SinkReason, SinkRun, SinkServices } from "./Sink.ts"
import * as Fingerprint from "./staging/Fingerprint.ts"
import * as Scratch from "./staging/Scratch.ts"
import * as Stage from "./staging/Stage.ts"
import { newStamp, stampFor } from "./Stamp.ts"
import { addedTo, type Batch, type Stamp, typesOf } from "./Table.ts"
import { waiting } from "./Waiting.ts"

export interface RunOptions extends SourceOptions, Recovery.Followed {
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
  const { directory, discard, manifests, opened, stamp, treat } = yield* waiting(
    begin(pipeline, source, options),
    options.wait
  )
  yield* Effect.annotateCurrentSpan("duo_mfa.run_id", stamp.run_id)

  const { outcome, receipts, sealed } = yield* Effect.interruptible(Effect.scoped(Effect.gen(function*() {
    const scratch = yield* Scratch.make(directory, options.dataDirectory)
    const extract = Effect.map(source.extract(stamp, { ...options, scratch }), (extraction) => ({
      ...extraction,
      batches: Stream.map(extraction.batches, treat)
    }))
    const inStage = Effect.mapError((reason: SinkReason) =>
      new RunError({ reason: inDataDirectory(options.dataDirectory, reason) })
    )
    const stage = yield* inStage(Stage.open(directory, pipeline.tables))
    const drained = yield* drain(pipeline, stamp, extract, (batch) => inStage(stage.write(batch)), options)
    const before = yield* manifests.newest(drained)
    const outcome = { ...drained, columns_added: addedTo(before?.columns ?? {}, pipeline.tables) }
    yield* refuseLost(manifests, pipeline.tables, outcome, sinkRun(stamp, pipeline, options))
    const rows = yield* inStage(stage.finish)
    const sealed = yield* Effect.forEach(
      opened,
      ({ location, name, open, sink }) =>
        Effect.map(open.seal([outcome], rows), ({ bytes, publication }) => {
          const receipt: Manifest.Receipt = { sink: name, location, rows: outcome.rows, bytes, publication }
          return { receipt, sink }
        })
    )
    const receipts = sealed.map(({ receipt }) => receipt)
    yield* manifests.seal({
      ...outcome,
      fingerprint_algorithm: Fingerprint.algorithm,
      fingerprints: yield* inStage(Fingerprint.ofRun(rows, pipeline.tables, outcome)),
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
      Effect.map(options.findSink(sink), (found) => ({ location, name: sink, sink: located(found) }))
  )
  const manifests = yield* Recovery.enter(options)
  const treat = yield* treatmentOf(pipeline, options)
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
    return { directory, discard, manifests, opened, stamp, treat }
  }).pipe(Effect.interruptible, Effect.onError(() => discard))
})

/** Reads and counts as a run does, and stages nothing. */
export const dryRun = Effect.fn("Run.dry")(function*(
  pipeline: Pipeline,
  options: SourceOptions & { readonly toolVersion: string }
) {
  const source = yield* pipeline.connect
  const stamp = yield* stampFor(source, [])
  const scratch = yield* Scratch.temporary
  const extract = source.extract(stamp, { ...options, scratch })
  const outcome = yield* drain(pipeline, stamp, extract, () => Effect.void, options)
  return { outcome, receipts: [] }
}, Effect.scoped)

/** Opens the sinks as a run does, and lets go of them. */
export const rehearse = Effect.fn("Run.rehearse")(function*(
  pipeline: Pipeline,
  options: Recovery.Followed & { readonly tenant: string }
) {
  const { findSink, sinks, tenant } = options
  const manifests = yield* Recovery.enter(options)
  const stamp = yield* newStamp(tenant, [])
  const directory = yield* manifests.directory(stamp.run_id)
  for (const { location, sink: name } of sinks) {
    const sink = located(yield* findSink(name))
    yield* Effect.scoped(sink.open(location, sinkRun(stamp, pipeline, { allowEmpty: false }), directory)).pipe(
      Effect.ensuring(Effect.ignore(sink.discard(location, stamp.run_id)))
    )
  }
}, Effect.scoped)

/** What is done to every batch before anything else sees it. */
const treatmentOf = Effect.fnUntraced(function*({ tables }: Pipeline, { dataDirectory, personal }: RunOptions) {
  if (personal === "drop") return Personal.replacing(tables, Personal.drop)
  if (personal !== "hash") return (batch: Batch) => batch
  return Personal.replacing(tables, Personal.hash(yield* PersonalKey.read(dataDirectory)))
})

/** Reads the source and hands over every batch, and counts on the way. */
const drain = Effect.fnUntraced(function*(
  pipeline: Pipeline,
  stamp: Stamp,
  extract: Effect.Effect<Extraction, Expected>,
  write: (batch: Batch) => Effect.Effect<void, Expected, SinkServices>,
  { toolVersion }: { readonly toolVersion: string }
) {
  const progress = yield* Progress
  const extraction = yield* extract
  const rows: Record<string, number> = {}
  yield* extraction.batches.pipe(
    Stream.buffer({ capacity: 2 }),
    Stream.runForEach(Effect.fnUntraced(function*(batch) {
      for (const { name } of pipeline.tables) rows[name] = (rows[name] ?? 0) + (batch[name] ?? []).length
      yield* write(batch)
      const { pages, total_objects } = yield* extraction.facts
      yield* progress({ stage: "writing", ...objectsOf({ rows }), total: total_objects, pages })
    }))
  )
  const facts = yield* extraction.facts
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
    rows: rowsOf(pipeline.tables, { ...facts, rows })
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
