/** Finds out whether Duo refuses the keys because this machine's clock is wrong. */
import { Effect, Stream } from "effect"
import { DuoError } from "./DuoError.ts"
import { Unauthorized } from "./DuoReason.ts"
import { skewSecondsMax } from "./Explain.ts"
import type { Client } from "./http/Client.ts"

/** Whether a wrong clock can be the cause of a 401 whose `Date` header does not show it. */
const mayBeTheClock = ({ reason }: DuoError) =>
  reason._tag === "Unauthorized" && reason.code !== 40102 && Math.abs(reason.skewSeconds ?? 0) < skewSecondsMax

/** Asks Duo for its time, and adds the clock's skew to the error. */
const withSkew = (client: Client["Service"]) =>
  Effect.fnUntraced(function*(error: DuoError) {
    const skewSeconds = yield* Effect.orElseSucceed(client.clockSkew, () => null)
    if (error.reason._tag !== "Unauthorized" || skewSeconds === null) return yield* error
    const { code, message, status } = error.reason
    return yield* new DuoError({
      path: error.path,
      attempts: error.attempts,
      reason: new Unauthorized({ status, code, message, skewSeconds }),
      ofChild: error.ofChild,
      names: error.names
    })
  })

/** A call whose 401 has the clock's skew. */
export const ofCall = (client: Client["Service"]) => <A>(call: Effect.Effect<A, DuoError>) =>
  Effect.catchIf(call, mayBeTheClock, withSkew(client))

/** Pages whose 401 has the clock's skew. */
export const withClockSkew = (client: Client["Service"]) => <A>(pages: Stream.Stream<A, DuoError>) =>
  Stream.catchIf(pages, mayBeTheClock, (error) => Stream.fromEffect(withSkew(client)(error)))
