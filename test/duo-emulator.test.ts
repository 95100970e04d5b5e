/** The source over real sockets, against the emulator, which checks every signature. */
import * as NodeFileSystem from "@effect/platform-node/NodeFileSystem"
import { assert, describe, it } from "@effect/vitest"
import { ConfigProvider, Effect, Layer, Runtime, Schema, Stream } from "effect"
import { createServer } from "node:http"
import type { AddressInfo } from "node:net"
import { BypassCodes } from "../src/duo/BypassCodes.ts"
import { check } from "../src/duo/Check.ts"
import { Client } from "../src/duo/Client.ts"
import { Credentials } from "../src/duo/Credentials.ts"
import type { PageOptions } from "../src/duo/Pages.ts"
import { Users } from "../src/duo/Users.ts"
import { type Emulator, type Options, serve } from "../src/emulator/Emulator.ts"
import type { Fault } from "../src/emulator/Scenario.ts"
import { withoutMuchWaiting } from "./duo-fake.ts"

const source = (emulator: Pick<Emulator, "host" | "ikey" | "skey">, env: Record<string, string> = {}) =>
  Layer.mergeAll(Users.layer, BypassCodes.layer).pipe(
    Layer.provideMerge(Client.layer),
    Layer.provideMerge(Credentials.layer),
    Layer.provide(NodeFileSystem.layer),
    Layer.provide(ConfigProvider.layer(ConfigProvider.fromEnv({
      env: {
        DUO_IKEY: emulator.ikey,
        DUO_SKEY: emulator.skey,
        DUO_HOST: emulator.host,
        DUO_INSECURE_LOOPBACK: "1",
        ...env
      }
    })))
  )

const everyone = (options?: PageOptions) =>
  Effect.gen(function*() {
    const pages = yield* Users.use(({ pages }) => Stream.runCollect(pages(options)))
    return pages.flatMap(({ held, values }) => values.slice(held === true ? 1 : 0))
  })

/** Everyone in a tenant where this goes wrong on the second page, once or always. */
const under = (fault: Fault, options: Options & { readonly always?: boolean } = {}) =>
  Effect.gen(function*() {
    const when = options.always === true ? { offset: 9 } : { offset: 9, times: 1 }
    const emulator = yield* serve({ users: 25, ...options, scenario: [{ when, do: fault }] })
    const result = yield* withoutMuchWaiting(Effect.result(everyone({ pageSize: 10 }))).pipe(
      Effect.provide(source(emulator, { DUO_API: "v1" }))
    )
    assert.isAtLeast(emulator.reached[fault.fault] ?? 0, 1, "the fault was never reached")
    return { result, emulator }
  })

describe("A tenant", () => {
  it.effect("comes over whole, signed v5-sha512, on one connection, without a trace header", () =>
    Effect.gen(function*() {
      const emulator = yield* serve({ users: 1234 })
      const users = yield* everyone().pipe(Effect.withSpan("a run"), Effect.provide(source(emulator)))
      assert.strictEqual(new Set(users.map(({ user_id }) => user_id)).size, 1234)
      assert.deepStrictEqual(emulator.requests.map(({ status }) => status), [200, 200, 200])
      assert.deepStrictEqual(emulator.requests.map(({ signatureDigits }) => signatureDigits), [128, 128, 128])
      assert.deepStrictEqual(emulator.requests.flatMap(({ trace }) => trace), [])
      assert.strictEqual(new Set(emulator.requests.map(({ connection }) => connection)).size, 1)
      assert.match(emulator.requests[0]?.headers["accept-encoding"] ?? "", /gzip/)
    }))

  it.effect.prop(
    "comes over the same with more pages in flight",
    [Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 150 })), Schema.Literals([2, 5])],
    ([users, concurrency]) =>
      Effect.gen(function*() {
        const emulator = yield* serve({ users, seed: users })
        const [one, many] = yield* Effect.all([everyone({ pageSize: 20 }), everyone({ pageSize: 20, concurrency })])
          .pipe(
            Effect.provide(source(emulator))
          )
        assert.deepStrictEqual(many, one)
        assert.lengthOf(many, users)
      }).pipe(Effect.scoped),
    { arbitrary: { runs: 15 } }
  )

  for (const signature of ["v2-sha1", "v2-sha512", "v5-sha512"] as const) {
    it.effect(`that accepts only ${signature} is read with just that`, () =>
      Effect.gen(function*() {
        const emulator = yield* serve({ users: 3, signatures: [signature] })
        assert.lengthOf(yield* everyone().pipe(Effect.provide(source(emulator, { DUO_SIGNATURE: signature }))), 3)
      }))
  }

  it.effect("that accepts only the oldest signature and has only the oldest API is found out", () =>
    Effect.gen(function*() {
      const emulator = yield* serve({ users: 3, signatures: ["v2-sha1"], apis: ["v1"] })
      assert.lengthOf(yield* everyone().pipe(Effect.provide(source(emulator))), 3)
      assert.deepStrictEqual(emulator.requests.map(({ path, status }) => [path, status]), [
        ["/admin/v2/users", 401],
        ["/admin/v2/users", 404],
        ["/admin/v1/users", 200]
      ])
    }))

  it.effect("whose bypass codes the key may not read says so, and its users are read", () =>
    Effect.gen(function*() {
      const emulator = yield* serve({ users: 3, permissions: ["users"] })
      const error = yield* BypassCodes.use(({ pages }) => Effect.flip(Stream.runDrain(pages()))).pipe(
        Effect.provide(source(emulator))
      )
      assert.strictEqual(error._tag, "NotCollected")
    }))
})

