/** The requests that the emulator refuses and accepts, as Duo does. */
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { TestClock } from "effect/testing"
import { serve } from "../../../src/emulator/server/Emulator.ts"
import { type Ask, ask, json, schemes, text } from "../../support/servers/emulator-client.ts"

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

  it.effect("for policies and applications with an old signature: 40103", () =>
    Effect.gen(function*() {
      const emulator = yield* serve()
      for (const path of ["/admin/v2/policies", "/admin/v2/policies/summary", "/admin/v3/integrations"]) {
        for (const scheme of schemes) {
          const { code, stat } = json(yield* ask(emulator, { path, scheme }))
          assert.deepStrictEqual([code, stat], scheme.version === 5 ? [undefined, "OK"] : [40103, "FAIL"], path)
        }
      }
    }))

  it.effect("for the secret of an application, which the emulator does not offer: 40401", () =>
    Effect.gen(function*() {
      const emulator = yield* serve()
      const { integration_key } = JSON.parse(emulator.tenant.protected.integrations[0] ?? "{}")
      const path = `/admin/v1/integrations/${integration_key}/skey`
      assert.strictEqual(json(yield* ask(emulator, { path })).code, 40401)
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
