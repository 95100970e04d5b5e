/** The retries and the waiting that a run may spend before it gives up. Every page adds to both. */
import { assert, describe, it } from "@effect/vitest"
import { Duration, Effect, Runtime, Schedule, Schema } from "effect"
import { TestClock } from "effect/testing"
import { DuoError } from "../../../src/duo/DuoError.ts"
import { type DuoReason, RateLimited, ServerError, Transport, Truncated } from "../../../src/duo/DuoReason.ts"
import { Client } from "../../../src/duo/http/Client.ts"
import * as Retry from "../../../src/duo/http/Retry.ts"
import { fail, fake, ok, withoutWaiting } from "../../support/servers/duo-fake.ts"

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
