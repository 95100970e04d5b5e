/** Which bytes are signed of a request, against canonical strings that are written out here as Duo's clients make them. */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Redacted } from "effect"
import { createHash, createHmac } from "node:crypto"
import { Client } from "../../../src/duo/http/Client.ts"
import type { Scheme } from "../../../src/duo/http/Signature.ts"
import * as SignedRequest from "../../../src/duo/http/SignedRequest.ts"
import { fail, fake, host, ikey, ok, skey, withoutWaiting } from "../../support/servers/duo-fake.ts"

const accountId = "DA0123456789ABCDEFGH"
const date = "Tue, 21 Aug 2012 17:29:18 -0000"
const parent = { accountId: undefined, host, ikey, skey: Redacted.make(skey) }
const sha512 = (text: string) => createHash("sha512").update(text).digest("hex")
const basic = (digest: string, canonical: string) =>
  `Basic ${Buffer.from(`${ikey}:${createHmac(digest, skey).update(canonical).digest("hex")}`).toString("base64")}`

/** The signed lines: version 5 adds the hashes of the body and of no headers. */
const lines = ({ version }: Scheme, method: string, path: string, params: string, body: string) =>
  [date, method, host, path, params, ...version === 5 ? [sha512(body), sha512("")] : []].join("\n")

const schemes: ReadonlyArray<Scheme> = [
  { version: 5, digest: "sha512" },
  { version: 2, digest: "sha512" },
  { version: 2, digest: "sha1" }
]

for (const scheme of schemes) {
  describe(`With version ${scheme.version} and ${scheme.digest}`, () => {
    it("a GET to a child has its account_id in the query, and signs it with the other parameters", () => {
      const child = { ...parent, accountId }
      const request = SignedRequest.get(child, "/admin/v1/users", { offset: "0", limit: "1" })(scheme, date)
      const query = `account_id=${accountId}&limit=1&offset=0`
      assert.strictEqual(request.query, query)
      assert.strictEqual(
        request.headers["authorization"],
        basic(scheme.digest, lines(scheme, "GET", "/admin/v1/users", query, ""))
      )
      const ownId = SignedRequest.get(child, "/p", { account_id: "DA" })(scheme, date)
      assert.strictEqual(ownId.query, `account_id=${accountId}`)
    })

    it("a GET without an account has no such parameter", () => {
      assert.strictEqual(SignedRequest.get(parent, "/p", { limit: "1" })(scheme, date).query, "limit=1")
    })

    it("the POST for the list of accounts has no parameter, and signs the body if that is JSON", () => {
      const path = "/accounts/v1/account/list"
      const { body, headers, method, query } = SignedRequest.accountList({ ...parent, accountId })(scheme, date)
      assert.deepStrictEqual([method, query, body.text], ["POST", "", scheme.version === 5 ? "{}" : ""])
      assert.strictEqual(headers["authorization"], basic(scheme.digest, lines(scheme, "POST", path, "", "{}")))
    })
  })
}

describe("A refusal of the list of accounts", () => {
  it.effect("has no advice about pages, because the list has none", () =>
    Effect.gen(function*() {
      const duo = fake(() => fail(40002))
      const error = yield* Effect.flip(Client.use(({ accounts }) => accounts)).pipe(Effect.provide(duo.layer))
      assert.match(
        error.message,
        /^Duo did not accept the request for \/accounts\/v1\/account\/list: 40002 "canned"\.$/
      )
    }))
})

describe("DUO_ACCOUNT_ID", () => {
  const advice: ReadonlyArray<readonly [code: number, says: RegExp]> = [
    [40102, /: check that DUO_IKEY is of its parent's Accounts API application\.$/],
    [40101, /Check DUO_IKEY and DUO_SKEY, which are those of the parent's Accounts API application, and DUO_HOST, wh/],
    [40301, /open the application of DUO_IKEY \(it must be of the type Accounts API\); if it limits networks, add/],
    [40401, /Check that DUO_HOST is the API host of the child account\.$/],
    [42901, /Duo kept asking to slow down: after/]
  ]
  for (const [code, says] of advice) {
    it.effect(`changes the advice for a refusal: ${code}`, () =>
      Effect.gen(function*() {
        const duo = fake(() => fail(code), { DUO_ACCOUNT_ID: accountId })
        const call = Client.use((client) => client.call("/admin/v1/users", {}))
        const error = yield* Effect.flip(withoutWaiting(call)).pipe(Effect.provide(duo.layer))
        assert.match(error.message, says)
        assert.isTrue(error.ofChild)
      }))
  }

  it.effect("is in every call of a client, even in a retry, and not in the ping", () =>
    Effect.gen(function*() {
      const duo = fake((_, count) => count === 1 ? fail(50301) : ok([], undefined), { DUO_ACCOUNT_ID: accountId })
      yield* Effect.gen(function*() {
        const client = yield* Client
        yield* client.call("/admin/v1/users", { limit: "1" })
        yield* client.call("/admin/v1/info/summary", {})
        yield* Effect.result(client.clockSkew)
      }).pipe(withoutWaiting, Effect.provide(duo.layer))
      assert.deepStrictEqual(duo.sent.map(({ url }) => url.replace(`https://${host}`, "")), [
        `/admin/v1/users?account_id=${accountId}&limit=1`,
        `/admin/v1/users?account_id=${accountId}&limit=1`,
        `/admin/v1/info/summary?account_id=${accountId}`,
        "/auth/v2/ping"
      ])
    }))

  it.effect("is not needed for the list of accounts, which is the only POST", () =>
    Effect.gen(function*() {
      const duo = fake(() => ok([]))
      const client = yield* Client.pipe(Effect.provide(duo.layer))
      yield* client.accounts
      yield* client.call("/accounts/v1/account/list", {})
      assert.deepStrictEqual(duo.sent.map(({ method, url }) => [method, url]), [
        ["POST", `https://${host}/accounts/v1/account/list`],
        ["GET", `https://${host}/accounts/v1/account/list`]
      ])
    }))
})
