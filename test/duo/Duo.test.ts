/** The source with real sockets and the emulator, which checks every signature. The torture matrix has the failures. */
import * as NodeFileSystem from "@effect/platform-node/NodeFileSystem"
import { assert, describe, it } from "@effect/vitest"
import { ConfigProvider, Effect, Layer, Schema, Stream } from "effect"
import { users as check } from "../../src/duo/Check.ts"
import { Client } from "../../src/duo/http/Client.ts"
import { Credentials } from "../../src/duo/http/Credentials.ts"
import { BypassCodes } from "../../src/duo/list/BypassCodes.ts"
import type { PageOptions } from "../../src/duo/list/Pages.ts"
import { Users } from "../../src/duo/list/Users.ts"
import type { Fault } from "../../src/emulator/faults/Scenario.ts"
import { type Emulator, type Options, serve } from "../../src/emulator/server/Emulator.ts"
import { objectsOf } from "../support/objects-of.ts"
import { withoutMuchWaiting } from "../support/servers/duo-fake.ts"

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
    return pages.flatMap((page) => objectsOf(page).slice(page.overlaps === true ? 1 : 0))
  })

/** Everybody in a tenant whose second page fails once in this way. */
const under = (fault: Fault) =>
  Effect.gen(function*() {
    const emulator = yield* serve({
      people: "hostile",
      users: 25,
      scenario: [{ when: { offset: 9, times: 1 }, do: fault }]
    })
    const result = yield* withoutMuchWaiting(Effect.result(everyone({ pageSize: 10 }))).pipe(
      Effect.provide(source(emulator, { DUO_API: "v1" }))
    )
    assert.isAtLeast(emulator.reached[fault.fault] ?? 0, 1, "the fault was never reached")
    return { result, emulator }
  })

describe("A tenant", () => {
  it.effect("is read completely, signed with v5-sha512, on one connection, without a trace header", () =>
    Effect.gen(function*() {
      const emulator = yield* serve({ people: "hostile", users: 1234 })
      const users = yield* everyone().pipe(Effect.withSpan("a run"), Effect.provide(source(emulator)))
      assert.strictEqual(new Set(users.map(({ user_id }) => user_id)).size, 1234)
      assert.deepStrictEqual(emulator.requests.map(({ status }) => status), [200, 200, 200])
      assert.deepStrictEqual(emulator.requests.map(({ signatureDigits }) => signatureDigits), [128, 128, 128])
      assert.deepStrictEqual(emulator.requests.flatMap(({ trace }) => trace), [])
      assert.strictEqual(new Set(emulator.requests.map(({ connection }) => connection)).size, 1)
      assert.match(emulator.requests[0]?.headers["accept-encoding"] ?? "", /gzip/)
    }))

  it.effect.prop(
    "is read in the same way with several pages in flight",
    [Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 150 })), Schema.Literals([2, 5])],
    ([users, concurrency]) =>
      Effect.gen(function*() {
        const emulator = yield* serve({ people: "hostile", users, seed: users })
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
    it.effect(`that accepts only ${signature} is read with that signature`, () =>
      Effect.gen(function*() {
        const emulator = yield* serve({ users: 3, signatures: [signature] })
        assert.lengthOf(yield* everyone().pipe(Effect.provide(source(emulator, { DUO_SIGNATURE: signature }))), 3)
      }))
  }

  it.effect("that has only the oldest signature and the oldest API is read with them", () =>
    Effect.gen(function*() {
      const emulator = yield* serve({ users: 3, signatures: ["v2-sha1"], apis: ["v1"] })
      assert.lengthOf(yield* everyone().pipe(Effect.provide(source(emulator))), 3)
      assert.deepStrictEqual(emulator.requests.map(({ path, status }) => [path, status]), [
        ["/admin/v2/users", 401],
        ["/admin/v2/users", 404],
        ["/admin/v1/users", 200]
      ])
    }))

  it.effect("whose bypass codes the keys may not read has its users read, and the run says so", () =>
    Effect.gen(function*() {
      const emulator = yield* serve({ users: 3, permissions: ["users"] })
      const error = yield* BypassCodes.use(({ pages }) => Effect.flip(Stream.runDrain(pages()))).pipe(
        Effect.provide(source(emulator))
      )
      assert.strictEqual(error._tag, "NotCollected")
    }))
})

describe("On the wire", () => {
  it.effect("a page is not requested again while its first request is still open", () =>
    Effect.gen(function*() {
      const { emulator } = yield* under({ fault: "silence" })
      assert.deepStrictEqual(emulator.requests.map(({ params }) => params.find(([name]) => name === "offset")?.[1]), [
        "0",
        "9",
        "9",
        "18"
      ])
    }))

  it.effect("no proxy is used for this machine", () =>
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

  it.effect("reports the clock, the signature, the users and the bypass codes", () =>
    Effect.map(findings({ users: 42, signatures: ["v2-sha1"], apis: ["v1"], clockSkew: 90 }), (found) => {
      assert.strictEqual(found["clock"], "90 s behind Duo's: set it (NTP).")
      assert.strictEqual(found["signature"], "v2-sha1 is accepted.")
      assert.strictEqual(found["users"], "may be read (v1); there are 42.")
      assert.strictEqual(found["bypass codes"], "may be read.")
    }))

  it.effect("says which table will not be collected", () =>
    Effect.map(
      findings({ users: 42, permissions: ["users"] }),
      (found) =>
        assert.match(found["bypass codes"] ?? "", /^Bypass codes are not collected\. Duo refused .*Grant read resource/)
    ))
})
