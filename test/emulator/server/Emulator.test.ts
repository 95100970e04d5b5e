/** The emulator behaves as Duo: its pages, its rate limit, and its record of requests. */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber, Redacted, Schema } from "effect"
import { TestClock } from "effect/testing"
import { authorization, sign } from "../../../src/duo/http/Signature.ts"
import { dumps } from "../../../src/emulator/people/PythonJson.ts"
import * as Tenant from "../../../src/emulator/people/Tenant.ts"
import { serve } from "../../../src/emulator/server/Emulator.ts"
import { ask, everyone, json, schemes, text, turn } from "../../support/servers/emulator-client.ts"

const between = (minimum: number, maximum: number) => Schema.Int.check(Schema.isBetween({ minimum, maximum }))
const some = { arbitrary: { runs: 25 } }
const texts = (tenant: Tenant.Tenant) => Array.from({ length: tenant.size() }, (_, at) => tenant.text(at))

describe("pages", () => {
  it.effect.prop(
    "put together are every user once, in order, whatever the limit",
    [between(0, 120), between(1, 50), Schema.Literals(["/admin/v1/users", "/admin/v2/users"])],
    ([users, limit, path]) =>
      Effect.scoped(Effect.gen(function*() {
        const emulator = yield* serve({ people: "hostile", users, seed: 3 })
        const pages = yield* everyone(emulator, path, limit)
        assert.deepStrictEqual(
          pages.flatMap((page) => page.response ?? []),
          texts(emulator.tenant).map((user) => JSON.parse(user))
        )
        assert.isTrue(pages.every((page) => page.metadata?.total_objects === users))
        pages.forEach((page, n) =>
          assert.strictEqual(page.metadata?.prev_offset, n === 0 ? undefined : Math.max(0, (n - 1) * limit))
        )
      })),
    { arbitrary: { runs: 12 } }
  )

  it.effect("have 100 users by default, at most 300 in v1, and at most 500 in v2 and for bypass codes", () =>
    Effect.gen(function*() {
      const emulator = yield* serve({ people: "hostile", users: 20_000, seed: 1 })
      const length = (path: string, limit?: string) =>
        Effect.map(ask(emulator, { path, params: limit === undefined ? {} : { limit } }), (got) => {
          const page = json(got)
          return [page.response?.length, page.metadata?.next_offset]
        })
      for (
        const [path, max] of [["/admin/v1/users", 300], ["/admin/v2/users", 500], [
          "/admin/v1/bypass_codes",
          500
        ]] as const
      ) {
        assert.deepStrictEqual(yield* length(path), [100, 100])
        assert.deepStrictEqual(yield* length(path, "9999"), [max, max])
      }
    }))

  it.effect("of bypass codes have every code once, each with its owner, even after edits", () =>
    Effect.gen(function*() {
      const tenant = Tenant.make({ people: "hostile", users: 700, seed: 4 })
      const emulator = yield* serve({ tenant })
      const codes = Effect.map(
        everyone(emulator, "/admin/v1/bypass_codes", 7),
        (pages) =>
          pages.flatMap((page) => page.response ?? []) as ReadonlyArray<unknown> as ReadonlyArray<
            { bypass_code_id: string; expiration: number | null; reuse_count: number | null; user: { user_id: string } }
          >
      )
      const before = yield* codes
      const owners = new Map(Map.groupBy(before, (code) => code.user.user_id).entries())
      assert.deepStrictEqual(new Set(Array.from(owners.values(), (owned) => owned.length)), new Set([1, 2, 3]))
      assert.strictEqual(new Set(before.map((code) => code.bypass_code_id)).size, before.length)
      assert.isTrue(before.some((code) => code.expiration === null) && before.some((code) => code.reuse_count === null))
      assert.isTrue(before.some((code) => code.expiration !== null && code.expiration < Tenant.defaultEpoch))
      const gone = before[0]?.user.user_id ?? ""
      tenant.edit({ edit: "remove", at: tenant.where("user_id", [gone])[0] ?? -1 })
      assert.deepStrictEqual(yield* codes, before.filter((code) => code.user.user_id !== gone))
    }))

  it.effect("beyond the end are empty and have no next one", () =>
    Effect.gen(function*() {
      const emulator = yield* serve({ people: "hostile", users: 5 })
      const page = json(yield* ask(emulator, { params: { offset: "5" } }))
      assert.deepStrictEqual(page.response, [])
      assert.deepStrictEqual(page.metadata, { prev_offset: 0, total_objects: 5 })
    }))

  it.effect("filter by name, alias, address and lists of ids, unpaged; one user by id", () =>
    Effect.gen(function*() {
      const tenant = Tenant.make({ people: "hostile", users: 400, seed: 9 })
      const emulator = yield* serve({ tenant })
      const found = (params: Record<string, string>) =>
        Effect.map(ask(emulator, { params }), (got) => json(got).response?.map((user) => user.user_id))
      const user = tenant.user(
        Array.from({ length: 400 }, (_, at) => at).findIndex((at) => tenant.user(at)["email"] !== "")
      )
      const user_id = String(user["user_id"])
      assert.deepStrictEqual(yield* found({ username: String(user["username"]).toUpperCase() }), [user_id])
      assert.deepStrictEqual(yield* found({ email: String(user["email"]) }), [user_id])
      assert.deepStrictEqual(yield* found({ user_id_list: JSON.stringify([user_id, "DU0"]), limit: "1" }), [user_id])
      assert.deepStrictEqual(yield* found({ username_list: JSON.stringify([user["username"]]) }), [user_id])
      const one = json(yield* ask(emulator, { path: `/admin/v1/users/${user_id}` }))
      assert.deepStrictEqual(one.response as unknown, user)
    }))

  it.effect.prop(
    "carry any text there and back, escaped as ASCII",
    [Schema.Record(Schema.String, Schema.Json)],
    ([user]) =>
      Effect.scoped(Effect.gen(function*() {
        const emulator = yield* serve({ tenant: Tenant.fromUsers([user]) })
        const got = yield* ask(emulator)
        assert.match(text(got), /^[ -~]*$/)
        assert.strictEqual(dumps((json(got).response ?? []) as never), `[${dumps(user)}]`)
      })),
    some
  )

  it.effect("look like Duo's on the wire, plain and gzipped", () =>
    Effect.gen(function*() {
      const emulator = yield* serve({ people: "hostile", users: 100 })
      const plain = yield* ask(emulator)
      const packed = yield* ask(emulator, { headers: { "accept-encoding": "gzip" } })
      assert.strictEqual(text(packed), text(plain))
      assert.isTrue(packed.bytes.length < plain.bytes.length)
      assert.strictEqual(packed.headers.etag, `W/${plain.headers.etag}`)
      assert.match(text(plain), /^\{"metadata": \{"total_objects": 100\}, "response": \[\{"alias1": /)
      assert.match(text(plain), /\}\], "stat": "OK"\}$/)
      assert.strictEqual(plain.headers.server, "Duo/1.0")
      assert.strictEqual(plain.headers["cache-control"], "no-store")
      const refused = yield* ask(emulator, { skey: "wrong" })
      assert.strictEqual(
        text(refused),
        `{"code": 40103, "message": "Invalid signature in request credentials", "stat": "FAIL"}`
      )
      assert.strictEqual(refused.headers["content-length"], "86")
      assert.isUndefined(refused.headers["www-authenticate"])
    }))
})

