/** Makes data directories with a history: runs of the real pipeline at given instants, each with a given tenant. */
import { assert } from "@effect/vitest"
import { Clock, Effect } from "effect"
import * as Tenant from "../../src/emulator/people/Tenant.ts"
import { type Options, serve } from "../../src/emulator/server/Emulator.ts"
import * as StoppedClock from "../../src/emulator/StoppedClock.ts"
import type { Pipeline } from "../../src/Pipeline.ts"
import { everySink, run } from "../torture/support/InProcess.ts"
import { codesOn, days, usersOn } from "./scene.ts"

/** Every ledger has the same tenant, so that its rows are always the same. No system assigns this port by itself. */
const port = 27_056

/** One run at an instant, of `mfa` unless another pipeline is given. */
export const runAt = (
  dataDirectory: string,
  instant: number,
  options: Options,
  targets = everySink(dataDirectory),
  pipeline?: Pipeline
) =>
  Effect.scoped(Effect.gen(function*() {
    const duo = yield* serve({ port, ...options })
    const { message, outcome } = yield* run(duo, dataDirectory, targets, pipeline, { maxShrink: 50 })
    assert(outcome !== undefined, message)
    return outcome
  })).pipe(Effect.provideServiceEffect(Clock.Clock, StoppedClock.at(instant)))

/** The runs of all days of the scene, or of some. Tests that run at the same time need different ports. */
export const known = (dataDirectory: string, options: Options = {}, on: ReadonlyArray<number> = days) =>
  Effect.forEach(
    on,
    (day) =>
      runAt(dataDirectory, Date.UTC(2026, 10, day, 9), {
        tenant: Tenant.fromUsers(usersOn(day), codesOn(day)),
        ...options
      })
  )
