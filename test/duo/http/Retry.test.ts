/** When a failed request is sent again, to the millisecond. */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Random } from "effect"
import { Client } from "../../../src/duo/http/Client.ts"
import { broken, canaries, fail, fake, ok, type Sent, withoutWaiting } from "../../support/servers/duo-fake.ts"

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
        "/admin/v1/users: no connection in attempt 1, trying again in 0.5 s",
        "/admin/v1/users: Duo asks to slow down in attempt 2, trying again in 2.0 s"
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
