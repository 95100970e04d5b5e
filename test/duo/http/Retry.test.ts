/** When a failed request is sent again, to the millisecond, and when a run gives up. */
import { assert, describe, it } from "@effect/vitest"
import { Duration, Effect, Random, Runtime, Schedule, Schema } from "effect"
import { TestClock } from "effect/testing"
import { DuoError } from "../../../src/duo/DuoError.ts"
import { type DuoReason, RateLimited, ServerError, Transport, Truncated } from "../../../src/duo/DuoReason.ts"
import { Client } from "../../../src/duo/http/Client.ts"
import * as Retry from "../../../src/duo/http/Retry.ts"
import { broken, canaries, fail, fake, ok, type Sent, withoutWaiting } from "../../support/duo-fake.ts"

/** Makes every random number the same. */
const always = (value: number) =>
  Effect.provideService(Random.Random, { nextDoubleUnsafe: () => value, nextIntUnsafe: () => 0 })

const call = Client.use((client) => client.call("/admin/v1/users", { offset: "0", limit: "1" }))

/** The seconds that each retry waited. `answer` gives the answer to the n-th request. */
const waits = (answer: (count: number, sent: Sent) => Response | Effect.Effect<Response, unknown>, random = 1) => {
  const duo = fake((sent, count) => answer(count, sent))
  return withoutWaiting(Effect.exit(call)).pipe(
    Effect.provide(duo.layer),
    always(random),
    Effect.map(() => duo.sent.slice(1).map(({ at }, n) => (at - (duo.sent[n]?.at ?? 0)) / 1000))
  )
}

describe("A failure that may pass", () => {
  it.effect("is retried five times, after at most 0.5, 1, 2, 4 and 8 s", () =>
    Effect.map(waits(() => fail(50301)), (seconds) => assert.deepStrictEqual(seconds, [0.5, 1, 2, 4, 8])))

  it.effect("is retried after a random part of the delay (full jitter)", () =>
    Effect.map(
      waits(() => broken("ECONNRESET"), 0.25),
      (seconds) => assert.deepStrictEqual(seconds, [0.125, 0.25, 0.5, 1, 2])
    ))
})

describe("A 429", () => {
  const tenTimes = (random: number, headers = {}) =>
    waits((count) => count <= 10 ? fail(42901, headers) : ok([]), random)

  it.effect("is retried for as long as it takes, after 1, 2, 4 to 32 s and up to one random second more", () =>
    Effect.gen(function*() {
      assert.deepStrictEqual(yield* tenTimes(0), [1, 2, 4, 8, 16, 32, 32, 32, 32, 32])
      assert.deepStrictEqual(yield* tenTimes(0.5), [1.5, 2.5, 4.5, 8.5, 16.5, 32.5, 32.5, 32.5, 32.5, 32.5])
    }))

  it.effect("that comes again is waited for longer than it asks, so a Retry-After of 0 s never goes on forever", () =>
    Effect.gen(function*() {
      const atOnce = yield* tenTimes(0, { "retry-after": "0" })
      assert.deepStrictEqual(atOnce.map(Math.floor), [0, 2, 4, 8, 16, 32, 32, 32, 32, 32])
      assert.deepStrictEqual(yield* tenTimes(0, { "retry-after": "10" }), [10, 10, 10, 10, 16, 32, 32, 32, 32, 32])
    }))

  it.effect("without an end stops the run when the budget of waiting is spent", () =>
    Effect.gen(function*() {
      const seconds = yield* waits(() => fail(42901), 0)
      // 1, 2, 4, 8, 16, then 27 times 32: another 32 would be more than 900.
      assert.strictEqual(seconds.length, 32)
      assert.strictEqual(seconds.reduce((sum, wait) => sum + wait), 895)
    }))

  const once = (headers: (sent: Sent) => Record<string, string>) =>
    waits((count, sent) => count === 1 ? fail(42901, headers(sent)) : ok([]), 0)
  const date = (seconds: number) => ({ at }: Sent) => ({
    "retry-after": new Date(at + seconds * 1000).toUTCString()
  })
  const cases: ReadonlyArray<
    readonly [spelling: string, headers: (sent: Sent) => Record<string, string>, wait: number]
  > = [
    ["seconds", () => ({ "retry-after": "7" }), 7],
    ["0", () => ({ "retry-after": "0" }), 0],
    ["120, the longest", () => ({ "retry-after": "120" }), 120],
    ["a date", date(9), 9],
    ["a date gone by", date(-9), 0],
    ["X-Retry-After", () => ({ "x-retry-after": "3" }), 3],
    ["121: the schedule", () => ({ "retry-after": "121" }), 1],
    ["99999: the schedule", () => ({ "retry-after": "99999" }), 1],
    ["a date of next year: the schedule", date(31_536_000), 1],
    ["-1: the schedule", () => ({ "retry-after": "-1" }), 1],
    ["garbage: the schedule", () => ({ "retry-after": "soon" }), 1],
    ["nothing: the schedule", () => ({ "retry-after": "" }), 1]
  ]
  for (const [spelling, headers, wait] of cases) {
    it.effect(`waits as Retry-After says: ${spelling}`, () =>
      Effect.map(once(headers), (seconds) => assert.deepStrictEqual(seconds, [wait])))
  }

  it.effect("does not use up the retries after failures, and they do not use up its own", () =>
    Effect.gen(function*() {
      const seconds = yield* waits((count) => count % 2 === 1 ? fail(42901) : fail(50001), 0)
      // The sixth failure of the server ends it.
      assert.deepStrictEqual(seconds, [1, 0, 2, 0, 4, 0, 8, 0, 16, 0, 32])
    }))
})

