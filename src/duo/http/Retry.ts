/**
 * When Duo is asked again: one schedule for each kind of failure that may pass, and the patience of a whole run. A
 * schedule counts the retries of one page; being told to slow down is no failure, and ends only with that patience.
 */
import { Cause, Context, Duration, Effect, Random, Ref, Schedule } from "effect"
import * as Meters from "../../telemetry/Meters.ts"
import { DuoError } from "../DuoError.ts"
import { BudgetSpent, type DuoReason } from "../DuoReason.ts"
import { monotonic } from "./RatePlan.ts"

/** What a failure is to the schedules; undefined for one that asking again would not cure. */
export const kindOf = (reason: DuoReason): "transport" | "rate limit" | undefined => {
  switch (reason._tag) {
    case "Transport":
    case "Timeout":
    case "Truncated":
    case "ServerError":
      return "transport"
    case "RateLimited":
      return "rate limit"
    default:
      return undefined
  }
}

/**
 * Whether a host whose name does not exist is asked for again. A run does, because a network may have just come up; `check`
 * does not, because the name is probably mistyped.
 */
export const RetryUnknownHost = Context.Reference<boolean>("duo-mfa/duo/RetryUnknownHost", { defaultValue: () => true })

const isUnknownHost = (reason: DuoReason) => reason._tag === "Transport" && reason.detail.endsWith("ENOTFOUND")

/** Five times, after a random part of 500 ms, 1 s, 2 s, 4 s, 8 s. */
export const transport = Schedule.exponential("500 millis").pipe(
  Schedule.modifyDelay(({ duration }) => Effect.map(Random.next, (random) => Duration.times(duration, random))),
  Schedule.upTo({ times: 5 })
)

/** As Duo's own clients wait: 1, 2, 4, to 32 s, and then 32 s for as long as the run has time, with up to another one. */
const throttled = (duration: Duration.Duration) =>
  Effect.map(
    Random.next,
    (random) => Duration.sum(Duration.min(duration, Duration.seconds(32)), Duration.seconds(random))
  )

/**
 * What Duo asks for, or else what its own clients wait; and never less than that once Duo's own time was not enough. How
 * often is for the run's time asleep to say.
 */
export const rateLimit = Schedule.exponential("1 second").pipe(
  Schedule.setInputType<DuoError>(),
  Schedule.modifyDelay(({ attempt, duration, input: { reason } }) => {
    if (reason._tag !== "RateLimited" || reason.retryAfter === null) return throttled(duration)
    const asked = Duration.seconds(reason.retryAfter)
    return attempt === 1
      ? Effect.succeed(asked)
      : Effect.map(throttled(duration), (wait) => Duration.max(asked, wait))
  })
)

/** What a whole run may spend on retries. */
export interface Budget {
  /** Takes a retry that waits from then on (in milliseconds) out of the budget, or fails if it is spent. */
  readonly spend: (
    kind: "transport" | "rate limit",
    from: number,
    wait: Duration.Duration
  ) => Effect.Effect<void, BudgetSpent>
  /** A page is in: the budget grows, so that what befalls every tenth page never ends a long run. */
  readonly progress: Effect.Effect<void>
  readonly retries: Effect.Effect<number>
}

/** Retries other than for rate limits: a run may go on while no more than a quarter of its requests fail. */
const retriesMax = { atFirst: 60, perPage: 1 / 3 }
/** Milliseconds: Duo lets through some 50 to 200 pages a minute. */
const asleepMax = { atFirst: Duration.toMillis("15 minutes"), perPage: Duration.toMillis("5 seconds") }

const budgetOf = ({ atFirst, perPage }: typeof asleepMax, pages: number) => Math.floor(atFirst + perPage * pages)

interface Spent {
  readonly retries: number
  readonly transport: number
  /** Milliseconds; those in which several requests wait count once. */
  readonly asleep: number
  /** Until when they are counted. */
  readonly until: number
  readonly pages: number
}

export const makeBudget: Effect.Effect<Budget> = Effect.gen(function*() {
  const spent = yield* Ref.make<Spent>({ retries: 0, transport: 0, asleep: 0, until: 0, pages: 0 })
  return {
    spend: (kind, from, wait) =>
      Ref.modify(spent, (before): readonly [Effect.Effect<void, BudgetSpent>, Spent] => {
        const until = from + Duration.toMillis(wait)
        const after = {
          ...before,
          retries: before.retries + 1,
          transport: before.transport + (kind === "transport" ? 1 : 0),
          asleep: before.asleep + Math.max(0, until - Math.max(from, before.until)),
          until: Math.max(until, before.until)
        }
        const left = {
          retries: budgetOf(retriesMax, after.pages) - after.transport,
          asleep: budgetOf(asleepMax, after.pages) - after.asleep
        }
        if (left.retries < 0 || left.asleep < 0) {
          const seconds = Math.round(before.asleep / 1000)
          return [new BudgetSpent({ which: kind, retries: before.retries, seconds }), before]
        }
        const what = `${left.retries} after failures, ${Math.round(left.asleep / 1000)} s asleep`
        return [Effect.logDebug(`Retries that are left: ${what}`), after]
      }).pipe(Effect.flatten),
    progress: Ref.update(spent, (state) => ({ ...state, pages: state.pages + 1 })),
    retries: Effect.map(Ref.get(spent), ({ retries }) => retries)
  }
})

/** The retries of one request: each kind of failure by its own schedule, all from one budget, each logged once. */
export const policy = (budget: Budget): Schedule.Schedule<Duration.Duration, DuoError, DuoError> =>
  Schedule.fromStep(Effect.gen(function*() {
    const steps = { transport: yield* Schedule.toStep(transport), "rate limit": yield* Schedule.toStep(rateLimit) }
    // a replay's clock stands still
    let woken = 0
    return Effect.fnUntraced(function*(now: number, error: DuoError) {
      const kind = kindOf(error.reason)
      const isHopeless = kind === undefined || isUnknownHost(error.reason) && !(yield* RetryUnknownHost)
      if (isHopeless) return yield* Cause.done(Duration.zero)
      const [, wait] = yield* steps[kind](now, error)
      const from = Math.max(yield* monotonic, woken)
      woken = from + Duration.toMillis(wait)
      yield* budget.spend(kind, from, wait).pipe(
        Effect.mapError((reason) => new DuoError({ path: error.path, attempts: error.attempts, reason }))
      )
      yield* Meters.retried(error.reason._tag)
      yield* Effect.logWarning(
        `${error.path}: ${error.reason._tag}, attempt ${error.attempts}; again in ${inSeconds(wait)} s`
      ).pipe(Effect.annotateLogs({ "event.name": "retry", "error.type": error.reason._tag }))
      const next: [Duration.Duration, Duration.Duration] = [wait, wait]
      return next
    })
  }))

const inSeconds = (wait: Duration.Duration): string => Duration.toSeconds(wait).toFixed(1)
