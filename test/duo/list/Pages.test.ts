/** Paging: which metadata is refused, which page comes next, and that pages in flight change nothing in the list. */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer, Result, Runtime, Schema, Stream } from "effect"
import { BypassCodes } from "../../../src/duo/list/BypassCodes.ts"
import { type Asked, readMetadata } from "../../../src/duo/list/Metadata.ts"
import type { Page, PageOptions } from "../../../src/duo/list/Pages.ts"
import { Users } from "../../../src/duo/list/Users.ts"
import { fail, fake, ok, type Sent, turn } from "../../support/duo-fake.ts"

const full: Asked = { limit: 300, offset: 300, length: 300 }
const first: Asked = { limit: 300, offset: 0, length: 300 }

describe("Metadata", () => {
  const read: ReadonlyArray<
    readonly [what: string, metadata: unknown, asked: Asked, next: number | undefined, total: number | null]
  > = [
    ["a page in the middle", { next_offset: 600, prev_offset: 0, total_objects: 951 }, full, 600, 951],
    ["the last page", { prev_offset: 0, total_objects: 500 }, { ...full, length: 200 }, undefined, 500],
    ["the last page, with null", { next_offset: null, total_objects: 500 }, full, undefined, 500],
    ["the last page, with an empty text", { next_offset: "", total_objects: 500 }, full, undefined, 500],
    ["numbers as text", { next_offset: "600", total_objects: "951" }, full, 600, 951],
    ["a limit that was clamped", { next_offset: 400, total_objects: 951 }, { ...full, length: 100 }, 400, 951],
    [
      "a page that lost a user on the way",
      { next_offset: 600, total_objects: 951 },
      { ...full, length: 299 },
      600,
      951
    ],
    ["no total", { next_offset: 600 }, full, 600, null],
    ["a total that is not a count", { next_offset: 600, total_objects: { value: 1 } }, full, 600, null],
    ["a total below zero", { next_offset: 600, total_objects: -1 }, full, 600, null],
    ["a total that is wrong", { next_offset: 600, total_objects: 0 }, full, 600, 0],
    ["a first page where everything fits", undefined, { ...first, length: 299 }, undefined, 299],
    ["an empty tenant", null, { ...first, length: 0 }, undefined, 0]
  ]
  for (const [what, metadata, asked, next, total] of read) {
    it(`reads ${what}`, () => assert.deepStrictEqual(Result.getOrThrow(readMetadata(metadata, asked)), { next, total }))
  }

  const refused: ReadonlyArray<readonly [what: string, metadata: unknown, asked: Asked, why: string]> = [
    ["a full first page without metadata", undefined, first, "the first page is full and has no metadata"],
    ["a first page of 100, which may be a clamp", undefined, { ...first, length: 100 }, "is full and has no metadata"],
    ["a first page of 300, asked for 500", undefined, { limit: 500, offset: 0, length: 300 }, "has no metadata"],
    ["a first page as full as was asked for", undefined, { limit: 7, offset: 0, length: 7 }, "has no metadata"],
    ["a later page without metadata", undefined, { ...full, length: 3 }, "a later page has no metadata"],
    ["an empty later page without metadata", undefined, { ...full, length: 0 }, "a later page has no metadata"],
    ["metadata that is text", "next", full, "metadata is not an object"],
    ["the same offset", { next_offset: 300 }, full, "does not go forward"],
    ["a smaller offset", { next_offset: 0 }, full, "does not go forward"],
    ["a negative offset", { next_offset: -100 }, full, "is not a count"],
    ["an offset inside the page", { next_offset: 301 }, full, "goes back into the page"],
    ["a fraction", { next_offset: 600.5 }, full, "is not a count"],
    ["2^31", { next_offset: 2 ** 31 }, full, "skips more than a page"],
    ["2^53 + 1", { next_offset: 2 ** 53 + 1 }, full, "is not a count"],
    ["words", { next_offset: "next" }, full, "is not a count"],
    ["a log's list", { next_offset: ["1532951895000", "af0ba235"] }, full, "is not a count"],
    ["an empty page with a next one", { next_offset: 600 }, { ...full, length: 0 }, "an empty page has a next page"]
  ]
  for (const [what, metadata, asked, why] of refused) {
    it(`refuses ${what}`, () => {
      const result = readMetadata(metadata, asked)
      assert.include(Result.isFailure(result) ? result.failure : "accepted", why)
    })
  }
})

const query = ({ url }: Sent) => {
  const params = new URL(url).searchParams
  return { path: new URL(url).pathname, offset: Number(params.get("offset")), limit: Number(params.get("limit")) }
}

const numbers = (count: number) => Array.from({ length: count }, (_, n) => `DU${n}`)

/** A tenant of `size` users, in pages of at most `clamp`. */
const tenant = (size: number, clamp: number) => (sent: Sent) => {
  const { limit, offset } = query(sent)
  const end = Math.min(offset + Math.min(limit, clamp), size)
  const users = Array.from({ length: Math.max(0, end - offset) }, (_, n) => ({ user_id: `DU${offset + n}` }))
  return ok(users, { total_objects: size, ...end < size ? { next_offset: end } : {} })
}

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

const idsOf = ({ objects = [] }: Page): ReadonlyArray<string> =>
  objects.flatMap((list): ReadonlyArray<{ readonly user_id: string }> => JSON.parse(list)).map(({ user_id }) => user_id)

/** All users, without those whom a page repeats from the page before it. */
const everyone = (options?: PageOptions) =>
  Effect.gen(function*() {
    const pages = yield* Users.use(({ pages }) => Stream.runCollect(pages(options)))
    return pages.flatMap((page) => idsOf(page).slice(page.overlaps === true ? 1 : 0))
  })

const provide = <A, E>(effect: Effect.Effect<A, E, Users | BypassCodes>, duo: ReturnType<typeof fake>) =>
  effect.pipe(Effect.provide(Layer.mergeAll(Users.layer, BypassCodes.layer).pipe(Layer.provideMerge(duo.layer))))

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
