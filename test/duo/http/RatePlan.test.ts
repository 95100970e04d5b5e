/** The rate plan against servers with an undocumented limit: it reaches nearly full speed with few 429s. */
import { assert, describe, it } from "@effect/vitest"
import { Clock, Effect, Fiber, Layer, Logger, References, Schema, Stream } from "effect"
import { TestClock } from "effect/testing"
import { DuoError } from "../../../src/duo/DuoError.ts"
import { RateLimited } from "../../../src/duo/DuoReason.ts"
import { Client } from "../../../src/duo/http/Client.ts"
import * as RatePlan from "../../../src/duo/http/RatePlan.ts"
import * as Retry from "../../../src/duo/http/Retry.ts"
import { Users } from "../../../src/duo/list/Users.ts"
import * as Bucket from "../../../src/emulator/server/Bucket.ts"
import { canaries, fail, fake, ok, withoutWaiting } from "../../support/servers/duo-fake.ts"

interface Load {
  readonly requests: number
  readonly concurrency: number
  /** Milliseconds. */
  readonly latency: number
  readonly retryAfter: boolean
}

/** Sends requests, retried as the client does, and gives the time that they took and the number of 429s. */
const run = Effect.fnUntraced(function*(limit: Bucket.Bucket, { concurrency, latency, requests, retryAfter }: Load) {
  const plan = yield* RatePlan.make
  const budget = yield* Retry.makeBudget
  let refusals = 0
  const once = Effect.gen(function*() {
    yield* Effect.sleep(latency / 2)
    const seconds = limit.take((yield* Clock.currentTimeMillis) / 1000)
    yield* Effect.sleep(latency / 2)
    if (seconds === 0) return
    refusals++
    return yield* new RateLimited({ retryAfter: retryAfter ? seconds : null })
  })
  const request = plan.send(once).pipe(
    Effect.mapError((reason) => new DuoError({ path: "/", attempts: 1, reason })),
    Effect.retry(Retry.policy(budget)),
    Effect.tap(budget.progress)
  )
  const before = yield* Clock.currentTimeMillis
  const fiber = yield* Effect.forkChild(
    Effect.forEach(Array.from({ length: requests }), () => request, { concurrency, discard: true }).pipe(
      Effect.andThen(Clock.currentTimeMillis)
    )
  )
  yield* TestClock.adjust("10 hours")
  const seconds = ((yield* Fiber.join(fiber)) - before) / 1000
  return { seconds, refusals }
}, Effect.provide(Logger.layer([])))

const between = (minimum: number, maximum: number) => Schema.Int.check(Schema.isBetween({ minimum, maximum }))

const Loads = Schema.Struct({
  requests: between(1000, 4000),
  concurrency: between(1, 8),
  latency: between(20, 300),
  retryAfter: Schema.Boolean
})
const PerMinute = between(50, 300)

/** The seconds that the requests take if there is no limit. */
const ofNetwork = ({ concurrency, latency, requests }: Load) => Math.ceil(requests / concurrency) * latency / 1000

/** The time and the 429s that finding the limit may cost, even in a short run. */
const lesson = { seconds: 20, refusals: 30 }

/** Allows a number of requests per minute of the clock. */
const fixedWindow = (perMinute: number): Bucket.Bucket => {
  let minute = 0
  let taken = 0
  return {
    take: (now) => {
      if (Math.floor(now / 60) > minute) taken = 0
      minute = Math.floor(now / 60)
      if (taken >= perMinute) return Math.ceil((minute + 1) * 60 - now)
      taken++
      return 0
    }
  }
}

const runs = (count: number) => ({ arbitrary: { runs: count } })

