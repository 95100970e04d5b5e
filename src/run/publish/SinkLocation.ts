/** Makes every failure of a sink name the sink and its location, even if the sink comes from another package. */
import { Effect, Option, Schema, Stream } from "effect"
import {
  InputOutput,
  isSinkError,
  isSinkReason,
  SinkError,
  type SinkFailure,
  SinkReason
} from "../../failure/SinkError.ts"
import type { Published, Sink } from "../../Sink.ts"

/** A sink of another package may have its own copy of the reasons' classes, so their tags and fields are decoded. */
const decode = Schema.decodeUnknownOption(SinkReason)

const asReason = (failure: Exclude<SinkFailure, SinkError>) =>
  isSinkReason(failure)
    ? failure
    : Option.getOrElse(decode(failure), () => new InputOutput({ detail: "the sink does not say why" }))

/** Adds the sink's name and location to a reason. A failure that has them already stays as it is. */
export const errorAt = (sink: string, location: string) => (failure: SinkFailure) =>
  isSinkError(failure) ? failure : new SinkError({ sink, location, reason: asReason(failure) })

/** Wraps a sink, so that every failure has its name and location. */
export const withLocation = (sink: Sink): Sink<SinkError> => {
  const at = (location: string) => <A, R>(effect: Effect.Effect<A, SinkFailure, R>) =>
    Effect.mapError(effect, errorAt(sink.name, location))
  const { forget, isSuperseded, keys, pruneEvents, pruneRuns, read, ...rest } = sink
  const located = (location: string) => <E extends SinkFailure>(rows: Published<E> | undefined) =>
    Stream.isStream(rows) ? Stream.mapError(rows, errorAt(sink.name, location)) : rows
  return {
    ...rest,
    open: (location, ...rest) =>
      sink.open(location, ...rest).pipe(
        Effect.map(({ seal }) => ({ seal: (...given: Parameters<typeof seal>) => at(location)(seal(...given)) })),
        at(location)
      ),
    publish: (publication, run_id, location) => at(location)(sink.publish(publication, run_id, location)),
    discard: (location, run_id) => at(location)(sink.discard(location, run_id)),
    ...isSuperseded && {
      isSuperseded: (publication, run_id, location) => at(location)(isSuperseded(publication, run_id, location))
    },
    ...read && {
      read: (location, ...rest) => read(location, ...rest).pipe(Effect.map(located(location)), at(location))
    },
    ...keys && {
      keys: (location, ...rest) => keys(location, ...rest).pipe(Effect.map(located(location)), at(location))
    },
    ...pruneEvents && { pruneEvents: (location, ...rest) => at(location)(pruneEvents(location, ...rest)) },
    ...pruneRuns && { pruneRuns: (location, ...rest) => at(location)(pruneRuns(location, ...rest)) },
    ...forget && { forget: (location, ...rest) => at(location)(forget(location, ...rest)) }
  }
}
