/** Tells those who watch `extract` how it ended. They do not change its exit code, and do not hear of a dry run. */
import { Cause, Effect, Exit } from "effect"
import { exitStatusOf } from "../../terminal/ExitStatus.ts"
import type { ExtractFlags } from "../Flags.ts"
import * as Ping from "./Ping.ts"

/** Runs the command, and tells how it ended, even if it was stopped. */
export const watched = Effect.fnUntraced(function*<E, R>(asked: ExtractFlags, run: Effect.Effect<void, E, R>) {
  const check = yield* Ping.find(asked.ping)
  const ended = yield* Effect.exit(run)
  if (check === undefined || asked.dryRun) return yield* ended
  const status = exitStatusOf(ended)
  const isStopped = Exit.isFailure(ended) && Cause.hasInterruptsOnly(ended.cause)
  // somebody who stops the program does not wait for the health check
  yield* isStopped
    ? Ping.post(check, status, "3 seconds")
    : Effect.exit(Effect.interruptible(Ping.post(check, status, "10 seconds")))
  return yield* ended
})
