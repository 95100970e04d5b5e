/** How many rows may be gone from one run to the next: a percentage of the tenant, and always a few. */
import { assert, describe, it } from "@effect/vitest"
import { Schema } from "effect"
import { bypassCodes, mfaMethods, userGroups, users } from "../../pipelines/mfa/Tables.ts"
import { describe as told, type Loss, refusal } from "../../src/failure/Shrink.ts"
import type { Table } from "../../src/Table.ts"

const loss = (table: Table, before: number, gone: number): Loss => ({ table, before, gone, seen: before - gone })
const usual = { maxShrink: 10, allowEmpty: false }

const refused = (losses: ReadonlyArray<Loss>, agreed: Partial<typeof usual> = {}) =>
  refusal(losses, { ...usual, ...agreed })?.table

const between = (minimum: number, maximum: number) => Schema.Int.check(Schema.isBetween({ minimum, maximum }))
const rows = between(0, 3000)

/** A table that lost some of its rows. */
const lost = (table: Table, [gone, kept]: readonly [number, number]) => loss(table, gone + kept, gone)

describe("The shrink that is allowed", () => {
  it.prop("is a tenth of a large tenant, and three users of any", [rows, between(1, 3000)], (counts) => {
    const [gone, kept] = counts
    const isAllowed = gone <= 3 || gone * 10 <= gone + kept
    assert.strictEqual(refused([lost(users, counts)]) === undefined, isAllowed)
  }, { arbitrary: { runs: 1000 } })

  it("is one of eight", () => {
    assert.isUndefined(refused([loss(users, 8, 1), loss(mfaMethods, 10, 4), loss(userGroups, 24, 9)]))
    assert.isUndefined(refused([loss(users, 8, 3)]))
    assert.strictEqual(refused([loss(users, 8, 4)]), "users")
  })

  it.prop(
    "is never the whole tenant, even a small one, unless a person allows it",
    [between(1, 300)],
    ([before]) => {
      const all = [loss(users, before, before)]
      assert.strictEqual(refused(all), "users")
      assert.isUndefined(refused(all, { allowEmpty: true }))
      assert.isUndefined(refused(all, { maxShrink: 100 }))
    }
  )

  it("is checked for every table, with the table's own limit", () => {
    const kept = loss(users, 300, 0)
    assert.strictEqual(refused([kept, loss(mfaMethods, 400, 400)]), "mfa_methods")
    assert.strictEqual(refused([kept, loss(mfaMethods, 400, 41)]), "mfa_methods")
    assert.isUndefined(refused([kept, loss(mfaMethods, 400, 40)]))
    assert.strictEqual(refused([kept, loss(userGroups, 400, 201)]), "user_groups")
    assert.isUndefined(refused([kept, loss(userGroups, 400, 200)]))
    assert.isUndefined(refused([kept, loss(bypassCodes, 400, 400)]))
  })

  it("does not count the rows of users who left", () => {
    assert.isUndefined(refused([loss(users, 1000, 100), loss(mfaMethods, 2000, 400)]))
    assert.strictEqual(refused([loss(users, 1000, 100), loss(mfaMethods, 2000, 401)]), "mfa_methods")
  })

  it.prop(
    "is raised by the option that the refusal names",
    [rows, rows, rows, rows, rows, rows, between(0, 100)],
    ([a, b, c, d, e, f, maxShrink]) => {
      const all = [lost(users, [a, b]), lost(mfaMethods, [c, d]), lost(userGroups, [e, f])]
      const refusedSo = refusal(all, { ...usual, maxShrink })
      if (refusedSo === undefined) return
      const agreed = Number(/--max-shrink (\d+)/.exec(told(refusedSo))?.[1])
      assert.isAbove(agreed, maxShrink)
      assert.isUndefined(refused(all, { maxShrink: agreed }))
    },
    { arbitrary: { runs: 1000 } }
  )
})
