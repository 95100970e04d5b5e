/** Puts a span around every operation of a sink, of ours or of somebody else's. */
import { Effect } from "effect"
import { basename } from "node:path"
import type { SinkError } from "../failure/SinkError.ts"
import { withLocation } from "../run/publish/SinkLocation.ts"
import type { Sink } from "../Sink.ts"

/** Wraps a sink, so that every operation has a span. */
export const watched = (given: Sink): Sink<SinkError> => {
  const sink = withLocation(given)
  // only the last part is used, because the name of a sink from a module may be a path, which may be private
  const span = (verb: string) =>
    Effect.withSpan(`Sink.${verb}`, { attributes: { "duo_mfa.sink": basename(sink.name) } })
  return {
    ...sink,
    open: (...given) =>
      Effect.map(span("open")(sink.open(...given)), ({ seal }) => ({
        seal: (round, rows) => span("seal")(seal(round, rows))
      })),
    publish: (publication, run_id, location) => span("publish")(sink.publish(publication, run_id, location)),
    discard: (location, run_id) => span("discard")(sink.discard(location, run_id))
  }
}
