/** The pages of bypass codes, which the keys may not be allowed to read. */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Stream } from "effect"
import { BypassCodes } from "../../../src/duo/list/BypassCodes.ts"
import { fail, fake, ok } from "../../support/servers/duo-fake.ts"
import { provide, query } from "./tenant.ts"

describe("Bypass codes", () => {
  const all = BypassCodes.use(({ pages }) => Stream.runCollect(pages()))
  const codes = (from: number, count: number) =>
    Array.from({ length: count }, (_, n) => ({ bypass_code_id: `DB${from + n}`, user: { user_id: "DU", x: 1 }, y: 2 }))

  it.effect("are paged like users, 500 at a time", () =>
    Effect.gen(function*() {
      const duo = fake((sent) =>
        query(sent).offset === 0
          ? ok(codes(0, 500), { next_offset: 500, total_objects: 501 })
          : ok(codes(499, 2), { total_objects: 501 })
      )
      const pages = yield* provide(all, duo)
      assert.deepStrictEqual(pages.map(({ content: { count } }) => count), [500, 2])
      assert.deepStrictEqual(duo.sent.map(query), [
        { path: "/admin/v1/bypass_codes", offset: 0, limit: 500 },
        { path: "/admin/v1/bypass_codes", offset: 499, limit: 500 }
      ])
    }))

  it.effect("that the keys may not read are not collected, and the run does not fail", () =>
    Effect.gen(function*() {
      const duo = fake(() => fail(40301))
      const error = yield* provide(Effect.flip(all), duo)
      assert.strictEqual(error._tag, "NotCollected")
      assert.include(error.message, "Grant read resource")
    }))

  it.effect("that Duo forbids after the first page are a failure", () =>
    Effect.gen(function*() {
      const duo = fake((sent) =>
        query(sent).offset === 0 ? ok(codes(0, 500), { next_offset: 500, total_objects: 501 }) : fail(40301)
      )
      assert.strictEqual((yield* provide(Effect.flip(all), duo))._tag, "DuoError")
    }))
})
