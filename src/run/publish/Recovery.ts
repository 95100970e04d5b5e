/**
 * The first step of every run: takes the lock of the data directory, then publishes or discards the runs whose process
 * was killed, and finishes such a prune. Their manifests name the places where they staged. A place is only used if it is below the data directory
 * or if this command names it too.
 */
import { Effect, Option, type PlatformError } from "effect"
import type { ExpectedFailure } from "../../failure/ExpectedFailure.ts"
import { isSinkError, type SinkError } from "../../failure/SinkError.ts"
import { makeDirectory } from "../../files/Durable.ts"
import { reasonOf } from "../../files/Files.ts"
import * as Private from "../../files/Private.ts"
import type { Sink } from "../../Sink.ts"
import * as Pruning from "../retention/Pruning.ts"
import { inDataDirectory, RunError, UnnamedTarget, Unpublished } from "../RunError.ts"
import * as Lock from "./Lock.ts"
import * as Manifest from "./Manifest.ts"
import type { Receipt, Target } from "./ManifestFile.ts"
import { withLocation } from "./SinkLocation.ts"
import * as TrustedTarget from "./TrustedTarget.ts"

/** Finds a sink by the name in a target. */
export type FindSink = (name: string) => Effect.Effect<Sink, ExpectedFailure>

/** The places that may be used: the data directory and the sinks that this command names; and how to find a sink. */
export interface TrustedPlaces {
  readonly dataDirectory: string
  readonly sinks: ReadonlyArray<Target>
  readonly findSink: FindSink
}

/** The sink that a manifest names. Fails if the sink is not found, or if its location may not be used. */
export const trustedSink = Effect.fnUntraced(
  function*(followed: TrustedPlaces, target: Target, run_id: string) {
    const unnamed = new RunError({
      reason: new UnnamedTarget({ run_id, sink: target.sink, location: target.location })
    })
    const sink = yield* Effect.mapError(followed.findSink(target.sink), () => unnamed)
    return (yield* TrustedTarget.isTrusted(followed, sink, target)) ? withLocation(sink) : yield* unnamed
  }
)

/** Discards a run in one place. The result is whether everything there was removed. */
const discardIn = (followed: TrustedPlaces, target: Target, run_id: string) =>
  trustedSink(followed, target, run_id).pipe(
    Effect.flatMap(({ discard }) => discard(target.location, run_id)),
    Effect.as(true),
    Effect.catch(({ message }) =>
      Effect.as(Effect.logWarning(`The files of the unfinished run ${run_id} could not be removed. ${message}`), false)
    )
  )

/** Discards a run in every place where it has staged. */
const discard = Effect.fnUntraced(function*(
  manifests: Manifest.Manifests,
  followed: TrustedPlaces,
  run_id: string,
  targets: ReadonlyArray<Target>
) {
  const done = yield* Effect.forEach(targets, (target) => discardIn(followed, target, run_id))
  if (done.every((isDone) => isDone)) yield* manifests.discarded(run_id)
})

/** Makes the data directory and takes its lock. */
const lock = Effect.fnUntraced(function*(dataDirectory: string) {
  const inDirectory = Effect.mapError((error: PlatformError.PlatformError) =>
    new RunError({ reason: inDataDirectory(dataDirectory, reasonOf(error)) })
  )
  yield* inDirectory(makeDirectory(dataDirectory))
  yield* Lock.acquire(dataDirectory)
  yield* inDirectory(Private.removeUnfinished(dataDirectory))
  const manifests = yield* Manifest.make(dataDirectory)
  yield* manifests.refuseNewer
  return manifests
})

/** Whether anything can be done for a target of a killed run: the standard output is gone, unless this command names it. */
const isFinishedIn = ({ sinks }: TrustedPlaces) => (target: Target) =>
  TrustedTarget.isNamed(sinks, target) || !TrustedTarget.isStandardOutput(target)

