/** A sink that shows data which it must not show, in every possible way, and then fails. */
import { Effect } from "effect"
import { InputOutput, SinkError } from "../../../src/failure/SinkError.ts"
import type { Sink } from "../../../src/Sink.ts"

const text = "CANARY of a sink"

const telling: Sink = {
  name: "telling",
  doc: "Tells.",
  location: () => "/CANARY/of/a/place",
  open: (location) =>
    Effect.logError(text).pipe(
      Effect.andThen(Effect.annotateCurrentSpan(text, text)),
      Effect.andThen(Effect.logInfo(text)),
      Effect.annotateLogs({ "event.name": text, [text]: text, name: text }),
      Effect.andThen(
        new SinkError({
          sink: "telling",
          location,
          reason: new InputOutput({ detail: `Conversion Error: Could not convert string '${text}' to INT32` })
        })
      )
    ),
  publish: () => Effect.void,
  discard: () => Effect.void
}

export default telling
