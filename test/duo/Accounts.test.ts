/** The child accounts of a parent, over sockets: the list, its failures, and how each child is asked. */
import * as NodeFileSystem from "@effect/platform-node/NodeFileSystem"
import { assert, describe, it } from "@effect/vitest"
import { ConfigProvider, Effect, Layer, Result, Runtime, type Schema, Stream } from "effect"
import { Accounts, type ChildAccount } from "../../src/duo/Accounts.ts"
import { users as checkUsers } from "../../src/duo/Check.ts"
import { Client } from "../../src/duo/http/Client.ts"
import { Credentials, isAccountId } from "../../src/duo/http/Credentials.ts"
import { Admins } from "../../src/duo/list/Admins.ts"
import { BypassCodes } from "../../src/duo/list/BypassCodes.ts"
import { Users } from "../../src/duo/list/Users.ts"
import type { Emulator } from "../../src/emulator/server/Emulator.ts"
import { type ParentOptions, serveParent } from "../../src/emulator/server/Parent.ts"
import { withoutMuchWaiting } from "../support/servers/duo-fake.ts"

type Keys = Pick<Emulator, "host" | "ikey" | "skey">

const base = ({ host, ikey, skey }: Keys, env: Record<string, string>) =>
  Layer.mergeAll(
    NodeFileSystem.layer,
    ConfigProvider.layer(ConfigProvider.fromEnv({
      env: { DUO_IKEY: ikey, DUO_SKEY: skey, DUO_HOST: host, DUO_INSECURE_LOOPBACK: "1", ...env }
    }))
  )

const list = (parent: Keys, env: Record<string, string> = {}) =>
  Accounts.use(({ list }) => list).pipe(Effect.provide(Accounts.layer.pipe(Layer.provide(base(parent, env)))))

/** Reads all lists of a child with the keys of its parent. */
const everything = (parent: Keys, { account_id, host }: Pick<ChildAccount, "account_id" | "host">) => {
  const client = Client.layer.pipe(
    Layer.provideMerge(Credentials.layer),
    Layer.provide(base({ ...parent, host }, { DUO_ACCOUNT_ID: account_id }))
  )
  return Effect.gen(function*() {
    yield* checkUsers
    const users = yield* Users.use(({ pages }) => Stream.runCollect(pages({ pageSize: 7, concurrency: 3 })))
    yield* BypassCodes.use(({ pages }) => Stream.runDrain(pages()))
    yield* Admins.use(({ pages }) => Stream.runDrain(pages()))
    const last = users.at(-1)?.content
    assert.isUndefined(last?.next)
    return last?.total
  }).pipe(
    Effect.provide(Layer.mergeAll(Users.layer, BypassCodes.layer, Admins.layer).pipe(Layer.provideMerge(client)))
  )
}

describe("The list of child accounts", () => {
  it.effect("has every child with its id, name and host", () =>
    Effect.gen(function*() {
      const parent = yield* serveParent({ people: "hostile", children: 3 })
      const { children, leftOut } = yield* list(parent)
      assert.deepStrictEqual(
        children.map((child) => ({ ...child })),
        parent.children.map(({ account_id, host, name }) => ({ account_id, name, host: host as ChildAccount["host"] }))
      )
      assert.deepStrictEqual(leftOut, [])
      assert.deepStrictEqual(children.map(({ name }) => name), [1, 2, 3].map((n) => `Example Customer ${n}`))
      assert.deepStrictEqual(
        parent.requests.map(({ method, params, path, status }) => [method, path, params, status]),
        [
          ["POST", "/accounts/v1/account/list", [], 200]
        ]
      )
    }))

  for (const signature of ["v5-sha512", "v2-sha512", "v2-sha1"] as const) {
    it.effect(`is asked with ${signature}, with the body of this version, and auto finds it`, () =>
      Effect.gen(function*() {
        const parent = yield* serveParent({ people: "hostile", children: 1, signatures: [signature] })
        assert.lengthOf((yield* list(parent, { DUO_SIGNATURE: signature })).children, 1)
        const [sent] = parent.requests
        assert.strictEqual(sent?.headers["content-length"], signature === "v5-sha512" ? "2" : "0")
        assert.strictEqual(
          sent?.headers["content-type"],
          signature === "v5-sha512" ? "application/json" : "application/x-www-form-urlencoded"
        )
        if (signature !== "v2-sha512") assert.lengthOf((yield* list(parent)).children, 1)
      }))
  }

  it.effect("keeps a name of any characters as it is", () =>
    Effect.gen(function*() {
      const name = "=Example\u0007 \u202e<b>\u{1f98a}\n"
      const parent = yield* serveParent({
        children: 2,
        listed: ([first = {}, second = {}]) => [{ ...first, name, colour: [1] }, { ...second, name: null }]
      })
      assert.deepStrictEqual((yield* list(parent)).children.map((child) => child.name), [name, ""])
    }))

  it.effect("is of the parent alone: with an account in the settings nothing is sent", () =>
    Effect.gen(function*() {
      const parent = yield* serveParent({ people: "hostile", children: 1 })
      const error = yield* Effect.flip(list(parent, { DUO_ACCOUNT_ID: parent.children[0]?.account_id ?? "" }))
      assert.strictEqual(
        error.message,
        "DUO_ACCOUNT_ID names a child account, and only its parent has a list of accounts: remove the setting."
      )
      assert.deepStrictEqual([error[Runtime.errorExitCode], parent.requests.length], [78, 0])
    }))
})

