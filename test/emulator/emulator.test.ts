/** The emulator behaves as Duo: its invented tenant, its pages, and its refusals. */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber, Redacted, Schema } from "effect"
import { TestClock } from "effect/testing"
import { authorization, sign } from "../../src/duo/http/Signature.ts"
import { dumps } from "../../src/emulator/people/PythonJson.ts"
import * as Tenant from "../../src/emulator/people/Tenant.ts"
import { serve } from "../../src/emulator/server/Emulator.ts"
import { type Ask, ask, everyone, json, text, turn, v5 } from "../support/emulator-client.ts"

const between = (minimum: number, maximum: number) => Schema.Int.check(Schema.isBetween({ minimum, maximum }))
const some = { arbitrary: { runs: 25 } }
const texts = (tenant: Tenant.Tenant) => Array.from({ length: tenant.size() }, (_, at) => tenant.text(at))

describe("an invented tenant", () => {
  it.prop("is the same bytes for the same seed", [Schema.String, between(0, 60)], ([seed, users]) => {
    assert.deepStrictEqual(texts(Tenant.make({ users, seed })), texts(Tenant.make({ users, seed })))
  }, some)

  it.prop("gives a user that does not depend on how many there are", [Schema.Int, between(0, 999)], ([seed, at]) => {
    const small = Tenant.make({ users: at + 1, seed })
    assert.strictEqual(small.text(at), Tenant.make({ users: 1_000_000, seed }).text(at))
  }, some)

  it("has other users for another seed", () => {
    assert.notDeepEqual(texts(Tenant.make({ users: 50, seed: 1 })), texts(Tenant.make({ users: 50, seed: 2 })))
  })

  it.prop("is written as Python writes JSON: sorted keys, ASCII", [Schema.Int], ([seed]) => {
    for (const user of texts(Tenant.make({ users: 40, seed }))) {
      assert.strictEqual(dumps(JSON.parse(user)), user)
      assert.match(user, /^[ -~]*$/)
    }
  }, some)

  it("has keys in Python's order, which is that of the code points", () => {
    assert.strictEqual(
      dumps({ "\u{10000}": -0, "\uffff": 1.5, A: [true, null], "\"": { "\u007f": "\u2028\b" } }),
      String.raw`{"\"": {"\u007f": "\u2028\b"}, "A": [true, null], "\uffff": 1.5, "\ud800\udc00": -0.0}`
    )
  })

  interface User {
    readonly user_id: string
    readonly username: string
    readonly status: string
    readonly aliases: object
    readonly email: string
    readonly realname: string | null
    readonly is_enrolled: boolean
    readonly groups: ReadonlyArray<{ readonly status: string }>
    readonly phones: ReadonlyArray<Record<string, string>>
    readonly tokens: ReadonlyArray<Record<string, string>>
    readonly webauthncredentials: ReadonlyArray<Record<string, string>>
    readonly u2ftokens: ReadonlyArray<object>
    readonly desktoptokens: ReadonlyArray<object>
    readonly desktop_authenticators?: ReadonlyArray<object>
  }
  const users = texts(Tenant.make({ users: 20_000, seed: 1 })).map((user) => JSON.parse(user) as User)
  const seen = (values: ReadonlyArray<string | undefined>) => Array.from(new Set(values)).sort()

  it("never has two users with the same id, or with usernames that differ in letter case only", () => {
    assert.strictEqual(new Set(users.map((user) => user.user_id)).size, users.length)
    assert.strictEqual(new Set(users.map((user) => user.username.toLowerCase())).size, users.length)
    assert.isTrue(users.every((user) => /^DU[0-9A-Z]{18}$/.test(user.user_id)))
  })

  it("has every status, factor, label and platform that Duo is known to answer", () => {
    const phones = users.flatMap((user) => user.phones)
    const has = (found: ReadonlyArray<string | undefined>, wanted: ReadonlyArray<string>) =>
      assert.deepStrictEqual(seen(found), [...wanted].sort())
    has(users.map((user) => user.status), ["active", "bypass", "disabled", "locked out", "pending deletion"])
    has(users.flatMap((user) => user.groups.map((group) => group.status)), ["Active", "Bypass", "Disabled"])
    has(phones.map((phone) => phone["type"]), ["Landline", "Mobile", "Unknown"])
    has(phones.map((phone) => phone["platform"]), [
      "Apple iOS",
      "Generic Smartphone",
      "Google Android",
      "Unknown",
      "Windows Phone"
    ])
    has(users.flatMap((user) => user.tokens.map((token) => token["type"])), ["d1", "h6", "h8", "t6", "t8", "yk"])
    has(users.flatMap((user) => user.webauthncredentials.map((credential) => credential["label"])), [
      "Chrome on Mac",
      "Security Key",
      "Touch ID",
      "iCloud Keychain"
    ])
    has(phones.flatMap((phone) => phone["capabilities"] ?? []), ["auto", "mobile_otp", "phone", "push", "sms"])
    assert.isTrue(phones.some((phone) => phone["number"] === ""))
    assert.isTrue(users.some((user) => "alias8" in user.aliases))
    for (const list of ["u2ftokens", "desktoptokens", "desktop_authenticators"] as const) {
      assert.isTrue(users.some((user) => (user[list] ?? []).length > 0), list)
    }
    for (const name of ["desktop_authenticators", "external_id", "lockout_reason", "custom_attributes"]) {
      assert.isTrue(users.some((user) => name in user) && users.some((user) => !(name in user)), name)
    }
  })

  it("has about two and a half methods per user, and users without any, who are not enrolled", () => {
    const methods = users.map((user) =>
      user.phones.length + user.tokens.length + user.webauthncredentials.length + user.u2ftokens.length +
      user.desktoptokens.length + (user.desktop_authenticators ?? []).length
    )
    const mean = methods.reduce((sum, n) => sum + n, 0) / users.length
    assert.isTrue(mean > 2.2 && mean < 2.8, String(mean))
    const nothing = users.filter((_, n) => methods[n] === 0)
    assert.isTrue(nothing.length > users.length / 50)
    assert.isTrue(nothing.every((user) => !user.is_enrolled))
  })

  it("is plainly invented, in many scripts, and one phone in places is on two users", () => {
    const addresses = users.map((user) => user.email).filter((email) => email !== "")
    assert.isTrue(addresses.every((email) => /@example\.(?:com|org)$/.test(email)))
    const numbers = users.flatMap((user) => user.phones.map((phone) => phone["number"] ?? "")).filter((n) => n !== "")
    assert.isTrue(numbers.every((number) => /^\+1555(?:010\d{4}|55501\d\d)$/.test(number)))
    const names = users.map((user) => user.realname ?? "").join()
    for (const script of [/\p{Emoji_Presentation}/u, /\p{M}/u, /\p{Script=Arabic}/u, /\p{Script=Han}/u]) {
      assert.match(names, script)
    }
    const phones = users.flatMap((user) => user.phones.map((phone) => phone["phone_id"]))
    assert.isTrue(new Set(phones).size < phones.length)
  })
})

