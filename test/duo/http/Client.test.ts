/** What the client sends, how long it waits, how much it reads, and which signature it keeps. */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber, Redacted, Runtime, Schema } from "effect"
import { TestClock } from "effect/testing"
import { Client } from "../../../src/duo/http/Client.ts"
import { authorization, type Params } from "../../../src/duo/http/Signature.ts"
import { canaries, fail, fake, host, ikey, ok, type Sent, skey, turn, withoutWaiting } from "../../support/duo-fake.ts"

const path = "/admin/v1/users"
const call = (params: Params = {}) => Client.use((client) => client.call(path, params))

/** How a request was signed, by the length of its signature. */
const signedWith = ({ headers }: Sent) => {
  const credentials = Buffer.from((headers["authorization"] ?? "").replace("Basic ", ""), "base64").toString()
  return credentials.length - ikey.length - 1 === 40 ? "v2-sha1" : "sha512"
}

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
      (warnings) => assert.deepStrictEqual(warnings, [`${path}: Timeout in attempt 1`])
    ))

  it.effect("comes 15 s after the last piece of a body that stalls", () =>
    Effect.map(
      firstAttempt(() => pieces([bytes("{"), "wait"]), 15),
      (warnings) => assert.deepStrictEqual(warnings, [`${path}: Timeout in attempt 1`])
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
        assert.match(duo.warnings.join(), /Truncated in attempt 1/)
      })
  )
})

describe("DUO_SIGNATURE=auto", () => {
  const auto = { DUO_SIGNATURE: "auto" }
  const run = (answer: (sent: Sent, count: number) => Response, calls: number, env = auto) => {
    const duo = fake(answer, env)
    return Effect.gen(function*() {
      const client = yield* Client
      const results = yield* Effect.all(Array.from({ length: calls }, () => Effect.result(client.call(path, {}))))
      return { tried: duo.sent.map(signedWith), results, signature: yield* client.signature }
    }).pipe(Effect.provide(duo.layer))
  }
  const onlySha1 = (sent: Sent) => signedWith(sent) === "v2-sha1" ? ok([]) : fail(40103)

  it.effect("keeps v5-sha512 if that is accepted, and never tries another", () =>
    Effect.map(run((_, count) => count === 1 ? ok([]) : fail(40103), 3), ({ signature, tried }) => {
      assert.deepStrictEqual(tried, ["sha512", "sha512", "sha512"])
      assert.strictEqual(signature, "v5-sha512")
    }))

  it.effect("keeps v2-sha1 if only that is accepted", () =>
    Effect.map(run(onlySha1, 3), ({ results, signature, tried }) => {
      assert.deepStrictEqual(tried, ["sha512", "v2-sha1", "v2-sha1", "v2-sha1"])
      assert.strictEqual(signature, "v2-sha1")
      assert.deepStrictEqual(results.map(({ _tag }) => _tag), ["Success", "Success", "Success"])
    }))

  it.effect("tries v2-sha1 once if the first call is refused with 401 and code 40112, and never later", () =>
    Effect.gen(function*() {
      const first = yield* run((sent) => signedWith(sent) === "v2-sha1" ? ok([]) : fail(40112), 2)
      assert.deepStrictEqual(first.tried, ["sha512", "v2-sha1", "v2-sha1"])
      assert.deepStrictEqual(first.results.map(({ _tag }) => _tag), ["Success", "Success"])
      const both = yield* run(() => fail(40112), 2)
      assert.deepStrictEqual(both.tried, ["sha512", "v2-sha1", "sha512"])
      const later = yield* run((_, count) => count === 1 ? ok([]) : fail(40112), 2)
      assert.deepStrictEqual(later.tried, ["sha512", "sha512"])
    }))

  it.effect("tries v2-sha1 after a 401 without a code of Duo's as well", () =>
    Effect.map(
      run((sent) => signedWith(sent) === "v2-sha1" ? ok([]) : new Response("", { status: 401 }), 1),
      ({ tried }) => assert.deepStrictEqual(tried, ["sha512", "v2-sha1"])
    ))

  it.effect("keeps the signature after a 403, because Duo checks permissions after the signature", () =>
    Effect.map(
      run((sent) => signedWith(sent) === "v2-sha1" ? fail(40301) : fail(40103), 2),
      ({ results, signature, tried }) => {
        assert.deepStrictEqual(tried, ["sha512", "v2-sha1", "v2-sha1"])
        assert.strictEqual(signature, "v2-sha1")
        assert.isTrue(
          results.every((result) => result._tag === "Failure" && result.failure.reason._tag === "Forbidden")
        )
      }
    ))

  it.effect("learns nothing from a 404, because a server may check the path before the signature", () =>
    Effect.map(
      run((sent, count) => count === 1 ? fail(40401) : onlySha1(sent), 2),
      ({ signature, tried }) => {
        assert.deepStrictEqual(tried, ["sha512", "sha512", "v2-sha1"])
        assert.strictEqual(signature, "v2-sha1")
      }
    ))

  it.effect("reports the first refusal if both are refused, and tries the other only once", () =>
    Effect.map(
      run((sent, count) => fail(signedWith(sent) === "v2-sha1" ? 40102 : 40103, {}, `refusal ${count}`), 2),
      ({ results, tried }) => {
        assert.deepStrictEqual(tried, ["sha512", "v2-sha1", "sha512"])
        assert.include(results[0]?._tag === "Failure" ? results[0].failure.message : "", "40103 \"refusal 1\"")
      }
    ))

  it.effect("does not try another signature if the key is unknown", () =>
    Effect.map(run(() => fail(40102), 1), ({ tried }) => assert.deepStrictEqual(tried, ["sha512"])))

  it.effect("is not used if a signature is set", () =>
    Effect.map(
      run(onlySha1, 1, { DUO_SIGNATURE: "v2-sha512" }),
      ({ tried }) => assert.deepStrictEqual(tried, ["sha512"])
    ))
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
