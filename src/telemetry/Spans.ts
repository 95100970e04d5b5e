/** A span around each thing that a sink does, whoever wrote the sink. */
import { Effect } from "effect"
import { basename } from "node:path"
import type { OpenSink, Sink } from "../Sink.ts"

/** The same sink, watched. */
export const watched = (sink: Sink): Sink => {
  // the name may be a path
  const span = (verb: string) =>
    Effect.withSpan(`Sink.${verb}`, { attributes: { "duo_mfa.sink": basename(sink.name) } })
  const opened = ({ seal, write }: OpenSink): OpenSink => ({
    ...write === undefined ? {} : { write: (batch, text) => span("write")(write(batch, text)) },
    seal: (outcome, stage) => span("seal")(seal(outcome, stage))
  })
  return {
    ...sink,
    open: (...given) => Effect.map(span("open")(sink.open(...given)), opened),
    publish: (publication, run_id, location) => span("publish")(sink.publish(publication, run_id, location)),
    discard: (location, run_id) => span("discard")(sink.discard(location, run_id))
  }
}