describe("the rate limit", () => {
  for (
    const [retryAfter, header, value] of [
      ["none", "retry-after", undefined],
      ["seconds", "retry-after", "30"],
      ["http-date", "retry-after", "Thu, 01 Jan 1970 00:00:30 GMT"],
      ["x-retry-after", "x-retry-after", "30"]
    ] as const
  ) {
    it.effect(`accepts a burst, then refuses with 42901 (${retryAfter}), then accepts requests as time passes`, () =>
      Effect.gen(function*() {
        const emulator = yield* serve({ users: 1, rateLimit: { perMinute: 2, burst: 3, retryAfter } })
        const statuses = Effect.map(
          Effect.forEach([1, 2, 3, 4], () => ask(emulator)),
          (all) => all.map((got) => got.status)
        )
        assert.deepStrictEqual(yield* statuses, [200, 200, 200, 429])
        const refused = yield* ask(emulator)
        assert.strictEqual(json(refused).code, 42901)
        assert.strictEqual(refused.headers[header], value)
        yield* TestClock.adjust("60 seconds")
        assert.deepStrictEqual(yield* statuses, [200, 200, 429, 429])
      }))
  }
})

describe("the latency", () => {
  it.effect("is spent before each answer, by the clock", () =>
    Effect.gen(function*() {
      const emulator = yield* serve({ users: 1, latency: [4000, 5000] })
      const asking = yield* Effect.forkChild(ask(emulator))
      while (emulator.requests.length === 0) yield* turn
      yield* TestClock.adjust("3999 millis")
      assert.isNull(emulator.requests[0]?.status)
      yield* TestClock.adjust("1001 millis")
      assert.strictEqual((yield* Fiber.join(asking)).status, 200)
    }))
})

