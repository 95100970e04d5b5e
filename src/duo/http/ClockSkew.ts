/** Whether a wrong clock is why the keys are refused: asked of Duo where its refusal did not show it. */
import { Effect, Stream } from "effect"
import { DuoError } from "../DuoError.ts"
import { Unauthorized } from "../DuoReason.ts"
import { skewed } from "../Explain.ts"
import type { Client } from "./Client.ts"

/** Whether a wrong clock can be the cause of a 401, and its own header did not show it. */
const mayBeTheClock = ({ reason }: DuoError) =>
  reason._tag === "Unauthorized" && reason.code !== 40102 && Math.abs(reason.skewSeconds ?? 0) < skewed

/** Asks what time it is, for a refusal that may be about that. */
const withSkew = (client: Client["Service"]) =>
  Effect.fnUntraced(function*(error: DuoError) {
    const skewSeconds = yield* Effect.orElseSucceed(client.clockSkew, () => null)
    if (error.reason._tag !== "Unauthorized" || skewSeconds === null) return yield* error
    const { code, message, status } = error.reason
    return yield* new DuoError({
      path: error.path,
      attempts: error.attempts,
      reason: new Unauthorized({ status, code, message, skewSeconds })
    })
  })

/** Pages whose refusal says by how much the clock is wrong. */
export const withClockSkew = (client: Client["Service"]) => <A>(pages: Stream.Stream<A, DuoError>) =>
  Stream.catchIf(pages, mayBeTheClock, (error) => Stream.fromEffect(withSkew(client)(error)))
