/**
 * What a run does before anything else: take the lock, and finish or discard what killed runs left. A manifest says where
 * that is, and is only believed where the data directory itself or this very command says the same.
 */
import { Effect, Option, type PlatformError } from "effect"
import type { ExpectedFailure } from "../../failure/ExpectedFailure.ts"
import { isSinkError, type SinkError } from "../../failure/SinkError.ts"
import { makeDirectory } from "../../files/Durable.ts"
import { reasonOf } from "../../files/Files.ts"
import * as Private from "../../files/Private.ts"
import type { Sink } from "../../Sink.ts"
import { inDataDirectory, RunError, Unnamed, Unpublished } from "../RunError.ts"
import * as Lock from "./Lock.ts"
import * as Manifest from "./Manifest.ts"
import { withLocation } from "./SinkLocation.ts"
import * as Named from "./TrustedTarget.ts"

/** Finds a sink by the name in a target. */
export type FindSink = (name: string) => Effect.Effect<Sink, ExpectedFailure>

/** What may be followed: the data directory, the sinks that this command names, and how a sink is found. */
export interface TrustedPlaces {
  readonly dataDirectory: string
  readonly sinks: ReadonlyArray<Manifest.Target>
  readonly findSink: FindSink
}

/** The sink that a manifest leads to, if it may. */
export const follow = Effect.fnUntraced(function*(followed: TrustedPlaces, target: Manifest.Target, run_id: string) {
  const unnamed = new RunError({ reason: new Unnamed({ run_id, sink: target.sink, location: target.location }) })
  const sink = yield* Effect.mapError(followed.findSink(target.sink), () => unnamed)
  return (yield* Named.isTrusted(followed, sink, target)) ? withLocation(sink) : yield* unnamed
})

/** Discards a run in one place, and says whether there is nothing left to do there. */
const discardIn = (followed: TrustedPlaces, target: Manifest.Target, run_id: string) =>
  follow(followed, target, run_id).pipe(
    Effect.flatMap(({ discard }) => discard(target.location, run_id)),
    Effect.as(true),
    Effect.catch(({ message }) =>
      Effect.as(Effect.logWarning(`What run ${run_id} left behind is still there. ${message}`), false)
    )
  )

/** Discards a run wherever it has staged. */
const discard = Effect.fnUntraced(function*(
  manifests: Manifest.Manifests,
  followed: TrustedPlaces,
  run_id: string,
  targets: ReadonlyArray<Manifest.Target>
) {
  const done = yield* Effect.forEach(targets, (target) => discardIn(followed, target, run_id))
  if (done.every((isDone) => isDone)) yield* manifests.discarded(run_id)
})

/** Makes the data directory, takes its lock, and finishes what killed runs left behind. */
export const lockAndRecover = Effect.fnUntraced(function*(followed: TrustedPlaces) {
  const { dataDirectory, sinks } = followed
  const inDirectory = Effect.mapError((error: PlatformError.PlatformError) =>
    new RunError({ reason: inDataDirectory(dataDirectory, reasonOf(error)) })
  )
  yield* inDirectory(makeDirectory(dataDirectory))
  yield* Lock.acquire(dataDirectory)
  yield* inDirectory(Private.sweep(dataDirectory))
  const manifests = yield* Manifest.make(dataDirectory)
  yield* manifests.refuseNewer
  const isFinished = (target: Manifest.Target) => Named.isNamed(sinks, target) || !Named.isStandardOutput(target)
  for (const unfinished of yield* manifests.unfinished) {
    const { run_id } = unfinished
    if (unfinished.state === "sealed") {
      const sealed = yield* Effect.forEach(
        unfinished.sinks.filter(isFinished),
        (receipt) => Effect.map(follow(followed, receipt, run_id), (sink) => ({ receipt, sink }))
      )
      yield* finish(manifests, followed, run_id, sealed)
    } else {
      yield* Effect.logInfo(`Discarding run ${run_id}, which its process did not finish`)
      yield* discard(manifests, followed, run_id, unfinished.sinks.filter(isFinished))
    }
  }
  return manifests
})

/** What a run has sealed, and where. */
type Sealed = ReadonlyArray<{ readonly sink: Sink<SinkError>; readonly receipt: Manifest.Receipt }>

/** Publishes a run whose process ended after it was sealed, or discards it if another has been published in its place. */
const finish = Effect.fnUntraced(
  function*(manifests: Manifest.Manifests, followed: TrustedPlaces, run_id: string, sealed: Sealed) {
    const superseded = yield* Effect.findFirst(
      sealed,
      ({ receipt: { location, publication }, sink }) =>
        sink.isSuperseded?.(publication, run_id, location) ?? Effect.succeed(false)
    ).pipe(
      Effect.catchIf(
        (error) => error.reason._tag !== "Held",
        (error) => unpublished(manifests, run_id, error)
      )
    )
    if (Option.isNone(superseded)) {
      yield* Effect.logInfo(`Publishing run ${run_id}, which was whole when its process ended`)
      return yield* publish(manifests, run_id, sealed)
    }
    yield* Effect.logWarning(
      `Discarding run ${run_id}, which was whole when its process ended: another run has been published in ${superseded.value.receipt.location} since, and publishing this one would lose it`
    )
    yield* manifests.unseal(run_id)
    yield* discard(manifests, followed, run_id, sealed.map(({ receipt }) => receipt))
  },
  Effect.scoped
)

/** What failed, without what to do about it. */
const whatOf = (error: ExpectedFailure) => isSinkError(error) ? `${error.location}: ${error.reason._tag}` : error._tag

/** Says of a failure that a sealed run could not be published for it. */
const unpublished = (
  manifests: Manifest.Manifests,
  run_id: string,
  error: ExpectedFailure
): Effect.Effect<never, RunError> =>
  isSinkError(error) && error.reason._tag === "Corrupt"
    ? manifests.damaged(run_id)
    : Effect.fail(new RunError({ reason: new Unpublished({ run_id, detail: whatOf(error) }) }))

/** Publishes in every sink; not to be interrupted half way, and finished by the next run if the process is killed. */
export const publish = (manifests: Manifest.Manifests, run_id: string, sealed: Sealed) =>
  Effect.forEach(sealed, ({ receipt, sink }) => sink.publish(receipt.publication, run_id, receipt.location))
    .pipe(
      Effect.andThen(manifests.published(run_id)),
      Effect.catch((error) => unpublished(manifests, run_id, error)),
      Effect.uninterruptible
    )