describe("On the wire", () => {
  const passing: ReadonlyArray<Fault> = [
    { fault: "reset", at: "start" },
    { fault: "reset", at: "headers" },
    { fault: "reset", at: "body" },
    { fault: "truncated", how: "length" },
    { fault: "truncated", how: "chunked" },
    { fault: "truncated", how: "gzip" },
    { fault: "truncated", how: "gzip", keep: 0 },
    { fault: "truncated", how: "gzip", keep: 5 },
    { fault: "truncated", how: "length", keep: 0 },
    { fault: "truncated", how: "chunked", keep: 0 },
    { fault: "silence" },
    { fault: "status", code: 50001 },
    { fault: "rate_limit", retry_after: "x-retry-after", seconds: 3 },
    { fault: "fail_200", code: 50001 },
    { fault: "html", http: 502 },
    { fault: "empty", http: 503 },
    { fault: "one_byte" }
  ]
  for (const fault of passing) {
    it.effect(`${JSON.stringify(fault)} once is asked again, or waited for, and nobody is missing`, () =>
      Effect.map(
        under(fault),
        ({ result }) =>
          assert.strictEqual(result._tag === "Success" ? result.success.length : result.failure.message, 25)
      ))
  }

  const final: ReadonlyArray<readonly [fault: Fault, reason: string, exit: number]> = [
    [{ fault: "reset", at: "start" }, "Transport", 69],
    [{ fault: "reset", at: "body" }, "Truncated", 69],
    [{ fault: "truncated", how: "gzip" }, "Truncated", 69],
    [{ fault: "silence" }, "Timeout", 69],
    [{ fault: "slow", bytes: 1, every_ms: 20_000 }, "Timeout", 69],
    [{ fault: "rate_limit" }, "BudgetSpent", 75],
    [{ fault: "status", code: 50001 }, "ServerError", 69],
    [{ fault: "html" }, "NotDuo", 69],
    [{ fault: "empty" }, "NotDuo", 69],
    [{ fault: "no_stat" }, "NotDuo", 69],
    [{ fault: "bom" }, "NotUtf8", 65],
    [{ fault: "invalid_utf8" }, "NotUtf8", 65],
    [{ fault: "oversized", mib: 33 }, "TooLarge", 65],
    [{ fault: "oversized" }, "TooLarge", 65],
    [{ fault: "no_metadata" }, "BadPaging", 65],
    [{ fault: "next_offset", to: "same" }, "BadPaging", 65],
    [{ fault: "next_offset", to: "smaller" }, "BadPaging", 65],
    [{ fault: "next_offset", to: "float" }, "BadPaging", 65],
    [{ fault: "next_offset", to: "huge" }, "BadPaging", 65],
    [{ fault: "key_rotated" }, "Unauthorized", 77],
    [{ fault: "clock", seconds: 361 }, "Unauthorized", 77],
    [{ fault: "status", code: 40301 }, "Forbidden", 77],
    [{ fault: "empty_code" }, "BadRequest", 77],
    [{ fault: "fail_200", code: 40301 }, "Forbidden", 77],
    [{ fault: "field", name: "user_id" }, "Schema", 65],
    [{ fault: "field", name: "created", json: "1e400" }, "Schema", 65],
    [{ fault: "field", name: "username", json: String.raw`"\ud800"` }, "NotUtf8", 65]
  ]
  for (const [fault, reason, exit] of final) {
    it.effect(
      `${JSON.stringify(fault)} for good is ${reason}, exit ${exit}`,
      () =>
        Effect.map(under(fault, { always: true }), ({ emulator, result }) => {
          if (result._tag === "Success") return assert.fail("it went through")
          assert.strictEqual(result.failure.reason._tag, reason, result.failure.message)
          assert.strictEqual(result.failure[Runtime.errorExitCode], exit)
          assert.notInclude(result.failure.message + JSON.stringify(result.failure), emulator.skey)
        }),
      20_000
    )
  }

  it.effect("a redirect is never followed: the other host sees no request", () =>
    Effect.gen(function*() {
      let strangers = 0
      const other = yield* Effect.acquireRelease(
        Effect.callback<ReturnType<typeof createServer>>((resume) => {
          const server = createServer((_, response) => {
            strangers++
            response.end("{\"stat\": \"OK\", \"response\": []}")
          })
          server.listen(0, "127.0.0.1", () => resume(Effect.succeed(server)))
        }),
        (server) => Effect.sync(() => server.close())
      )
      const address = other.address() as AddressInfo
      const to = `http://127.0.0.1:${address.port}/admin/v1/users?user=1`
      for (const http of [301, 302, 303, 307, 308]) {
        const { result } = yield* under({ fault: "redirect", to, http }, { always: true })
        if (result._tag === "Success") return assert.fail("it went through")
        assert.include(result.failure.message, `a redirect to 127.0.0.1:${address.port} (HTTP ${http})`)
      }
      assert.strictEqual(strangers, 0)
    }))

  it.effect("nobody is asked twice at once for the page that the first one still owes", () =>
    Effect.gen(function*() {
      const { emulator } = yield* under({ fault: "silence" })
      assert.deepStrictEqual(emulator.requests.map(({ params }) => params.find(([name]) => name === "offset")?.[1]), [
        "0",
        "9",
        "9",
        "18"
      ])
    }))

  it.effect("a proxy of the environment is not used for this machine", () =>
    Effect.gen(function*() {
      const before = { ...process.env }
      Object.assign(process.env, { HTTP_PROXY: "http://127.0.0.1:9", HTTPS_PROXY: "http://127.0.0.1:9" })
      yield* Effect.addFinalizer(() =>
        Effect.sync(() => {
          delete process.env["HTTP_PROXY"]
          delete process.env["HTTPS_PROXY"]
          Object.assign(process.env, before)
        })
      )
      const emulator = yield* serve({ users: 3 })
      assert.lengthOf(yield* everyone().pipe(Effect.provide(source(emulator))), 3)
    }))
})

