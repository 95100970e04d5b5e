/** A sink whose process is killed while it publishes, when the environment says so. */
import { Effect } from "effect"
import type { Sink } from "../../../src/Sink.ts"

const killing: Sink = {
  name: "killing",
  doc: "Kills its process.",
  location: () => "/nowhere",
  open: () => Effect.succeed({ seal: () => Effect.succeed({ bytes: 0, publication: null }) }),
  publish: () => Effect.sync(() => void (process.env["KILL"] && process.kill(process.pid, "SIGKILL"))),
  discard: () => Effect.void
}

export default killing
