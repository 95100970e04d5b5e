/** Paging: pages in flight change nothing in the list. */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Runtime, Schema, Stream } from "effect"
import { Users } from "../../../src/duo/list/Users.ts"
import { fail, fake, ok, type Sent, turn } from "../../support/servers/duo-fake.ts"
import { everyone, idsOf, numbers, provide, query, tenant } from "./tenant.ts"

/** Thirteen users without the first `taken` ones. */
const tenantWithout = (taken: number) => (sent: Sent) => {
  const { limit, offset } = query(sent)
  const users = numbers(13).slice(taken)
  const end = offset + limit
  return ok(
    users.slice(offset, end).map((user_id) => ({ user_id })),
    { total_objects: users.length, ...end < users.length ? { next_offset: end } : {} }
  )
}

const Small = Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 20 }))
const Size = Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 60 }))

describe("Users", () => {
  it.effect.prop(
    "are all there, once and in order, for any size, clamp and concurrency",
    [Size, Small, Small, Schema.Literals([1, 2, 3, 8])],
    ([size, clamp, pageSize, concurrency]) =>
      Effect.gen(function*() {
        const duo = fake(tenant(size, clamp))
        assert.deepStrictEqual(yield* provide(everyone({ pageSize, concurrency }), duo), numbers(size))
        const length = Math.min(clamp, pageSize)
        const pages = 1 + Math.ceil(Math.max(0, size - length) / Math.max(1, length - 1))
        assert.isAtMost(duo.sent.length, concurrency === 1 ? pages : pages + concurrency)
      })
  )

  it.effect.prop(
    "are the same whatever the server's page sizes, which may change from page to page",
    [Schema.NonEmptyArray(Small), Schema.Literals([1, 4])],
    ([steps, concurrency]) =>
      Effect.gen(function*() {
        const size = 60
        const duo = fake((sent) => tenant(size, steps[query(sent).offset % steps.length] ?? 1)(sent))
        assert.deepStrictEqual(yield* provide(everyone({ pageSize: 20, concurrency }), duo), numbers(size))
      })
  )

  it.effect("come a page at a time: no page is requested before somebody needs it", () =>
    Effect.gen(function*() {
      const duo = fake(tenant(10, 3))
      const users = Users.use(({ pages }) => pages().pipe(Stream.tap(() => turn), Stream.take(2), Stream.runCollect))
      const pages = yield* provide(users, duo)
      assert.deepStrictEqual(pages.map(({ content: { total }, offset, overlaps }) => [offset, total, overlaps]), [
        [0, 10, null],
        [2, 10, true]
      ])
      assert.lengthOf(duo.sent, 2)
    }))

  it.effect("are prefetched with at most the concurrency that was asked for, and never beyond the total", () =>
    Effect.gen(function*() {
      let inFlight = 0
      let most = 0
      const duo = fake((sent) =>
        Effect.gen(function*() {
          most = Math.max(most, ++inFlight)
          yield* Effect.promise(() => new Promise((resolve) => setImmediate(resolve)))
          inFlight--
          return tenant(101, 6)(sent)
        })
      )
      yield* provide(everyone({ concurrency: 4 }), duo)
      assert.strictEqual(most, 4)
      assert.lengthOf(duo.sent, 20)
    }))

  it.effect("begin alone: while the first page of a reading is requested, no other request is in flight", () =>
    Effect.gen(function*() {
      let inFlight = 0
      const others: Array<number> = []
      const duo = fake((sent) =>
        Effect.gen(function*() {
          inFlight++
          const { offset } = query(sent)
          if (offset === 0) others.push(inFlight - 1)
          // pages beyond the end are slow
          for (let n = 0; n < (offset > 10 ? 20 : 1); n++) yield* turn
          if (offset === 0) others.push(inFlight - 1)
          const users = numbers(10).slice(offset, offset + 5).map((user_id) => ({ user_id }))
          return ok(users, { total_objects: 40, ...offset < 5 ? { next_offset: offset + 5 } : {} })
        }).pipe(Effect.ensuring(Effect.sync(() => inFlight--)))
      )
      const reading = everyone({ pageSize: 5, concurrency: 4 })
      yield* provide(Effect.all([reading, reading, reading]), duo)
      assert.deepStrictEqual(others, [0, 0, 0, 0, 0, 0])
      assert.isTrue(duo.sent.some((sent) => query(sent).offset > 10))
    }))

  it.effect("at offsets that were guessed wrong are dropped, and so are their failures", () =>
    Effect.gen(function*() {
      const duo = fake((sent) => {
        const { offset } = query(sent)
        if (offset === 18) return fail(40002)
        if (offset === 9) return ok(numbers(5).map((user_id) => ({ user_id })), { next_offset: 14, total_objects: 40 })
        if (offset === 13) return ok([{ user_id: "last" }], { total_objects: 14 })
        return ok(numbers(10).map((user_id) => ({ user_id })), { next_offset: 10, total_objects: 40 })
      })
      assert.deepStrictEqual(
        yield* provide(everyone({ concurrency: 3 }), duo),
        [...numbers(10), ...numbers(5), "last"]
      )
      assert.isTrue(duo.sent.some((sent) => query(sent).offset === 18))
    }))

  it.effect("overlap with the page before by one user, and a page says if it does not", () =>
    Effect.gen(function*() {
      const taken = [0, 0, 1, 2]
      const duo = fake((sent, count) => tenantWithout(taken[count - 1] ?? 2)(sent))
      const pages = yield* provide(Users.use(({ pages }) => Stream.runCollect(pages({ pageSize: 4 }))), duo)
      assert.deepStrictEqual(pages.map(({ overlaps }) => overlaps), [null, true, false, false])
      const seen = new Set(pages.flatMap(idsOf))
      assert.sameMembers([...seen], numbers(13), "a deletion between two pages hides nobody")
    }))

  it.effect("end in an error that has the offset if the next offset is wrong", () =>
    Effect.gen(function*() {
      const duo = fake((sent) =>
        query(sent).offset === 0 ? tenant(600, 300)(sent) : ok([{ user_id: "DU" }], { next_offset: 0 })
      )
      const error = yield* provide(Effect.flip(everyone()), duo)
      assert.strictEqual(error[Runtime.errorExitCode], 65)
      assert.strictEqual(
        error.message,
        "The pages of /admin/v1/users cannot be followed to their end: next_offset does not go forward (offset 299). Nothing was published; run again."
      )
    }))

  it.effect("that the schema refuses fail with the path of the value and never show the value", () =>
    Effect.gen(function*() {
      const duo = fake(() =>
        ok([{ user_id: "DU1" }, { user_id: "DU2", phones: [{ phone_id: ["canary@example.com"] }] }])
      )
      const error = yield* provide(Effect.flip(everyone()), duo)
      assert.strictEqual(error[Runtime.errorExitCode], 65)
      assert.include(error.message, "response[1].phones[0].phone_id at offset 0 has the wrong type")
      assert.notInclude(JSON.stringify(error) + error.message, "canary")
    }))
})
