/**
 * Decides when the next request may start, so that Duo rarely answers 429 (slow down).
 *
 * Duo does not document its rate limit, so the plan measures it. Requests start without delay until the first 429.
 * After that, the number of requests that pass between two 429s shows the limit: at a 429 nothing is left of what Duo
 * allows, so n requests that passed in a time t mean a limit of n / t.
 *
 * The plan then keeps an interval between requests that is just longer than the limit demands. It shortens the interval
 * step by step towards the last one that was too short. Near that one, it tries a shorter interval only rarely.
 */
import { Clock, Context, Effect, Ref } from "effect"
import type { DuoReason } from "../DuoReason.ts"

/** Times and intervals are in milliseconds. */
export interface Plan {
  /** From the start of one request to the start of the next; 0 until the first 429. */
  readonly interval: number
  /** Whether the interval is not measured yet, but taken from the duration of an answer. */
  readonly guessed: boolean
  /** The longest interval that is known to be too short for Duo. */
  readonly tooShort: number
  /** The earliest time at which the next request may start. */
  readonly next: number
  /** The time of the last 429. An answer to a request that started before it shows nothing new. */
  readonly refusedAt: number
  /**
   * The time from which `passed` is counted: the start of the plan, or the first of the last 429s that came in a row.
   */
  readonly since: number
  /** How many requests passed since then. */
  readonly passed: number
  /** How many of them passed since the interval was last changed. */
  readonly steady: number
  /** How many requests have to pass before the interval becomes shorter. */
  readonly patience: number
  /** How many 429s came in a row, without a request that passed in between. */
  readonly refusals: number
}

/** Numbers of requests. `rarely` is for an interval that is already near the one that is too short. */
const patience = { min: 5, max: 150, rarely: 200 }
/** Milliseconds. Duo is known to allow 50 to 300 requests per minute. A measured limit may be lower, a guess is not. */
const intervalMax = { guess: 1_200, measured: 10_000 }
/**
 * Milliseconds. If Duo does not say how long to wait, its own clients wait 1 s, 2 s, 4 s and so on, to this maximum.
 */
const waitMillisMax = 32_000

export const begin = (now: number): Plan => ({
  interval: 0,
  guessed: true,
  tooShort: 0,
  next: now,
  refusedAt: -Infinity,
  since: now,
  passed: 0,
  steady: 0,
  patience: patience.min,
  refusals: 0
})

/** Gives the time at which a request may start. */
export const reserveSlot = (plan: Plan, now: number): readonly [at: number, Plan] => {
  const at = Math.max(now, plan.next)
  return [at, { ...plan, next: at + plan.interval }]
}

/** The plan after a request that passed. */
export const passed = (before: Plan, startedAt: number): Plan => {
  if (startedAt <= before.refusedAt) return before
  const plan = { ...before, passed: before.passed + 1, steady: before.steady + 1 }
  const { interval, steady, tooShort } = plan
  if (interval === 0 || steady < plan.patience) return plan
  if (interval > tooShort * 1.02) {
    return { ...plan, interval: Math.max(interval / 1.5, Math.sqrt(interval * tooShort)), steady: 0 }
  }
  return steady < patience.rarely
    ? plan
    : { ...plan, interval: interval / 1.02, tooShort: tooShort / 1.02, steady: 0 }
}

/** The plan after a 429. `retryAfter` is the number of seconds that Duo asks to wait; null if Duo does not say. */
export const refused = (before: Plan, startedAt: number, now: number, retryAfter: number | null): Plan => {
  const asked = (retryAfter ?? 0) * 1000
  if (startedAt <= before.refusedAt) return { ...before, refusedAt: now, next: Math.max(before.next, now + asked) }
  const isFirst = before.refusedAt === -Infinity
  const refusals = before.passed > 0 ? 1 : before.refusals + 1
  const usual = Math.min(1000 * 2 ** (refusals - 1), waitMillisMax)
  const pause = retryAfter === null ? Math.max(usual, before.interval) : refusals === 1 ? asked : Math.max(asked, usual)
  const plan = { ...before, refusals, refusedAt: now, passed: 0, steady: 0, next: now + pause }
  // at both ends of this time Duo had less than one request left to allow; the half stands for these fractions
  const measured = (now - before.since) / (before.passed + 0.5)
  if (isFirst) {
    return { ...plan, since: now, interval: Math.min(now - startedAt, intervalMax.guess), tooShort: measured }
  }
  if (before.passed === 0) return plan
  const max = before.guessed ? intervalMax.measured : Math.min(before.interval * 1.25, intervalMax.measured)
  return {
    ...plan,
    since: now,
    interval: Math.min(Math.max(measured, before.interval * 1.06), max),
    guessed: false,
    tooShort: before.interval,
    patience: Math.min(Math.max(before.passed * 2, patience.min), patience.max)
  }
}

/** Milliseconds of a clock that only moves forward: setting the machine's clock does not change it. */
export const monotonic = Effect.map(Clock.monotonicTimeNanos, (nanos) => Number(nanos) / 1e6)

/**
 * A cap on the requests to many tenants together: waits until one more may start. By default there is none. Each tenant has a
 * plan of its own besides.
 */
export const RateCap = Context.Reference<Effect.Effect<void>>("duo-mfa/duo/RateCap", {
  defaultValue: () => Effect.void
})

/** Makes a cap of so many requests a minute, at even distances. */
export const makeCap = (perMinute: number) =>
  Effect.sync(() => {
    let next = 0
    return Effect.gen(function*() {
      const now = yield* monotonic
      const at = Math.max(now, next)
      next = at + 60_000 / perMinute
      if (at > now) yield* Effect.sleep(at - now)
    })
  })

export interface RatePlan {
  /** Waits until the request may start, sends it, and learns from its answer. */
  readonly send: <A>(request: Effect.Effect<A, DuoReason>) => Effect.Effect<A, DuoReason>
}

const perMinute = (interval: number): string => interval === 0 ? "unlimited" : (60_000 / interval).toFixed(1)

export const make: Effect.Effect<RatePlan> = Effect.gen(function*() {
  const state = yield* Ref.make(begin(yield* monotonic))
  let inFlight = 0

  const learn = Effect.fnUntraced(function*(change: (plan: Plan) => Plan) {
    const { interval } = yield* Ref.get(state)
    const plan = yield* Ref.updateAndGet(state, change)
    if (plan.interval === interval) return
    yield* Effect.logDebug(`Rate: ${perMinute(plan.interval)} requests per minute, ${inFlight} in flight`)
  })

  /** Waits for a turn. If a 429 came meanwhile, waits for another turn. */
  const turn: Effect.Effect<void> = Effect.gen(function*() {
    const now = yield* monotonic
    const at = yield* Ref.modify(state, (plan) => reserveSlot(plan, now))
    if (at <= now) return
    const { refusedAt } = yield* Ref.get(state)
    yield* Effect.sleep(at - now)
    if ((yield* Ref.get(state)).refusedAt !== refusedAt) yield* turn
  })

  const send: RatePlan["send"] = Effect.fnUntraced(function*(request) {
    yield* turn
    const startedAt = yield* monotonic
    inFlight++
    return yield* request.pipe(
      Effect.tap(() => learn((plan) => passed(plan, startedAt))),
      Effect.tapError(Effect.fnUntraced(function*(reason) {
        if (reason._tag !== "RateLimited") return
        const now = yield* monotonic
        yield* learn((plan) => refused(plan, startedAt, now, reason.retryAfter))
      })),
      Effect.ensuring(Effect.sync(() => inFlight--))
    )
  })

  return { send }
})
