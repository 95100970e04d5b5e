/** Waiting for another process that is in the way, for as long as `--wait` says. */
import { Duration, Effect, Exit, Schedule, Scope } from "effect"
import type { ExpectedFailure } from "../failure/ExpectedFailure.ts"
import { isSinkError } from "../failure/SinkError.ts"
import { RunError } from "./RunError.ts"

/** Who is in the way, and of what: the same again may work as soon as that process has ended. */
const inTheWay = (error: unknown) => {
  if (isSinkError(error)) return error.reason._tag === "Held" ? { ...error.reason, place: error.location } : undefined
  if (!(error instanceof RunError) || error.reason._tag !== "Locked") return undefined
  return { ...error.reason, place: error.reason.directory }
}

const isInTheWay = (error: unknown) => inTheWay(error) !== undefined

/**
 * Begins, and begins again every second for as long as somebody else is in the way and there is time left. What a beginning
 * took that came to nothing is let go of before the next one, so that nobody is kept waiting by one who waits.
 */
export const waiting = <A, E extends ExpectedFailure, R>(
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
        const { pid = null, place = undefined } = inTheWay(error) ?? {}
        const who = pid === null ? "another process" : `process ${pid}`
        return place === undefined
          ? Effect.void
          : Effect.logInfo(`Waiting for up to ${Duration.format(wait)} for ${who}, which has ${place}`)
      }),
      Effect.catchIf(isInTheWay, () => Effect.interruptible(Effect.retry(once, { schedule, while: isInTheWay })))
    )
  })
