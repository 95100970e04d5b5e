/**
 * When the next request may start. Duo does not say how many it lets through: nothing is held back until it first says to
 * slow down, and what passes between one such answer and the next is the limit, of which the plan then keeps just short.
 *
 * Whenever Duo says so nothing is left of what it allows, so that n requests that passed in t since the last time are
 * t * limit, whatever it had saved up before. From there the plan closes in on the interval that was too short, and once
 * it is as near as it dares it tries a shorter one only now and then.
 */
import { Clock, Effect, Ref } from "effect"
import type { DuoReason } from "../DuoReason.ts"

/** Times and intervals are in milliseconds. */
export interface Plan {
  /** Between the starts of two requests; 0 while nothing is known. */
  readonly interval: number
  /** Whether that is but a guess, the time that an answer took. */
  readonly guessed: boolean
  /** The longest one that Duo is known not to bear. */
  readonly tooShort: number
  /** Nothing starts before. */
  readonly next: number
  /** When Duo last said to slow down; what started until then says nothing new. */
  readonly refusedAt: number
  /** Since when requests are counted: the start, or the first time in a row that Duo said so. */
  readonly since: number
  /** Requests that passed since then. */
  readonly passed: number
  /** Of those, with the interval as it is. */
  readonly steady: number
  /** So many pass before the interval is made shorter. */
  readonly patience: number
  /** How often in a row Duo said to slow down, and let nothing pass in between. */
  readonly refusals: number
}

const patience = { least: 5, slowestInterval: 150, rarely: 200 }
/** Duo is known to let through 50 to 300 requests a minute. What is measured may be less; what is guessed is not. */
const intervalMax = { guess: 1_200, interval: 10_000 }
/** Of 1, 2, 4 and so on, which Duo's own clients wait unless Duo says how long; in milliseconds. */
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
  patience: patience.least,
  refusals: 0
})

/** A request wants to start. Gives when it may. */
export const reserveSlot = (plan: Plan, now: number): readonly [at: number, Plan] => {
  const at = Math.max(now, plan.next)
  return [at, { ...plan, next: at + plan.interval }]
}

/** A request passed. */
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

/** Duo said to slow down, and perhaps for how many seconds. */
export const refused = (before: Plan, startedAt: number, now: number, retryAfter: number | null): Plan => {
  const asked = (retryAfter ?? 0) * 1000
  if (startedAt <= before.refusedAt) return { ...before, refusedAt: now, next: Math.max(before.next, now + asked) }
  const isFirst = before.refusedAt === -Infinity
  const refusals = before.passed > 0 ? 1 : before.refusals + 1
  const usual = Math.min(1000 * 2 ** (refusals - 1), waitMillisMax)
  const pause = retryAfter === null ? Math.max(usual, before.interval) : refusals === 1 ? asked : Math.max(asked, usual)
  const plan = { ...before, refusals, refusedAt: now, passed: 0, steady: 0, next: now + pause }
  // less than one was left when the counting began, and less than one is now
  const measured = (now - before.since) / (before.passed + 0.5)
  if (isFirst) {
    return { ...plan, since: now, interval: Math.min(now - startedAt, intervalMax.guess), tooShort: measured }
  }
  if (before.passed === 0) return plan
  const most = before.guessed ? intervalMax.interval : Math.min(before.interval * 1.25, intervalMax.interval)
  return {
    ...plan,
    since: now,
    interval: Math.min(Math.max(measured, before.interval * 1.06), most),
    guessed: false,
    tooShort: before.interval,
    patience: Math.min(Math.max(before.passed * 2, patience.least), patience.slowestInterval)
  }
}

/** Milliseconds of a clock that nobody sets. */
export const monotonic = Effect.map(Clock.monotonicTimeNanos, (nanos) => Number(nanos) / 1e6)

export interface RatePlan {
  /** Sends a request when it may start, and learns from what comes of it. */
  readonly send: <A>(request: Effect.Effect<A, DuoReason>) => Effect.Effect<A, DuoReason>
}

const perMinute = (interval: number): string => interval === 0 ? "as it comes" : (60_000 / interval).toFixed(1)

export const make: Effect.Effect<RatePlan> = Effect.gen(function*() {
  const state = yield* Ref.make(begin(yield* monotonic))
  let inFlight = 0

  const learn = Effect.fnUntraced(function*(change: (plan: Plan) => Plan) {
    const { interval } = yield* Ref.get(state)
    const plan = yield* Ref.updateAndGet(state, change)
    if (plan.interval === interval) return
    yield* Effect.logDebug(`Rate: ${perMinute(plan.interval)} requests a minute, ${inFlight} in flight`)
  })

  /** Waits for its turn, and for another one if Duo has said to slow down meanwhile. */
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