describe("the record of requests", () => {
  it.effect("has every request without its signature, and whether it was traced", () =>
    Effect.gen(function*() {
      const emulator = yield* serve()
      yield* ask(emulator, { params: { limit: "2", offset: "1" } })
      yield* ask(emulator, { headers: { traceparent: "00-0-0-00", b3: "0" } })
      const [first, second] = emulator.requests
      assert.deepStrictEqual(first?.params, [["limit", "2"], ["offset", "1"]])
      assert.deepStrictEqual(first?.trace, [])
      assert.deepStrictEqual([...second?.trace ?? []].sort(), ["b3", "traceparent"])
      assert.deepStrictEqual([first?.connection, second?.connection], [1, 2])
      assert.notInclude(JSON.stringify(emulator.requests).toLowerCase(), "authorization\":")
    }))

  it.effect("tells whether a text has a sent signature or a part of one, in hex or in a header", () =>
    Effect.gen(function*() {
      const emulator = yield* serve()
      const date = "Thu, 01 Jan 1970 00:00:00 GMT"
      const request = { method: "GET", host: emulator.host, path: "/admin/v1/users", params: {}, date }
      for (const scheme of schemes) {
        const header = authorization(scheme, emulator.ikey, Redacted.make(emulator.skey), request)
        const hex = sign(scheme, Redacted.make(emulator.skey), request)
        assert.isFalse(emulator.signatures.areIn(header + hex))
        yield* ask(emulator, { scheme, date })
        for (const text of [hex, hex.toUpperCase(), header, hex.slice(4, 38), header.slice(-34), `7${hex}f`]) {
          assert.isTrue(emulator.signatures.areIn(`the ${text} of it`), text)
        }
      }
      assert.isFalse(emulator.signatures.areIn("0123456789abcdef".repeat(8)))
    }))

  it.effect("the port is free as soon as the scope closes, and a port in use is an expected failure", () =>
    Effect.gen(function*() {
      const first = yield* Effect.scoped(serve())
      const port = Number(first.host.split(":")[1])
      const again = yield* serve({ port })
      assert.strictEqual(again.host, first.host)
      assert.deepStrictEqual([again.ikey, again.skey], [first.ikey, first.skey])
      const error = yield* Effect.flip(serve({ port }))
      assert.strictEqual(error._tag, "EmulatorError")
      assert.include(error.message, `127.0.0.1:${port}`)
    }))
})
