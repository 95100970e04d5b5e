/** Which of Duo's two lists of users is read, and in pages of which size. */
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { fail, fake, type Sent } from "../../support/servers/duo-fake.ts"
import { everyone, numbers, provide, query, tenant } from "./tenant.ts"

describe("DUO_API", () => {
  const onlyV1 = (code: number) => (sent: Sent) =>
    query(sent).path === "/admin/v1/users" ? tenant(400, 1000)(sent) : fail(code)
  const asked = (duo: ReturnType<typeof fake>) =>
    duo.sent.map((sent) => `${query(sent).path.slice(7, 9)} ${query(sent).offset} ${query(sent).limit}`)
  const twice = Effect.all([everyone(), everyone()])

  it.effect("auto asks v2 in pages of 500", () =>
    Effect.gen(function*() {
      const duo = fake(tenant(600, 1000), { DUO_API: "auto" })
      yield* provide(twice, duo)
      assert.deepStrictEqual(asked(duo), ["v2 0 500", "v2 499 500", "v2 0 500", "v2 499 500"])
    }))

  for (const code of [40401, 40501]) {
    it.effect(`auto goes on with v1, in pages of 300 and for the rest of the run, after a ${code}`, () =>
      Effect.gen(function*() {
        const duo = fake(onlyV1(code), { DUO_API: "auto" })
        const [users] = yield* provide(twice, duo)
        assert.deepStrictEqual(users, numbers(400))
        assert.deepStrictEqual(asked(duo), ["v2 0 500", "v1 0 300", "v1 299 300", "v1 0 300", "v1 299 300"])
      }))
  }

  it.effect("auto does not change the version after the first page", () =>
    Effect.gen(function*() {
      const duo = fake((sent) => query(sent).offset === 0 ? tenant(600, 300)(sent) : fail(40401), { DUO_API: "auto" })
      const error = yield* provide(Effect.flip(everyone()), duo)
      assert.strictEqual(error.reason._tag, "NotFound")
      assert.deepStrictEqual(asked(duo), ["v2 0 500", "v2 299 500"])
    }))

  it.effect("auto does not try v1 after a 403, and the error names the other path", () =>
    Effect.gen(function*() {
      const duo = fake(onlyV1(40301), { DUO_API: "auto" })
      const error = yield* provide(Effect.flip(everyone()), duo)
      assert.include(error.message, "\nDUO_API=v1 asks /admin/v1/users instead.")
      assert.lengthOf(duo.sent, 1)
    }))

  it.effect("with one version asks no other, and the error names the other version", () =>
    Effect.gen(function*() {
      const duo = fake(onlyV1(40401), { DUO_API: "v2" })
      const error = yield* provide(Effect.flip(everyone()), duo)
      assert.include(error.message, "\nDUO_API=v2 allows no other path; DUO_API=v1 asks /admin/v1/users")
      assert.deepStrictEqual(asked(duo), ["v2 0 500"])
    }))

  it.effect("does not change a smaller page size", () =>
    Effect.gen(function*() {
      const duo = fake(tenant(3, 1000))
      yield* provide(everyone({ pageSize: 2 }), duo)
      assert.deepStrictEqual(asked(duo), ["v1 0 2", "v1 1 2"])
    }))
})
