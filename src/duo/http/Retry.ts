/**
 * Decides whether and when a failed request is sent again.
 *
 * A failure of the network or of Duo's servers is retried five times per request. A 429 (slow down) is not a failure,
 * so it has no such limit. A budget for the whole run limits both: how many retries there are, and how long they wait.
 */
import { Cause, Context, Duration, Effect, Random, Ref, Schedule } from "effect"
import * as Meters from "../../telemetry/Meters.ts"
import { DuoError } from "../DuoError.ts"
import { BudgetSpent, type DuoReason } from "../DuoReason.ts"
import { monotonic } from "./RatePlan.ts"

/** Which schedule retries the request; undefined for a failure that another try would not cure. */
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
 * Whether to retry if the host's name does not exist. A run does, because the network may have only just come up. `check`
 * does not, because the name is probably mistyped.
 */
export const RetryUnknownHost = Context.Reference<boolean>("duo-mfa/duo/RetryUnknownHost", { defaultValue: () => true })

const isUnknownHost = (reason: DuoReason) => reason._tag === "Transport" && reason.detail.endsWith("ENOTFOUND")

/** The failure of one attempt, for the log. It has no text of Duo's. */
const wordsOf = (reason: DuoReason): string => {
  switch (reason._tag) {
    case "Transport":
      return isUnknownHost(reason) ? "no such host" : "no connection"
    case "Timeout":
      return "no answer in time"
    case "Truncated":
      return "an answer that ended early"
    case "ServerError":
      return "a failure of Duo's"
    case "RateLimited":
      return "Duo asks to slow down"
    default:
      return reason._tag
  }
}

/** Retries five times, each after a random part of 500 ms, 1 s, 2 s, 4 s and 8 s. */
export const transport = Schedule.exponential("500 millis").pipe(
  Schedule.modifyDelay(({ duration }) => Effect.map(Random.next, (random) => Duration.times(duration, random))),
  Schedule.upTo({ times: 5 })
)

/** Waits like Duo's own clients: 1 s, 2 s, 4 s and so on, at most 32 s, and up to one random second more. */
const clientsWait = (duration: Duration.Duration) =>
  Effect.map(
    Random.next,
    (random) => Duration.sum(Duration.min(duration, Duration.seconds(32)), Duration.seconds(random))
  )

/**
 * Retries a 429 after the time that Duo asks for, or after the time that its own clients wait. From the second retry
 * on, it waits for the longer of the two, because the time that Duo asked for was not enough. Only the budget ends the
 * retries.
 */
export const rateLimit = Schedule.exponential("1 second").pipe(
  Schedule.setInputType<DuoError>(),
  Schedule.modifyDelay(({ attempt, duration, input: { reason } }) => {
    if (reason._tag !== "RateLimited" || reason.retryAfter === null) return clientsWait(duration)
    const asked = Duration.seconds(reason.retryAfter)
    return attempt === 1
      ? Effect.succeed(asked)
      : Effect.map(clientsWait(duration), (wait) => Duration.max(asked, wait))
  })
)

/** The retry budget of a whole run. */
export interface Budget {
  /**
   * Takes a retry out of the budget, or fails if the budget is spent. The retry waits from `from` on, in milliseconds.
   */
  readonly spend: (
    kind: "transport" | "rate limit",
    from: number,
    wait: Duration.Duration
  ) => Effect.Effect<void, BudgetSpent>
  /**
   * Adds a page to the budget. The budget grows with the pages, so a failure of every tenth page never ends a long run.
   */
  readonly progress: Effect.Effect<void>
  readonly retries: Effect.Effect<number>
}

/**
 * Retries after failures. With one retry per three pages, a long run goes on while at most a quarter of its requests
 * fail.
 */
const retriesMax = { atFirst: 60, perPage: 1 / 3 }
/** Milliseconds of waiting. Duo allows about 50 to 200 pages per minute. */
const waitMax = { atFirst: Duration.toMillis("15 minutes"), perPage: Duration.toMillis("5 seconds") }

const budgetOf = ({ atFirst, perPage }: typeof waitMax, pages: number) => Math.floor(atFirst + perPage * pages)

interface Spent {
  readonly retries: number
  readonly transport: number
  /** Milliseconds of waiting. A time in which several requests wait counts once. */
  readonly waited: number
  /** The end of the time that `waited` has counted. */
  readonly until: number
  readonly pages: number
}

export const makeBudget: Effect.Effect<Budget> = Effect.gen(function*() {
  const spent = yield* Ref.make<Spent>({ retries: 0, transport: 0, waited: 0, until: 0, pages: 0 })
  return {
    spend: (kind, from, wait) =>
      Ref.modify(spent, (before): readonly [Effect.Effect<void, BudgetSpent>, Spent] => {
        const until = from + Duration.toMillis(wait)
        const after = {
          ...before,
          retries: before.retries + 1,
          transport: before.transport + (kind === "transport" ? 1 : 0),
          waited: before.waited + Math.max(0, until - Math.max(from, before.until)),
          until: Math.max(until, before.until)
        }
        const left = {
          retries: budgetOf(retriesMax, after.pages) - after.transport,
          wait: budgetOf(waitMax, after.pages) - after.waited
        }
        if (left.retries < 0 || left.wait < 0) {
          const seconds = Math.round(before.waited / 1000)
          return [new BudgetSpent({ which: kind, retries: before.retries, seconds }), before]
        }
        const what = `${left.retries} retries after failures, ${Math.round(left.wait / 1000)} s of waiting`
        return [Effect.logDebug(`Left in the retry budget: ${what}`), after]
      }).pipe(Effect.flatten),
    progress: Ref.update(spent, (state) => ({ ...state, pages: state.pages + 1 })),
    retries: Effect.map(Ref.get(spent), ({ retries }) => retries)
  }
})

/**
 * Retries one request: each kind of failure has its own schedule, all take from one budget, and each retry is logged.
 */
export const policy = (budget: Budget): Schedule.Schedule<Duration.Duration, DuoError, DuoError> =>
  Schedule.fromStep(Effect.gen(function*() {
    const steps = { transport: yield* Schedule.toStep(transport), "rate limit": yield* Schedule.toStep(rateLimit) }
    // a replay's clock stands still, so the end of the last wait is kept here
    let waitedUntil = 0
    return Effect.fnUntraced(function*(now: number, error: DuoError) {
      const kind = kindOf(error.reason)
      const isHopeless = kind === undefined || isUnknownHost(error.reason) && !(yield* RetryUnknownHost)
      if (isHopeless) return yield* Cause.done(Duration.zero)
      const [, wait] = yield* steps[kind](now, error)
      const from = Math.max(yield* monotonic, waitedUntil)
      waitedUntil = from + Duration.toMillis(wait)
      yield* budget.spend(kind, from, wait).pipe(
        Effect.mapError((reason) =>
          new DuoError({
            path: error.path,
            attempts: error.attempts,
            reason,
            ofChild: error.ofChild,
            names: error.names
          })
        )
      )
      yield* Meters.retried(error.reason._tag)
      yield* Effect.logWarning(
        `${error.path}: ${wordsOf(error.reason)} in attempt ${error.attempts}, trying again in ${inSeconds(wait)} s`
      ).pipe(Effect.annotateLogs({ "event.name": "retry", "error.type": error.reason._tag }))
      const next: [Duration.Duration, Duration.Duration] = [wait, wait]
      return next
    })
  }))

const inSeconds = (wait: Duration.Duration): string => Duration.toSeconds(wait).toFixed(1)
