/** What the client sends, how long it waits, and how much it reads. */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber, Redacted, Runtime, Schema } from "effect"
import { TestClock } from "effect/testing"
import { Client } from "../../../src/duo/http/Client.ts"
import { authorization, type Params } from "../../../src/duo/http/Signature.ts"
import { canaries, fail, fake, host, ikey, ok, skey, turn, withoutWaiting } from "../../support/servers/duo-fake.ts"

const path = "/admin/v1/users"
const call = (params: Params = {}) => Client.use((client) => client.call(path, params))

describe("A request", () => {
  it.effect.prop(
    "has the canonical query byte for byte, and the signature of exactly this query",
    [Schema.Record(Schema.String, Schema.String)],
    ([params]) =>
      Effect.gen(function*() {
        const duo = fake(() => ok([]))
        yield* call(params).pipe(Effect.provide(duo.layer))
        const [sent] = duo.sent
        assert.isDefined(sent)
        if (sent === undefined) return
        const query = sent.url.split("?")[1] ?? ""
        assert.match(query, /^([A-Za-z0-9\-_.~%]*=[A-Za-z0-9\-_.~%]*(&|$))*$/)
        assert.strictEqual(
          sent.headers["authorization"],
          authorization({ version: 5, digest: "sha512" }, ikey, Redacted.make(skey), {
            method: "GET",
            host,
            path,
            params,
            date: sent.headers["date"] ?? ""
          })
        )
      })
  )

  it.effect("has a user agent and a date, and no trace header", () =>
    Effect.gen(function*() {
      const duo = fake(() => ok([]))
      yield* call({ limit: "300", offset: "0" }).pipe(Effect.withSpan("a run"), Effect.provide(duo.layer))
      const [sent] = duo.sent
      if (sent === undefined) return assert.fail()
      const { headers, method, url } = sent
      assert.strictEqual(url, `https://${host}${path}?limit=300&offset=0`)
      assert.strictEqual(method, "GET")
      assert.deepStrictEqual(Object.keys(headers).sort(), ["accept", "authorization", "date", "user-agent"])
      assert.strictEqual(headers["date"], "Thu, 01 Jan 1970 00:00:00 GMT")
      assert.match(headers["user-agent"] ?? "", /^duo-mfa\/\d+\.\d+\.\d+/)
    }))

  it.effect("whose answer is known from before is not parsed again", () =>
    Effect.gen(function*() {
      const duo = fake(() => ok([1]))
      const known = Client.use((client) => client.call(path, {}, (text) => text.includes("[1]")))
      assert.deepInclude(yield* known.pipe(Effect.provide(duo.layer)), { isKnown: true, response: undefined })
    }))

  it.effect("for Duo's time is not signed", () =>
    Effect.gen(function*() {
      const duo = fake(() => ok({ time: 61 }, undefined))
      const skew = yield* Client.use((client) => client.clockSkew).pipe(Effect.provide(duo.layer))
      assert.strictEqual(skew, -61)
      assert.deepStrictEqual(duo.sent.map(({ headers, url }) => [url, headers["authorization"]]), [
        [`https://${host}/auth/v2/ping`, undefined]
      ])
    }))
})

/** A body of these pieces, which then stays open or ends. */
const pieces = (all: Iterable<Uint8Array<ArrayBuffer> | "wait">, end = true) => {
  const iterator = all[Symbol.iterator]()
  return new Response(
    new ReadableStream({
      pull(controller) {
        const next = iterator.next()
        if (next.done === true) return end ? controller.close() : new Promise(() => {})
        return next.value === "wait" ? new Promise(() => {}) : controller.enqueue(next.value)
      }
    })
  )
}
const bytes = (text: string) => new TextEncoder().encode(text)