/** Makes the data directory, takes its lock, and publishes or discards the runs that were killed. */
export const lockAndRecover = Effect.fnUntraced(function*(followed: TrustedPlaces) {
  const manifests = yield* lock(followed.dataDirectory)
  for (const unfinished of yield* manifests.unfinished) {
    const { run_id } = unfinished
    if (unfinished.state === "sealed") {
      const sealed = yield* Effect.forEach(
        unfinished.sinks.filter(isFinishedIn(followed)),
        (receipt) => Effect.map(trustedSink(followed, receipt, run_id), (sink) => ({ receipt, sink }))
      )
      yield* finish(manifests, followed, run_id, sealed)
    } else {
      yield* Effect.logInfo(`Discarding run ${run_id}, which its process did not finish`)
      yield* discard(manifests, followed, run_id, unfinished.sinks.filter(isFinishedIn(followed)))
    }
  }
  // only within the data directory, because a file that somebody else put there must not remove anything elsewhere
  const within = { ...followed, sinks: [] }
  yield* Pruning.finish(
    followed.dataDirectory,
    manifests,
    (target) => Effect.map(Effect.option(trustedSink(within, target, "")), Option.getOrUndefined)
  )
  return manifests
})

/** Takes the lock of a data directory, and discards the runs that were killed, even sealed ones, if `isUnwanted` holds. */
export const lockAndDiscard = Effect.fnUntraced(function*<E, R>(
  followed: TrustedPlaces,
  isUnwanted: (run_id: string) => Effect.Effect<boolean, E, R>
) {
  const manifests = yield* lock(followed.dataDirectory)
  for (const { run_id, sinks } of yield* manifests.unfinished) {
    if (!(yield* isUnwanted(run_id))) continue
    yield* manifests.unseal(run_id)
    yield* discard(manifests, followed, run_id, sinks.filter(isFinishedIn(followed)))
  }
})

/** The receipts of a run, each with its sink. */
type Sealed = ReadonlyArray<{ readonly sink: Sink<SinkError>; readonly receipt: Receipt }>

/** Publishes a run that was killed after it was sealed. If a newer run has been published in its place, discards it. */
const finish = Effect.fnUntraced(
  function*(manifests: Manifest.Manifests, followed: TrustedPlaces, run_id: string, sealed: Sealed) {
    const superseded = yield* Effect.findFirst(
      sealed,
      ({ receipt: { location, publication }, sink }) =>
        sink.isSuperseded?.(publication, run_id, location) ?? Effect.succeed(false)
    ).pipe(
      Effect.catchIf(
        (error) => error.reason._tag !== "InUse",
        (error) => unpublished(manifests, run_id, error)
      )
    )
    if (Option.isNone(superseded)) {
      yield* Effect.logInfo(`Publishing run ${run_id}, which was sealed when its process ended`)
      return yield* publish(manifests, run_id, sealed)
    }
    yield* Effect.logWarning(
      `Discarding run ${run_id}, which was sealed when its process ended: another run has been published in ${superseded.value.receipt.location} since, and publishing this one would lose its rows`
    )
    yield* manifests.unseal(run_id)
    yield* discard(manifests, followed, run_id, sealed.map(({ receipt }) => receipt))
  },
  Effect.scoped
)

/** The place and the tag of a failure, without the advice in its message. */
const detailOf = (error: ExpectedFailure) => isSinkError(error) ? `${error.location}: ${error.reason._tag}` : error._tag

/** Fails because a sealed run could not be published. */
const unpublished = (
  manifests: Manifest.Manifests,
  run_id: string,
  error: ExpectedFailure
): Effect.Effect<never, RunError> =>
  isSinkError(error) && error.reason._tag === "Corrupt"
    ? manifests.damaged(run_id)
    : Effect.fail(new RunError({ reason: new Unpublished({ run_id, detail: detailOf(error) }) }))

/** Publishes a run in every sink. It cannot be interrupted; if the process is killed, the next run finishes it. */
export const publish = (manifests: Manifest.Manifests, run_id: string, sealed: Sealed) =>
  Effect.forEach(sealed, ({ receipt, sink }) => sink.publish(receipt.publication, run_id, receipt.location))
    .pipe(
      Effect.andThen(manifests.published(run_id)),
      Effect.catch((error) => unpublished(manifests, run_id, error)),
      Effect.uninterruptible
    )
