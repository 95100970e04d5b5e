/** A sink with a defect whose message quotes a person. */
import { Effect } from "effect"
import type { Sink } from "../../../src/Sink.ts"

const dying: Sink = {
  name: "dying",
  doc: "Has a defect.",
  location: () => "/nowhere",
  open: () => Effect.die(new Error("ada.lovelace has no phone")),
  publish: () => Effect.void,
  discard: () => Effect.void
}

export default dying