describe("pages", () => {
  it.effect.prop(
    "put together are every user once, in order, whatever the limit",
    [between(0, 120), between(1, 50), Schema.Literals(["/admin/v1/users", "/admin/v2/users"])],
    ([users, limit, path]) =>
      Effect.scoped(Effect.gen(function*() {
        const emulator = yield* serve({ users, seed: 3 })
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
      const emulator = yield* serve({ users: 20_000, seed: 1 })
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
      const tenant = Tenant.make({ users: 700, seed: 4 })
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
      const emulator = yield* serve({ users: 5 })
      const page = json(yield* ask(emulator, { params: { offset: "5" } }))
      assert.deepStrictEqual(page.response, [])
      assert.deepStrictEqual(page.metadata, { prev_offset: 0, total_objects: 5 })
    }))

  it.effect("filter by name, alias, address and lists of ids, unpaged; one user by id", () =>
    Effect.gen(function*() {
      const tenant = Tenant.make({ users: 400, seed: 9 })
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
      const emulator = yield* serve({ users: 100 })
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

describe("a request is refused", () => {
  const hour = "Thu, 01 Jan 1970 01:00:00 GMT"
  const basic = (credentials: string) => ({ authorization: `Basic ${Buffer.from(credentials).toString("base64")}` })
  const cases: ReadonlyArray<readonly [why: string, request: Ask, code: number, detail?: string]> = [
    ["without credentials", { headers: { authorization: null } }, 40101],
    ["without credentials, before its missing date", { headers: { authorization: null, date: null } }, 40101],
    ["with credentials that are not Basic", { headers: { authorization: "Bearer x" } }, 40102],
    ["with credentials without a colon", { headers: basic("DI") }, 40102],
    ["of an unknown key", { ikey: "DIXXXXXXXXXXXXXXXXXX" }, 40102],
    ["of an unknown key, before its missing date", { ikey: "DI", headers: { date: null } }, 40102],
    ["without a date", { headers: { date: null } }, 40104],
    ["with a date that is none", { date: "yesterday" }, 40105],
    ["with a date in ISO form", { date: "1970-01-01T00:00:00Z" }, 40105],
    ["an hour late", { date: hour }, 40105],
    ["an hour late, before its wrong signature", { date: hour, skey: "wrong" }, 40105],
    ["301 seconds late", { date: "Thu, 01 Jan 1970 00:05:01 GMT" }, 40105],
    ["with another x-duo-date", { duoHeaders: [["x-duo-date", hour]] }, 40105],
    ["with a wrong secret", { skey: "wrong" }, 40103],
    ["with another date than signed", { headers: { date: "Thu, 01 Jan 1970 00:00:01 GMT" } }, 40103],
    ["with another host signed", { signedHost: "api-00000000.duosecurity.com" }, 40103],
    ["with a parameter that was not signed", { wire: "limit=1" }, 40103],
    ["with a query that is not UTF-8", { wire: "username=%FF" }, 40103],
    ["with an X-Duo header that was not signed", { headers: { "x-duo-extra": "1" } }, 40103],
    ["with half a signature", { headers: basic("IKEY:abcdef") }, 40103],
    ["at an unknown path", { path: "/admin/v1/nowhere" }, 40401],
    ["for an unknown user", { path: "/admin/v1/users/DU000000000000000000" }, 40401],
    ["with another verb", { method: "DELETE" }, 40501],
    ["with a body on a GET", { body: "{}" }, 40002, "body"],
    ["with a parameter twice", { params: { limit: ["1", "2"] } }, 40002, "limit"],
    ["with an unknown parameter", { params: { page: "2" } }, 40002, "page"],
    ["with a limit of zero", { params: { limit: "0" } }, 40002, "limit"],
    ["with a limit that is no number", { params: { limit: "1e2" } }, 40002, "limit"],
    ["with a negative limit", { params: { limit: "-1" } }, 40002, "limit"],
    ["with a negative offset", { params: { offset: "-1" } }, 40002, "offset"],
    ["with a fraction for an offset", { params: { offset: "1.5" } }, 40002, "offset"],
    ["with a list that is none", { params: { user_id_list: "DU1" } }, 40002, "user_id_list"]
  ]
  for (const [why, request, code, detail] of cases) {
    it.effect(`${why}: ${code}`, () =>
      Effect.gen(function*() {
        const emulator = yield* serve({ users: 3 })
        const headers = request.headers?.["authorization"]
        const ours = headers === basic("IKEY:abcdef").authorization
        const got = yield* ask(emulator, ours ? { headers: basic(`${emulator.ikey}:abcdef`) } : request)
        assert.strictEqual(json(got).code, code)
        assert.strictEqual(got.status, Math.floor(code / 100))
        assert.strictEqual(json(got).message_detail, detail)
        assert.strictEqual(json(got).stat, "FAIL")
        assert.strictEqual(emulator.requests[0]?.status, got.status)
      }))
  }

  it.effect("by permission before anything else that is wrong with it: 40301", () =>
    Effect.gen(function*() {
      const emulator = yield* serve({ permissions: ["users"] })
      const path = "/admin/v1/bypass_codes"
      assert.strictEqual(json(yield* ask(emulator, { path, params: { limit: "0" } })).code, 40301)
      assert.strictEqual(json(yield* ask(emulator, { path, skey: "wrong" })).code, 40103)
      assert.strictEqual(json(yield* ask(emulator)).stat, "OK")
    }))

  it.effect("where the tenant has only one version of the API: 40401", () =>
    Effect.gen(function*() {
      const old = yield* serve({ apis: ["v1"] })
      const young = yield* serve({ apis: ["v2"] })
      assert.strictEqual((yield* ask(old, { path: "/admin/v2/users" })).status, 404)
      assert.strictEqual((yield* ask(old, { path: "/admin/v1/users" })).status, 200)
      assert.strictEqual((yield* ask(young, { path: "/admin/v1/users" })).status, 404)
      assert.strictEqual((yield* ask(young, { path: "/admin/v2/users" })).status, 200)
    }))
})

const schemes = [{ version: 2, digest: "sha1" }, { version: 2, digest: "sha512" }, v5] as const

describe("a request is accepted", () => {
  for (const scheme of schemes) {
    const name = `v${scheme.version}-${scheme.digest}` as const
    it.effect(`signed ${name}, and refused if the tenant no longer accepts that`, () =>
      Effect.gen(function*() {
        const all = yield* serve()
        const others = yield* serve({
          signatures: (["v2-sha1", "v2-sha512", "v5-sha512"] as const).filter((other) => other !== name)
        })
        const params = { username: "é ~!'()*+&=/ 🦊" }
        assert.strictEqual((yield* ask(all, { scheme, params })).status, 200)
        assert.strictEqual(all.requests[0]?.signatureDigits, scheme.digest === "sha1" ? 40 : 128)
        assert.strictEqual(json(yield* ask(others, { scheme, params })).code, 40103)
      }))
  }

  it.effect("up to five minutes off, by any spelling of the zone, with + or %20, in any order, hex in any case", () =>
    Effect.gen(function*() {
      const emulator = yield* serve()
      const accepted: ReadonlyArray<Ask> = [
        { date: "Thu, 01 Jan 1970 00:05:00 GMT" },
        { date: "Thu, 01 Jan 1970 00:00:00 -0000" },
        { date: "Thu, 01 Jan 1970 02:00:00 +0200" },
        { params: { username: "a b", limit: "1" }, wire: "username=a+b&limit=1" },
        { params: { username: "a b", limit: "1" }, wire: "username=a%20b&limit=1" },
        { wire: "" },
        { signedHost: "127.0.0.1:443" },
        { upperCaseHex: true },
        {
          date: "Thu, 01 Jan 1970 00:00:00 GMT",
          duoHeaders: [["X-Duo-Date", "Thu, 01 Jan 1970 00:00:00 GMT"], ["x-duo-b", "Value"]],
          headers: { date: null }
        }
      ]
      for (const request of accepted) {
        assert.strictEqual((yield* ask(emulator, request)).status, 200, JSON.stringify(request))
      }
    }))

  it.effect("for the host that the tenant is configured with", () =>
    Effect.gen(function*() {
      const emulator = yield* serve({ apiHost: "API-x.duosecurity.com" })
      assert.strictEqual((yield* ask(emulator, { signedHost: "api-X.duosecurity.com:443" })).status, 200)
      assert.strictEqual(json(yield* ask(emulator)).code, 40103)
    }))

  it.effect("unsigned by ping, which tells the server's clock", () =>
    Effect.gen(function*() {
      yield* TestClock.setTime(1_000_000)
      const emulator = yield* serve({ clockSkew: 600 })
      const got = yield* ask(emulator, { path: "/auth/v2/ping", headers: { authorization: null, date: null } })
      assert.strictEqual(text(got), `{"response": {"time": 1600}, "stat": "OK"}`)
      assert.strictEqual(got.headers.date, new Date(1_600_000).toUTCString())
      assert.strictEqual(json(yield* ask(emulator)).code, 40105)
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
