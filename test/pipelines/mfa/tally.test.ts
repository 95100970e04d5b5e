/** The counts of a run beside its rows: users with MFA, lists that are not whole, and values that are not known. */
import { assert, describe, it } from "@effect/vitest"
import { unknownValues } from "../../oracle/Known.ts"
import * as Tally from "../../oracle/Tally.ts"
import { decode, one, stamp } from "./users.ts"

describe("a tally", () => {
  const page = <A>(values: ReadonlyArray<A>) => ({ values, unknownFields: [] })
  const read = { doubt: null, total: 3, pages: 2, sweeps: 2, duplicates: 0, changed: 0 }
  const counts = { requests: 0, retries: 0, answeredAt: null, users: read, bypassCodes: read }
  const [a, b, c] = [one({ user_id: "A" }), one({ user_id: "B" }), one({ user_id: "C" })]

  it("counts the users with MFA", () => {
    const tally = Tally.make(stamp, { hasAllCodes: true })
    tally.users(page([a, one({ user_id: "B", phones: [{ phone_id: "DP1" }] })]))
    tally.users(page([c]))
    const facts = tally.facts(counts)
    assert.isTrue(facts.complete)
    assert.deepStrictEqual(facts.counts, [{ name: "mfa_enabled", words: "with MFA", count: 1 }])
  })

  it("is not complete if one of the lists is not", () => {
    const doubtful = { ...read, doubt: "the list kept changing" }
    for (const facts of [{ ...counts, users: doubtful }, { ...counts, bypassCodes: doubtful }]) {
      const { complete, incomplete_reason } = Tally.make(stamp, { hasAllCodes: true }).facts(facts)
      assert.deepStrictEqual([complete, incomplete_reason], [false, doubtful.doubt])
    }
  })

  it("a code that works is a reason for its user's bypass, and an expired code is not", () => {
    const tally = Tally.make(stamp, { hasAllCodes: true })
    const code = { admin_email: null, created: null, reuse_count: null }
    const now = Number(stamp.observed_at / 1_000_000n)
    tally.bypassCodes(page([
      { ...code, bypass_code_id: "DB1", expiration: null, user: { user_id: "A", username: null } },
      { ...code, bypass_code_id: "DB2", expiration: now, user: { user_id: "B", username: null } },
      { ...code, bypass_code_id: "DB3", expiration: now + 1, user: { user_id: "C", username: null } }
    ]))
    const { users } = tally.users(page([a, b, c]))
    assert.deepStrictEqual(users?.map(({ bypass_reason }) => bypass_reason), ["code", null, "code"])
  })

  it("a user without a code has certainly none only if all codes were read", () => {
    const code = { admin_email: null, created: null, expiration: null, reuse_count: null, bypass_code_id: "DB1" }
    const bypasses = (hasAllCodes: boolean) => {
      const tally = Tally.make(stamp, { hasAllCodes })
      tally.bypassCodes(page([{ ...code, user: { user_id: "A", username: null } }]))
      return tally.users(page([a, b]))["users"]?.map(({ is_bypass }) => is_bypass)
    }
    assert.deepStrictEqual([bypasses(true), bypasses(false)], [[true, false], [true, null]])
  })

  it("a code without a user has no row and does not stop the run", () => {
    const tally = Tally.make(stamp, { hasAllCodes: true })
    const code = { admin_email: null, created: null, expiration: null, reuse_count: null, user: null }
    assert.deepStrictEqual(tally.bypassCodes(page([{ ...code, bypass_code_id: "DB1" }])), { bypass_codes: [] })
    assert.deepInclude(tally.facts(counts), { unknown_values: 1, warnings: ["bypass code without an owner, left out"] })
  })

  it("bypass codes that the key may not read are not collected, and the users are complete all the same", () => {
    const tally = Tally.make(stamp, { hasAllCodes: true })
    tally.users(page([a]))
    const facts = tally.facts({ ...counts, bypassCodes: { refused: "no permission" } })
    assert.notInclude(facts.tables_collected, "bypass_codes")
    assert.isTrue(facts.complete)
    assert.include(facts.warnings, "no permission")
  })

  it("an unknown value is kept, counted and reported once", () => {
    const odd = decode(
      { user_id: "A", status: "hibernating" },
      { user_id: "B", status: "hibernating", phones: [{ phone_id: "DP1", capabilities: ["telepathy"] }] }
    )
    const tally = Tally.make(stamp, { hasAllCodes: true })
    const { mfa_methods, users } = tally.users({ values: odd, unknownFields: ["shoe_size"] })
    assert.deepStrictEqual(users?.map(({ status }) => status), ["hibernating", "hibernating"])
    assert.strictEqual(mfa_methods?.[0]?.capabilities, "telepathy")
    const facts = tally.facts(counts)
    assert.strictEqual(facts.unknown_values, 4)
    assert.strictEqual(facts.warnings.filter((warning) => warning.includes("hibernating")).length, 1)
    assert.strictEqual(facts.warnings.filter((warning) => warning.includes("shoe_size")).length, 1)
  })

  it("many unknown values are all counted, but few are kept in memory, and the most frequent are reported in a few lines", () => {
    const people = Array.from({ length: 5000 }, (_, n) => ({ user_id: `DU${n}`, status: `invented ${n}` }))
    const tally = Tally.make(stamp, { hasAllCodes: true })
    tally.users(page(decode(...people)))
    const { unknown_values, warnings } = tally.facts(counts)
    assert.strictEqual(unknown_values, 5000)
    assert.lengthOf(warnings, 21)
    assert.strictEqual(warnings.at(-1), "4980 more that this version does not know")
  })

  it("every value in Duo's reference is known, in both spellings", () => {
    const user = one({
      user_id: "A",
      status: "locked out",
      groups: [{ group_id: "DG1", status: "Bypass" }, { group_id: "DG2", status: "Disabled" }],
      tokens: ["h6", "h8", "t6", "t8", "yk", "d1"].map((type) => ({ token_id: type, type })),
      phones: ["Mobile", "landline", "Unknown", ""].map((type) => ({ phone_id: `DP${type}`, type }))
    })
    assert.deepStrictEqual(unknownValues(user), [])
  })

  it("the report of an unknown value says how it was treated", () => {
    const last_seen = ["2022-12-16T07:39:49", "", null, "2022-02-30T00:00:00"]
    const user = one({
      user_id: "A",
      status: "hibernating",
      groups: [{ group_id: "DG1", status: "Asleep\u001b" }],
      tokens: [{ token_id: "DH1", type: "z9" }],
      phones: [
        ...last_seen.map((last_seen, n) => ({ phone_id: `DP${n}`, last_seen })),
        { phone_id: "DP9", type: "Pager", capabilities: ["telepathy"] }
      ]
    })
    assert.sameMembers([...unknownValues(user)], [
      "unknown user status: hibernating, kept as it is",
      "unknown group status: Asleep?, kept as it is",
      "unknown token type: z9, kept as it is",
      "phone last_seen is not a time, left NULL",
      "unknown phone type: Pager, kept as it is",
      "unknown phone capability: telepathy, kept as it is"
    ])
  })
})
