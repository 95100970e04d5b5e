/** A sink that sends the program a signal while it publishes. */
import { Effect } from "effect"
import type { Sink } from "../../../src/Sink.ts"

const stopping: Sink = {
  name: "stopping",
  doc: "Tells the program to stop while it publishes.",
  location: () => "/nowhere",
  open: () => Effect.succeed({ seal: () => Effect.succeed({ bytes: 0, publication: null }) }),
  publish: () =>
    Effect.promise(() =>
      new Promise<void>((resolve) => {
        process.once("SIGTERM", () => resolve())
        process.kill(process.pid, "SIGTERM")
      })
    ),
  discard: () => Effect.void
}

export default stopping