describe("A rate plan", () => {
  it.effect.prop(
    "takes at most a tenth longer than a token bucket demands, with few 429s",
    [Loads, PerMinute, between(0, 1000)],
    ([load, perMinute, thousandths]) =>
      Effect.gen(function*() {
        const burst = Math.max(1, Math.round(perMinute * thousandths / 1000))
        const { refusals, seconds } = yield* run(Bucket.make(perMinute, burst), load)
        const ideal = Math.max((load.requests - burst) * 60 / perMinute, ofNetwork(load))
        assert.isAtMost(seconds, ideal * 1.1 + lesson.seconds)
        assert.isAtMost(refusals, Math.max(load.requests * 0.02, lesson.refusals))
      }),
    runs(60)
  )

  it.effect.prop(
    "is slowed down little by a fixed number per minute, even if all are used up early in the minute",
    [Loads, PerMinute],
    ([load, perMinute]) =>
      Effect.gen(function*() {
        const requests = Math.max(load.requests, perMinute * 10)
        const { refusals, seconds } = yield* run(fixedWindow(perMinute), { ...load, requests })
        const ideal = Math.max((requests / perMinute - 1) * 60, ofNetwork({ ...load, requests }))
        assert.isAtMost(seconds, ideal * 1.3)
        // without Retry-After, the plan finds out by more requests
        assert.isAtMost(refusals, Math.max(requests * (load.retryAfter ? 0.02 : 0.05), lesson.refusals))
      }),
    runs(30)
  )

  it.effect.prop("never waits if there is no limit", [Loads], ([load]) =>
    Effect.gen(function*() {
      const { refusals, seconds } = yield* run(Bucket.unlimited, load)
      assert.strictEqual(refusals, 0)
      assert.approximately(seconds, ofNetwork(load), 0.001)
    }), runs(20))

  it.effect("follows a limit that falls to a third while it runs", () =>
    Effect.gen(function*() {
      const [before, after] = [Bucket.make(180, 60), Bucket.make(60, 20)]
      const load: Load = { requests: 2000, concurrency: 4, latency: 100, retryAfter: false }
      const falling: Bucket.Bucket = { take: (now) => (now < 300 ? before : after).take(now) }
      const { refusals, seconds } = yield* run(falling, load)
      assert.isAtMost(refusals, load.requests * 0.02)
      assert.isAtMost(seconds, (300 + (load.requests - 180 * 5 - 60 - 20)) * 1.1)
    }))
})

const calls = (count: number) =>
  Client.use((client) =>
    Effect.forEach(
      Array.from({ length: count }, (_, n) => n),
      (n) => client.call("/admin/v1/users", { n: String(n) }),
      {
        concurrency: 4
      }
    )
  )

describe("A client", () => {
  it.effect("that is told to wait sends no request until the longest of all waits is over", () =>
    Effect.gen(function*() {
      const answer = (count: number) =>
        count === 5 || count === 7 ? fail(42901, { "retry-after": count === 5 ? "10" : "30" }) : ok([])
      const duo = fake((_, count) => Effect.delay(Effect.sync(() => answer(count)), `${1000 + count * 125} millis`))
      yield* withoutWaiting(calls(12)).pipe(Effect.provide(duo.layer))
      const resumesAt = (duo.sent[6]?.at ?? 0) + 1875
      const seconds = duo.sent.map(({ at }) => (at - resumesAt) / 1000)
      assert.lengthOf(seconds, 14)
      assert.deepStrictEqual(seconds.filter((second) => second > 0 && second < 30), [])
      assert.include(seconds, 30)
    }))

  it.effect("logs the rate, the rest of the retry budget and each page with --log-level debug", () =>
    Effect.gen(function*() {
      const perMinute = Bucket.make(60, 5)
      const duo = fake(({ at, url }) =>
        Effect.delay(
          Effect.sync(() => {
            if (perMinute.take(at / 1000) > 0) return fail(42901)
            const offset = Number(new URL(url).searchParams.get("offset"))
            const next = offset + 2 < 20 ? { next_offset: offset + 2 } : {}
            return ok([offset, offset + 1].map((n) => ({ user_id: `DU${n}`, email: "canary@example.com" })), {
              total_objects: 20,
              ...next
            })
          }),
          "250 millis"
        )
      )
      yield* withoutWaiting(Users.use(({ pages }) => Stream.runDrain(pages({ pageSize: 2, concurrency: 4 })))).pipe(
        Effect.provide(Users.layer.pipe(Layer.provideMerge(duo.layer))),
        Effect.provideService(References.MinimumLogLevel, "Debug")
      )
      const log = duo.warnings.join("\n")
      assert.match(log, /^Rate: \d+\.\d requests per minute, \d in flight$/m)
      assert.match(log, /^Left in the retry budget: 6\d retries after failures, \d+ s of waiting$/m)
      assert.match(log, /^\/admin\/v1\/users: 2 of 20 at offset 0; 4 in flight, 2 per page$/m)
      for (const canary of [...canaries, "DU1"]) assert.notInclude(log, canary)
    }))
})