describe("A timeout", () => {
  /** The number of seconds after which the first attempt ends, and its warnings. */
  const firstAttempt = (answer: () => Response | Effect.Effect<Response>, upTo: number) =>
    Effect.gen(function*() {
      const duo = fake((_, count) => count === 1 ? answer() : ok([]))
      const fiber = yield* Effect.forkChild(call().pipe(Effect.provide(duo.layer)))
      for (let second = 0; second < upTo; second++) {
        yield* turn
        assert.deepStrictEqual(duo.warnings, [], `at ${second} s`)
        yield* TestClock.adjust("1 second")
      }
      yield* turn
      const warnings = [...duo.warnings]
      yield* withoutWaiting(Fiber.join(fiber))
      return warnings.map((warning) => warning.replace(/, trying.*/, ""))
    })

  it.effect("comes 30 s after the request if there are no headers, and the next attempt succeeds", () =>
    Effect.map(
      firstAttempt(() => Effect.never, 30),
      (warnings) => assert.deepStrictEqual(warnings, [`${path}: no answer in time in attempt 1`])
    ))

  it.effect("comes 15 s after the last piece of a body that stalls", () =>
    Effect.map(
      firstAttempt(() => pieces([bytes("{"), "wait"]), 15),
      (warnings) => assert.deepStrictEqual(warnings, [`${path}: no answer in time in attempt 1`])
    ))

  it.effect("comes 120 s after the request, even if more bytes keep coming", () =>
    Effect.gen(function*() {
      const duo = fake((_, count) => {
        if (count > 1) return ok([])
        return new Response(
          new ReadableStream({
            async pull(controller) {
              await new Promise((resolve) => void setImmediate(resolve))
              controller.enqueue(bytes(" "))
            }
          })
        )
      })
      const fiber = yield* Effect.forkChild(call().pipe(Effect.provide(duo.layer)))
      for (let second = 0; second < 120; second++) {
        yield* turn
        assert.deepStrictEqual(duo.warnings, [], `at ${second} s`)
        yield* TestClock.adjust("1 second")
      }
      yield* turn
      assert.lengthOf(duo.warnings, 1)
      yield* withoutWaiting(Fiber.join(fiber))
    }))

  it.effect("says which timeout it was", () =>
    Effect.gen(function*() {
      const silent = fake(() => Effect.never)
      const error = yield* withoutWaiting(Effect.flip(call())).pipe(Effect.provide(silent.layer))
      assert.strictEqual(
        error.message,
        `Duo took too long at ${path} (6 attempts): no answer within 30 s. Run again later.`
      )
      assert.strictEqual(error[Runtime.errorExitCode], 69)
    }))
})

describe("A body", () => {
  const mebibyte = new Uint8Array(1 << 20).fill(0x20)
  function* blanks(count: number) {
    yield bytes("{\"stat\": \"OK\", \"response\": []")
    for (let n = 0; n < count; n++) yield mebibyte
    yield bytes("}")
  }

  it.effect("of just under 32 MiB is read", () =>
    Effect.gen(function*() {
      const duo = fake(() => pieces(blanks(31)))
      assert.deepStrictEqual((yield* call().pipe(Effect.provide(duo.layer))).response, [])
    }))

  it.effect("of more is not read, even if it never ends, and is not retried", () =>
    Effect.gen(function*() {
      const duo = fake(() => pieces(blanks(Infinity)))
      const error = yield* Effect.flip(call()).pipe(Effect.provide(duo.layer))
      assert.deepInclude(error.reason, { _tag: "TooLarge" })
      assert.strictEqual(
        error.message,
        `The answer at ${path} is larger than 32 MiB. Ask for less at once with --page-size.`
      )
      assert.strictEqual(error[Runtime.errorExitCode], 65)
      assert.lengthOf(duo.sent, 1)
    }))

  it.effect("of a refusal that never ends does not hide the refusal", () =>
    Effect.gen(function*() {
      const duo = fake(() => new Response(pieces(blanks(Infinity)).body, { status: 404 }))
      assert.strictEqual((yield* Effect.flip(call()).pipe(Effect.provide(duo.layer))).reason._tag, "NotFound")
    }))

  it.effect.prop(
    "may be cut into pieces anywhere, even inside a character",
    [Schema.String, Schema.Int],
    ([text, at]) =>
      Effect.gen(function*() {
        const whole = bytes(JSON.stringify({ stat: "OK", response: [`é😀${text}`.toWellFormed()] }))
        const cut = Math.abs(at) % whole.length
        const duo = fake(() => pieces([whole.slice(0, cut), whole.slice(cut)]))
        const { response } = yield* call().pipe(Effect.provide(duo.layer))
        assert.deepStrictEqual(response, [`é😀${text}`.toWellFormed()])
      })
  )

  it.effect.prop(
    "that ends too early anywhere is retried",
    [Schema.String, Schema.Int],
    ([text, at]) =>
      Effect.gen(function*() {
        const whole = bytes(JSON.stringify({ stat: "OK", response: [`é😀${text}`.toWellFormed(), { a: [1] }] }))
        const cut = 1 + Math.abs(at) % (whole.length - 1)
        const duo = fake((_, count) => count === 1 ? pieces([whole.slice(0, cut)]) : pieces([whole]))
        yield* withoutWaiting(call()).pipe(Effect.provide(duo.layer))
        assert.match(duo.warnings.join(), /an answer that ended early in attempt 1/)
      })
  )
})

describe("A secret", () => {
  it.effect("is in no error, even if the server repeats the whole request", () =>
    Effect.gen(function*() {
      const duo = fake((sent) => fail(40103, {}, `you sent ${sent.headers["authorization"]}`))
      const error = yield* Effect.flip(call()).pipe(Effect.provide(duo.layer))
      const signature = duo.sent[0]?.headers["authorization"]?.slice(6) ?? "missing"
      const everything = `${error.message} ${JSON.stringify(error)} ${String(error)} ${error.stack}`
      for (const canary of [...canaries, signature]) assert.notInclude(everything, canary)
    }))
})