describe("Every attempt", () => {
  it.effect("is signed afresh: another Date, another signature, the same request", () =>
    Effect.gen(function*() {
      const duo = fake((_, count) => count < 4 ? fail(42901) : ok([]))
      yield* withoutWaiting(call).pipe(Effect.provide(duo.layer))
      assert.strictEqual(duo.sent.length, 4)
      assert.strictEqual(new Set(duo.sent.map(({ headers }) => headers["date"])).size, 4)
      assert.strictEqual(new Set(duo.sent.map(({ headers }) => headers["authorization"])).size, 4)
      assert.strictEqual(new Set(duo.sent.map(({ url }) => url)).size, 1)
      for (const { at, headers } of duo.sent) assert.strictEqual(headers["date"], new Date(at).toUTCString())
    }))

  it.effect("is logged once, with reason, attempt and delay, and nothing else", () =>
    Effect.gen(function*() {
      const duo = fake((_, count) => count === 1 ? broken("ECONNRESET") : count === 2 ? fail(42901) : ok([]))
      yield* withoutWaiting(call).pipe(Effect.provide(duo.layer), always(1))
      assert.deepStrictEqual(duo.warnings, [
        "/admin/v1/users: Transport in attempt 1, trying again in 0.5 s",
        "/admin/v1/users: RateLimited in attempt 2, trying again in 2.0 s"
      ])
      for (const canary of canaries) assert.notInclude(duo.warnings.join(), canary)
      const { counts } = yield* Client.pipe(Effect.provide(duo.layer))
      assert.deepInclude(yield* counts, { requests: 0, retries: 0 })
    }))

  it.effect("is counted", () =>
    Effect.gen(function*() {
      const duo = fake((_, count) => count % 3 === 0 ? ok([]) : fail(50001))
      const counts = yield* Effect.gen(function*() {
        const client = yield* Client
        yield* withoutWaiting(Effect.all([client.call("/a", {}), client.call("/b", {})]))
        return yield* client.counts
      }).pipe(Effect.provide(duo.layer))
      assert.deepInclude(counts, { requests: 6, retries: 4 })
    }))
})

