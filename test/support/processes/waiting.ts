/** A run that Duo keeps waiting, so that it is certainly in the middle of its pages when a test stops it. */
import { Effect } from "effect"
import type { Emulator, Options } from "../../../src/emulator/server/Emulator.ts"

/** Duo answers the first two pages and not the third. */
export const neverDone: Pick<Options, "scenario"> = { scenario: [{ when: { page: 3 }, do: { fault: "silence" } }] }

/** Waits until a run waits. */
export const untilItWaits = (duo: Emulator) =>
  Effect.promise(async () => {
    while (duo.reached.silence === undefined) await new Promise((resolve) => setImmediate(resolve))
  })
