/** The spellings of a value that are read as the same value: Duo's harmless differences. */
import { assert, describe, it } from "@effect/vitest"
import { Schema } from "effect"
import { decoded, documented, lists, refused } from "./documented-user.ts"

describe("A user", () => {
  const same: ReadonlyArray<readonly [what: string, field: string, sent: unknown, read: unknown]> = [
    ["a number where text is documented", "username", 42, "42"],
    ["a fraction where text is documented", "username", 1.5, "1.5"],
    ["a boolean where text is documented", "notes", true, "true"],
    ["digits where a time is documented", "created", "1489612729", 1489612729],
    ["a time before 1970 with a fraction of zeros", "created", "-5.0", -5],
    ["a time by every digit of its text", "created", "1700000000.99999999999", 1_700_000_000],
    ["an empty text where a time is documented", "last_login", "", null],
    ["text where a boolean is documented", "is_enrolled", "true", true],
    ["\"false\" where a boolean is documented", "is_enrolled", "false", false],
    ["an empty text, which stays one", "email", "", ""],
    ["a status of the future", "status", "on vacation", "on vacation"],
    ["the first second of the year 1", "created", -62_135_596_800, -62_135_596_800],
    ["the last of the year 9999", "created", 253_402_300_799, 253_402_300_799]
  ]
  for (const [what, field, sent, read] of same) {
    it(`may have ${what}`, () =>
      assert.deepStrictEqual(
        Object.entries(decoded({ ...documented, [field]: sent })).find(([name]) => name === field),
        [
          field,
          read
        ]
      ))
  }

  const seconds = Schema.Int.check(Schema.isBetween({ minimum: -62_135_596_800, maximum: 253_402_300_799 }))
  const zeros = Schema.Literals(["", ".0", ".00", ".000000000000"])
  const created = (sent: unknown) => decoded({ user_id: "DU1", created: sent }).created
  const totpStep = (sent: unknown) =>
    decoded({ user_id: "DU1", tokens: [{ token_id: "DH", totp_step: sent }] }).tokens[0]?.totp_step

  it.prop(
    "may have an integer as a number or text, with or without a fraction of zeros",
    [Schema.Int, zeros],
    ([n, zeros]) => {
      assert.strictEqual(totpStep(n), n)
      assert.strictEqual(totpStep(`${n}${zeros}`), n)
    }
  )

  it.prop("has times rounded down to a second, before and after 1970, by every digit of the text", [
    seconds,
    Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 999 })),
    Schema.Boolean
  ], ([second, millis, nines]) => {
    const fraction = `${String(millis).padStart(3, "0")}${nines ? "9".repeat(20) : ""}`
    const none = millis === 0 && !nines
    const floored = second < 0 && !none ? second - 1 : second
    if (floored < -62_135_596_800) {
      assert.include(refused({ user_id: "DU1", created: `${second}.${fraction}` }), "created")
    } else assert.strictEqual(created(`${second}.${fraction}`), floored)
    assert.strictEqual(created(second + 0.5), second)
  })

  it.prop("may have true and false in upper or lower case, as 1 and 0, and as text", [
    Schema.Boolean,
    Schema.Array(Schema.Boolean)
  ], ([flag, cases]) => {
    const text = [...String(flag)].map((letter, at) => cases[at] === true ? letter.toUpperCase() : letter).join("")
    for (const sent of [flag, text, Number(flag), String(Number(flag))]) {
      assert.strictEqual(decoded({ user_id: "DU1", is_enrolled: sent }).is_enrolled, flag)
    }
  })

  const empties = ["", {}, [], null, [null, null]]

  it.prop("has the same lists if empty ones are written in other ways, or if there are nulls among the items", [
    Schema.Record(Schema.Literals(lists), Schema.Literals([0, 1, 2, 3, 4, 5]))
  ], ([chosen]) => {
    const sent = Object.fromEntries(lists.map((list) => {
      const [item] = documented[list]
      return [list, chosen[list] === 5 ? [null, item, null] : empties[chosen[list]]]
    }))
    const read = decoded({ ...documented, ...sent })
    for (const list of lists) {
      assert.deepStrictEqual(read[list], chosen[list] === 5 ? decoded(documented)[list] : [], list)
    }
  })

  it.prop(
    "has a list of words from a list, from one text, or from nothing",
    [Schema.Array(Schema.String)],
    ([words]) => {
      const capabilities = (sent: unknown) =>
        decoded({ user_id: "DU1", phones: [{ phone_id: "DP", capabilities: sent }] }).phones[0]?.capabilities
      assert.deepStrictEqual(capabilities(words.flatMap((word) => [null, word])), words)
      for (const word of words) assert.deepStrictEqual(capabilities(word), word === "" ? [] : [word])
      for (const empty of empties) assert.deepStrictEqual(capabilities(empty), [])
    }
  )

  it.prop("has aliases as text if they are numbers or booleans, and no aliases from nothing", [
    Schema.Record(Schema.Literals(["alias1", "alias5"]), Schema.Union([Schema.Int, Schema.Boolean]))
  ], ([aliases]) => {
    assert.deepStrictEqual(
      Object.entries(decoded({ user_id: "DU1", aliases }).aliases).toSorted(),
      Object.entries(aliases).map(([name, alias]) => [name, String(alias)]).toSorted()
    )
    for (const empty of ["", {}, [], null]) {
      assert.deepStrictEqual(decoded({ user_id: "DU1", aliases: empty }).aliases, {})
    }
  })

  it.prop("has a desktop with its key as its id, or else with Duo's number for it", [
    Schema.Union([Schema.Literals(["DD1", ""]), Schema.Null, Schema.Undefined]),
    Schema.Union([Schema.Int, Schema.NonEmptyString])
  ], ([dakey, daid]) => {
    const [desktop] = decoded({ user_id: "DU1", desktop_authenticators: [{ dakey, daid }] }).desktop_authenticators
    assert.strictEqual(desktop?.dakey, dakey === "DD1" ? dakey : String(daid))
  })

  it("may have an invalid number for a desktop if the desktop has a key", () => {
    const [desktop] = decoded({ user_id: "DU1", desktop_authenticators: [{ dakey: "DD1", daid: [] }] })
      .desktop_authenticators
    assert.strictEqual(desktop?.dakey, "DD1")
  })

  it("may have its aliases as fields, in an object, or both; empty ones are skipped, and `__proto__` is a name", () => {
    const aliases: unknown = JSON.parse(`{"alias1": null, "alias2": "", "alias5": "five", "__proto__": "p"}`)
    assert.deepStrictEqual(
      Object.entries(decoded({ user_id: "DU1", alias1: "one", alias3: "", aliases }).aliases),
      [["alias1", "one"], ["alias5", "five"], ["__proto__", "p"]]
    )
  })
})