describe("The retry budget of a run", () => {
  const error = (reason: DuoReason) => () => new DuoError({ path: "/admin/v1/users", attempts: 3, reason })
  const serverError = new ServerError({ status: 500, code: 50001, message: "" })

  /** Pages that fail three times each until the run gives up. */
  const wear = (reason: DuoReason, pagesBetween: number) =>
    Effect.gen(function*() {
      const budget = yield* Retry.makeBudget
      for (let page = 0; page < 1000; page++) {
        const step = yield* Schedule.toStep(Retry.policy(budget))
        for (let n = 0; n < 3; n++) {
          const next = yield* Effect.result(step(0, error(reason)()))
          if (next._tag === "Failure") return { failure: next.failure, page, retries: yield* budget.retries }
          yield* TestClock.adjust(next.success[1])
        }
        for (let n = 0; n < pagesBetween; n++) yield* budget.progress
      }
      return undefined
    })

  it.effect("is spent after 60 retries that are not for rate limits, if no page comes: exit 69", () =>
    Effect.gen(function*() {
      const end = yield* wear(serverError, 0)
      assert.strictEqual(end?.retries, 60)
      assert.instanceOf(end?.failure, DuoError)
      if (!(end?.failure instanceof DuoError)) return
      assert.deepInclude(end.failure.reason, { _tag: "BudgetSpent", which: "transport", retries: 60 })
      assert.strictEqual(end.failure[Runtime.errorExitCode], 69)
      assert.strictEqual(
        end.failure.message,
        "Duo failed too often: after 60 retries the run gave up at /admin/v1/users (3 attempts). Run again later."
      )
    }))

  it.effect("is spent after 15 minutes of waiting without a page: exit 75", () =>
    Effect.gen(function*() {
      const end = yield* wear(new RateLimited({ retryAfter: 120 }), 0)
      assert.strictEqual(end?.retries, 7)
      if (!(end?.failure instanceof DuoError)) return assert.fail()
      assert.deepInclude(end.failure.reason, { _tag: "BudgetSpent", which: "rate limit", seconds: 840 })
      assert.strictEqual(end.failure[Runtime.errorExitCode], 75)
      assert.include(end.failure.message, "after 840 s of waiting")
    }))

  it.effect("counts time once when several requests wait at the same time", () =>
    Effect.gen(function*() {
      const budget = yield* Retry.makeBudget
      const throttled = error(new RateLimited({ retryAfter: 120 }))
      const step = Schedule.toStep(Retry.policy(budget))
      const inFlight = yield* Effect.all([step, step, step, step])
      for (let n = 0; n < 7; n++) {
        for (const request of inFlight) yield* request(0, throttled())
        yield* TestClock.adjust("120 seconds")
      }
      assert.strictEqual(yield* budget.retries, 28)
    }))

  it.effect("is spent by a request that waits again and again, even with a replay's clock, which stands still", () =>
    Effect.gen(function*() {
      const budget = yield* Retry.makeBudget
      const step = yield* Schedule.toStep(Retry.policy(budget))
      const throttled = error(new RateLimited({ retryAfter: 120 }))
      for (let n = 0; n < 7; n++) yield* step(0, throttled())
      assert.strictEqual((yield* Effect.result(step(0, throttled())))._tag, "Failure")
    }))

  it.effect("is not spent by check on a host that does not exist, but is by a run", () =>
    Effect.gen(function*() {
      const notFound = error(new Transport({ detail: "api-12345678.duosecurity.com: ENOTFOUND" }))
      const refused = error(new Transport({ detail: "api-12345678.duosecurity.com: ECONNREFUSED" }))
      const isRetried = (failure: DuoError, retryUnknownHost: boolean) =>
        Effect.gen(function*() {
          const step = yield* Schedule.toStep(Retry.policy(yield* Retry.makeBudget))
          return (yield* Effect.result(step(0, failure)))._tag === "Success"
        }).pipe(Effect.provideService(Retry.RetryUnknownHost, retryUnknownHost))
      assert.isFalse(yield* isRetried(notFound(), false))
      assert.isTrue(yield* isRetried(notFound(), true))
      assert.isTrue(yield* isRetried(refused(), false))
    }))

  it.effect("is not spent while pages come: a rate limit may let a run of a thousand pages wait for hours", () =>
    Effect.map(wear(new RateLimited({ retryAfter: 30 }), 20), (end) => assert.isUndefined(end)))

  const Phase = Schema.Struct({
    pages: Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 90 })),
    failures: Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 40 })),
    throttled: Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 12 }))
  })

  it.effect.prop(
    "is 60 retries and one per three pages, and 15 minutes of waiting and five seconds per page",
    [Schema.Array(Phase).check(Schema.isMinLength(4), Schema.isMaxLength(12))],
    ([phases]) =>
      Effect.gen(function*() {
        const budget = yield* Retry.makeBudget
        let [pages, retries, asleep, now] = [0, 0, 0, 0]
        const spend = (kind: "transport" | "rate limit", seconds: number) => {
          now += 1_000_000
          return Effect.result(budget.spend(kind, now, Duration.seconds(seconds)))
        }
        for (const phase of phases) {
          for (let n = 0; n < phase.failures; n++) {
            const isEnough = retries + 1 <= 60 + Math.floor(pages / 3)
            assert.strictEqual((yield* spend("transport", 0))._tag, isEnough ? "Success" : "Failure")
            if (isEnough) retries++
          }
          for (let n = 0; n < phase.throttled; n++) {
            const isEnough = asleep + 60 <= 15 * 60 + 5 * pages
            assert.strictEqual((yield* spend("rate limit", 60))._tag, isEnough ? "Success" : "Failure")
            if (isEnough) asleep += 60
          }
          for (let n = 0; n < phase.pages; n++) yield* budget.progress
          pages += phase.pages
        }
      })
  )

  it.effect("lasts for a million users if every tenth page is cut off once, in both readings", () =>
    Effect.gen(function*() {
      const budget = yield* Retry.makeBudget
      const pages = 2 * Math.ceil(1_000_000 / 300)
      for (let page = 0; page < pages; page++) {
        if (page % 10 === 0) {
          const again = yield* Schedule.toStep(Retry.policy(budget))
          const [, wait] = yield* again(0, error(new Truncated())())
          yield* TestClock.adjust(wait)
        }
        yield* budget.progress
      }
      assert.strictEqual(yield* budget.retries, Math.ceil(pages / 10))
    }))

  it.effect("grows with every page", () =>
    Effect.gen(function*() {
      const duo = fake((_, count) => count % 2 === 1 ? fail(42901, { "retry-after": "93" }) : ok([]))
      const counts = yield* Effect.gen(function*() {
        const client = yield* Client
        yield* withoutWaiting(Effect.forEach([1, 2, 3, 4, 5, 6, 7, 8, 9, 10], () => client.call("/admin/v1/users", {})))
        return yield* client.counts
      }).pipe(Effect.provide(duo.layer))
      // 930 s of waiting: 900, and 5 for each of nine pages.
      assert.deepInclude(counts, { requests: 20, retries: 10 })
    }))
})
