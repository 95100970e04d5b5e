/** An emulated parent with children: its list, the account that each host is for, and what each child has of its own. */
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { type Emulator, serve } from "../../../src/emulator/server/Emulator.ts"
import { serveParent } from "../../../src/emulator/server/Parent.ts"
import { type Ask, ask, json, schemes, text } from "../../support/servers/emulator-client.ts"

const path = "/accounts/v1/account/list"
const asJson = { "content-type": "application/json" }
const asForm = { "content-type": "application/x-www-form-urlencoded" }

/** The POST of Duo's clients, with a signature of version 5. */
const post: Ask = { path, method: "POST", body: "{}", headers: asJson }

const code = (emulator: Emulator, request: Ask) =>
  Effect.map(ask(emulator, request), (got) => got.status === 200 ? 200 : json(got).code)

describe("the list of a parent", () => {
  for (const scheme of schemes) {
    it.effect(`answers a POST that is signed with version ${scheme.version} and ${scheme.digest}`, () =>
      Effect.gen(function*() {
        const parent = yield* serveParent({ children: 2 })
        const [first, second] = parent.children
        const request = scheme.version === 5 ? post : { path, method: "POST", headers: asForm, scheme }
        assert.strictEqual(
          text(yield* ask(parent, request)),
          `{"response": [${
            [first, second].map((child, n) =>
              `{"account_id": "${child?.account_id}", "api_hostname": "${child?.host}", "name": "Example Customer ${
                n + 1
              }"}`
            ).join(", ")
          }], "stat": "OK"}`
        )
      }))
  }

  it.effect("is refused in other ways, and to a tenant that is not a parent", () =>
    Effect.gen(function*() {
      const parent = yield* serveParent({ children: 1 })
      const refused: ReadonlyArray<readonly [request: Ask, code: number]> = [
        [{ path }, 40501],
        [{ ...post, path: "/accounts/v1/account/create" }, 40401],
        [{ ...post, body: `{"a": 1}` }, 40002],
        [{ ...post, scheme: schemes[0] }, 40103],
        [{ ...post, headers: asForm, body: "a=1", params: { a: "1" }, wire: "", scheme: schemes[1] }, 40002],
        [{ ...post, skey: "x" }, 40103],
        [{ path, method: "POST", headers: { ...asForm, authorization: null } }, 40101]
      ]
      for (const [request, expected] of refused) {
        assert.strictEqual(yield* code(parent, request), expected, JSON.stringify(request))
      }
      assert.strictEqual(yield* code(yield* serve(), post), 40301)
      assert.deepStrictEqual(parent.misdirected(), [])
    }))

  it.effect("can be made odd, from one answer to the next", () =>
    Effect.gen(function*() {
      let gone = 0
      const parent = yield* serveParent({ children: 3, listed: (accounts) => accounts.slice(gone) })
      assert.lengthOf(json(yield* ask(parent, post)).response ?? [], 3)
      gone = 2
      assert.lengthOf(json(yield* ask(parent, post)).response ?? [], 1)
    }))
})

describe("a host refuses what is for another account", () => {
  it.effect("and records it, even without a signature", () =>
    Effect.gen(function*() {
      const parent = yield* serveParent({ children: 2, users: 3 })
      const [one, two] = parent.children
      if (one === undefined || two === undefined) return assert.fail()
      const of = (account_id: string) => ({ params: { account_id } })
      const wrong: ReadonlyArray<readonly [to: Emulator, request: Ask, code: number]> = [
        [one, {}, 40001],
        [one, of(two.account_id), 40301],
        [one, post, 40301],
        [parent, {}, 40301],
        [parent, of(one.account_id), 40301],
        [parent, { ...post, wire: `account_id=${one.account_id}` }, 40002],
        [two, { headers: { authorization: null } }, 40101]
      ]
      for (const [to, request, expected] of wrong) {
        assert.strictEqual(yield* code(to, request), expected, JSON.stringify(request))
      }
      assert.lengthOf(parent.misdirected(), wrong.length)
      for (const child of parent.children) {
        assert.strictEqual(yield* code(child, of(child.account_id)), 200)
        assert.strictEqual(yield* code(child, { path: "/auth/v2/ping" }), 200)
      }
      assert.lengthOf(parent.misdirected(), wrong.length)
    }))
})

describe("a child", () => {
  it.effect("has users, a rate limit and options of its own, and the keys of its parent", () =>
    Effect.gen(function*() {
      const options = { children: 3, users: 4, rateLimit: { perMinute: 2 } }
      const parent = yield* serveParent({ ...options, child: (n) => n === 3 ? { users: 0, skey: "lost" } : {} })
      const [one, two, three] = parent.children
      if (one === undefined || two === undefined || three === undefined) return assert.fail()
      const users = (child: typeof one) => ask(child, { params: { account_id: child.account_id } })
      const statuses = Effect.map(Effect.forEach([one, one, one, two], users), (all) => all.map(({ status }) => status))
      assert.deepStrictEqual(yield* statuses, [200, 200, 429, 200])
      assert.deepStrictEqual([one.requests.length, two.requests.length], [3, 1])
      assert.deepStrictEqual([one.ikey, one.skey], [parent.ikey, parent.skey])
      assert.notStrictEqual(one.tenant.text(0), two.tenant.text(0))
      assert.deepStrictEqual([one.tenant.size(), three.tenant.size(), three.skey], [4, 0, "lost"])
      const again = yield* serveParent(options)
      assert.deepStrictEqual(
        again.children.map((child) => [child.account_id, child.tenant.text(0)]).slice(0, 2),
        [one, two].map((child) => [child.account_id, child.tenant.text(0)])
      )
    }))

  it.effect("has the next port if the parent's port is given, and there is no port above 65535", () =>
    Effect.gen(function*() {
      const free = Number((yield* Effect.scoped(serve())).host.split(":")[1])
      const parent = yield* serveParent({ children: 1, port: free })
      assert.deepStrictEqual([parent.host, parent.children[0]?.host], [`127.0.0.1:${free}`, `127.0.0.1:${free + 1}`])
      const error = yield* Effect.flip(serve({ port: 65_536 }))
      assert.include(error.message, "127.0.0.1:65536")
    }))
})