describe("A failure of the list", () => {
  const failing = Effect.fnUntraced(function*(options: Partial<ParentOptions>, keys: Partial<Keys> = {}) {
    const parent = yield* serveParent({ people: "hostile", children: 2, ...options })
    const result = yield* withoutMuchWaiting(Effect.result(list({ ...parent, ...keys })))
    return { parent, result, statuses: parent.requests.map(({ status }) => status) }
  })

  it.effect("that may pass is retried, with the same POST", () =>
    Effect.gen(function*() {
      const { parent, result, statuses } = yield* failing({
        scenario: [
          { when: { request: 1 }, do: { fault: "rate_limit", retry_after: "seconds", seconds: 7 } },
          { when: { request: 2 }, do: { fault: "status", code: 50001 } },
          { when: { request: 3 }, do: { fault: "truncated", how: "length" } }
        ]
      })
      assert.isTrue(Result.isSuccess(result))
      assert.deepStrictEqual(statuses, [429, 500, 200, 200])
      assert.isTrue(
        parent.requests.every(({ headers, method }) => method === "POST" && headers["content-length"] === "2")
      )
      const [first, second] = parent.requests
      assert.isAtLeast((second?.at ?? 0) - (first?.at ?? 0), 7000)
    }))

  it.effect("that does not pass ends with its typed error", () =>
    Effect.gen(function*() {
      const { result } = yield* failing({ scenario: [{ do: { fault: "status", code: 50301 } }] })
      const error = Result.isFailure(result) ? result.failure : assert.fail()
      assert.deepInclude(error, { _tag: "DuoError", attempts: 6, path: "/accounts/v1/account/list" })
    }))

  it.effect("because of a wrong key says which settings to check", () =>
    Effect.gen(function*() {
      const { result, statuses } = yield* failing({}, { skey: "x".repeat(40) })
      const error = Result.isFailure(result) ? result.failure : assert.fail()
      assert.match(error.message, /^Duo refused the keys at \/accounts\/v1\/account\/list: 40103 .* Check DUO_SKEY/)
      assert.strictEqual(error[Runtime.errorExitCode], 77)
      // the second signature is tried, and then the clock
      assert.deepStrictEqual(statuses, [401, 401, 200])
    }))

  it.effect("because the keys are not of the Accounts API says so", () =>
    Effect.gen(function*() {
      const parent = yield* serveParent({ people: "hostile", children: 1 })
      const child = parent.children[0] ?? assert.fail()
      const error = yield* Effect.flip(list(child))
      assert.match(error.message, /open the application of DUO_IKEY \(it must be of the type Accounts API\); if it/)
      assert.strictEqual(error[Runtime.errorExitCode], 77)
    }))

  const unreadable: ReadonlyArray<readonly [what: string, listed: Schema.Json, where: string]> = [
    ["no list", { accounts: [] }, "response has the wrong type"],
    ["a list of texts", ["DA"], "response[0] has the wrong type"],
    ["an id that is an object", [{ account_id: {}, api_hostname: "" }], "response[0].account_id has the wrong type"]
  ]
  for (const [what, listed, where] of unreadable) {
    it.effect(`that is ${what} says where it cannot be read`, () =>
      Effect.gen(function*() {
        const { result, statuses } = yield* failing({ listed: () => listed })
        const error = Result.isFailure(result) ? result.failure : assert.fail()
        assert.include(error.message, `Duo's answer at /accounts/v1/account/list cannot be read: ${where}.`)
        assert.deepStrictEqual([error[Runtime.errorExitCode], statuses], [65, [200]])
      }))
  }
})

describe("A child", () => {
  it.effect("that refuses the keys is not explained with an Admin API application, which it does not need", () =>
    Effect.gen(function*() {
      const parent = yield* serveParent({ people: "hostile", children: 2 })
      const [first, second] = parent.children
      if (first === undefined || second === undefined) return assert.fail()
      const refused = (host: string, account_id: string, skey: string) =>
        Effect.map(
          Effect.flip(everything({ ...parent, skey }, { account_id, host: host as ChildAccount["host"] })),
          (error) => {
            assert.deepInclude(error, { _tag: "DuoError", ofChild: true })
            return error.message
          }
        )
      assert.match(
        yield* refused(first.host, second.account_id, parent.skey),
        /^Duo refused \/admin\/v2\/users: 40301 .* \(it must be of the type Accounts API\); if it limits networks/
      )
      assert.lengthOf(parent.misdirected(), 1)
      assert.include(yield* refused(first.host, first.account_id, "x".repeat(40)), "40103")
    }))

  it.effect("is asked on its own host with its own id in every request, even if the list is odd", () =>
    Effect.gen(function*() {
      const parent = yield* serveParent({
        children: 6,
        users: 20,
        child: (n) => ({ users: 20 + n }),
        // the second has no host, and the fourth has the host of the third
        listed: (accounts) =>
          accounts.map((account, n) =>
            n === 1
              ? { ...account, api_hostname: null }
              : n === 3
              ? { ...account, api_hostname: accounts[2]?.["api_hostname"] ?? null }
              : account
          )
      })
      const { children, leftOut } = yield* list(parent)
      assert.lengthOf(leftOut, 3)
      const totals = yield* Effect.forEach(children, (child) => everything(parent, child), { concurrency: 2 })
      assert.deepStrictEqual(totals, [21, 25, 26])
      assert.deepStrictEqual(parent.misdirected(), [])
      for (const [n, { account_id, requests }] of parent.children.entries()) {
        const signed = requests.filter(({ signatureDigits }) => signatureDigits !== null)
        assert.strictEqual(signed.length > 5, [0, 4, 5].includes(n), `child ${n + 1}`)
        for (const { params, status } of signed) {
          assert.deepStrictEqual(params.filter(([name]) => name === "account_id"), [["account_id", account_id]])
          assert.strictEqual(status, 200)
        }
      }
      assert.lengthOf(parent.requests, 1)
      assert.isTrue(children.every(({ account_id }) => isAccountId(account_id)))
    }))
})
