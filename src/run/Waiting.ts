/** Waits, for as long as `--wait` says, until another process releases the data directory or a sink's location. */
import { Duration, Effect, Exit, Schedule, Scope } from "effect"
import type { ExpectedFailure } from "../failure/ExpectedFailure.ts"
import { isSinkError } from "../failure/SinkError.ts"
import { RunError } from "./RunError.ts"

/** The process that has the lock, and the place it has locked; undefined if the error has another cause. */
const lockedBy = (error: unknown) => {
  if (isSinkError(error)) return error.reason._tag === "InUse" ? { ...error.reason, place: error.location } : undefined
  if (!(error instanceof RunError) || error.reason._tag !== "Locked") return undefined
  return { ...error.reason, place: error.reason.directory }
}

const isLocked = (error: unknown) => lockedBy(error) !== undefined

/**
 * Tries to begin, and tries again every second while another process has a lock and there is time left. A failed
 * attempt releases the locks that it took before the next attempt, so a run that waits does not block other runs.
 */
export const retryWhileLocked = <A, E extends ExpectedFailure, R>(
  begin: Effect.Effect<A, E, R>,
  wait: Duration.Duration | undefined
) =>
  Effect.gen(function*() {
    const scope = yield* Effect.scope
    const once = Effect.flatMap(Scope.fork(scope), (own) =>
      Effect.provideService(begin, Scope.Scope, own).pipe(
        Effect.onExit((exit) => Exit.isSuccess(exit) ? Effect.void : Scope.close(own, exit))
      )).pipe(Effect.uninterruptible)
    if (wait === undefined) return yield* once
    const schedule = Schedule.spaced("1 second").pipe(Schedule.upTo({ duration: wait }))
    return yield* once.pipe(
      Effect.tapError((error) => {
        const { pid = null, place = undefined } = lockedBy(error) ?? {}
        const who = pid === null ? "another process" : `process ${pid}`
        return place === undefined
          ? Effect.void
          : Effect.logInfo(`Waiting for up to ${Duration.format(wait)} for ${who}, which has locked ${place}`)
      }),
      Effect.catchIf(isLocked, () => Effect.interruptible(Effect.retry(once, { schedule, while: isLocked })))
    )
  })