describe("Check", () => {
  const findings = (options: Options) =>
    Effect.gen(function*() {
      const emulator = yield* serve(options)
      const found = yield* check.pipe(Effect.provide(source(emulator)))
      return Object.fromEntries(found.map(({ detail, subject }) => [subject, detail]))
    })

  it.effect("finds the clock, the signature, the users and the bypass codes", () =>
    Effect.map(findings({ users: 42, signatures: ["v2-sha1"], apis: ["v1"], clockSkew: 90 }), (found) => {
      assert.strictEqual(found["clock"], "90 s behind Duo's: set it (NTP).")
      assert.strictEqual(found["signature"], "v2-sha1 is accepted.")
      assert.strictEqual(found["users"], "may be read (v1); there are 42.")
      assert.strictEqual(found["bypass codes"], "may be read.")
    }))

  it.effect("says what will not be collected", () =>
    Effect.map(
      findings({ users: 42, permissions: ["users"] }),
      (found) =>
        assert.match(found["bypass codes"] ?? "", /^Bypass codes are not collected\. Duo refused .*Grant read resource/)
    ))

  it.effect("fails as an extraction would, naming the skew", () =>
    Effect.gen(function*() {
      const emulator = yield* serve({ users: 1, clockSkew: -3600 })
      const error = yield* Effect.flip(check).pipe(Effect.provide(source(emulator)))
      assert.include(error.message, "This machine's clock is 3600 s ahead of Duo's: set it (NTP)")
    }))
})
