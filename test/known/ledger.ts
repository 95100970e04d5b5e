/** Makes data directories with a history: runs of the real pipeline at given instants, each with a given tenant. */
import { assert } from "@effect/vitest"
import { Clock, Effect } from "effect"
import auth from "../../pipelines/auth.ts"
import integrations from "../../pipelines/integrations.ts"
import * as LoginLog from "../../src/emulator/log/LoginLog.ts"
import * as Tenant from "../../src/emulator/people/Tenant.ts"
import { type Options, serve } from "../../src/emulator/server/Emulator.ts"
import * as StoppedClock from "../../src/emulator/StoppedClock.ts"
import type { Pipeline } from "../../src/Pipeline.ts"
import type { LogRange } from "../../src/run/log/LogWindows.ts"
import { everySink, run } from "../torture/support/InProcess.ts"
import { codesOn, days, usersOn } from "./scene.ts"

const day = 86_400_000

/** Every ledger has the same tenant, so that its rows are always the same. No system assigns this port by itself. */
const port = 27_056

/** One run at an instant, of `mfa` unless another pipeline is given; of a log, the part that it reads is given too. */
export const runAt = (
  dataDirectory: string,
  instant: number,
  options: Options,
  targets = everySink(dataDirectory),
  pipeline?: Pipeline,
  range?: LogRange
) =>
  Effect.scoped(Effect.gen(function*() {
    const duo = yield* serve({ people: "hostile", port, ...options })
    const { message, outcome } = yield* run(duo, dataDirectory, targets, pipeline, { maxShrink: 50, range })
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

/** A run of the applications at an instant, and one of the log, with many logins on the day before. */
export const knownMore = Effect.fnUntraced(function*(dataDirectory: string, instant: number, options: Options) {
  const to = Math.floor(instant / day) * day
  const targets = everySink(dataDirectory).filter(({ sink }) => sink === "duckdb" || sink === "parquet")
  const tenant = options.tenant ?? Tenant.make({ people: "hostile", users: 12 })
  const log = LoginLog.make({
    people: "hostile",
    seed: 1,
    users: LoginLog.usersOf(tenant),
    perDay: (on) => on === to / day - 1 ? 600 : 0,
    latePercent: 0,
    isAttacked: () => true
  })
  yield* runAt(dataDirectory, instant, options, targets, integrations)
  return yield* runAt(dataDirectory, instant, { ...options, log }, targets, auth, { from: to - day, to: to - 1 })
})
