/** Users in any shape: missing, added and unknown fields, and any JSON at all. */
import { assert, describe, it } from "@effect/vitest"
import { Result, Schema } from "effect"
import { decodeUsers } from "../../oracle/User.ts"
import { decode, decoded, documented, lists } from "./documented-user.ts"

describe("A user", () => {
  it("with every documented field is read, and no field is unknown", () => {
    const { unknownFields, values: [user] } = Result.getOrThrow(decode(documented))
    assert.deepStrictEqual(unknownFields, [])
    assert.deepInclude(user, {
      user_id: "DU3RP9I2WOC59VZX672N",
      aliases: { alias1: "joe.smith", alias2: "jsmith@example.com", alias8: "eight" },
      created: 1489612729,
      notes: "",
      lockout_reason: null
    })
    for (const list of lists) assert.lengthOf(user?.[list] ?? [], 1, list)
    assert.deepStrictEqual(user?.tokens, [{
      token_id: "DHIZ34ALBA2445ND4AI2",
      serial: "0",
      type: "d1",
      totp_step: null
    }])
  })

  it("needs only its id: all other scalars are null, and all lists are empty", () => {
    const { aliases, user_id, ...rest } = decoded({ user_id: "DU1" })
    assert.strictEqual(user_id, "DU1")
    assert.deepStrictEqual(aliases, {})
    for (const [name, value] of Object.entries(rest)) {
      assert.deepStrictEqual(value, lists.some((list) => list === name) ? [] : null, name)
    }
  })

  const names = Object.keys(documented).filter((name) => name !== "user_id")
  const Changes = Schema.Record(
    Schema.Literals(names),
    Schema.optionalKey(Schema.Literals(["drop", "null"]))
  )

  it.prop("is read with any fields missing or null, and any fields added", [
    Changes,
    Schema.Record(Schema.String, Schema.Json)
  ], ([changes, extra]) => {
    const user = new Map<string, unknown>([
      ...Object.entries(extra).filter(([name]) => !(name in documented) && name !== "realname"),
      ...Object.entries(documented).filter(([name]) => changes[name] !== "drop").map(
        ([name, value]): [string, unknown] => [name, changes[name] === "null" ? null : value]
      )
    ])
    const { values: [read], unknownFields } = Result.getOrThrow(decode(Object.fromEntries(user)))
    assert.strictEqual(read?.user_id, documented.user_id)
    assert.strictEqual(read?.email, user.get("email") ?? null)
    assert.lengthOf(read?.phones ?? [], Array.isArray(user.get("phones")) ? 1 : 0)
    assert.isAtMost(unknownFields.length, 100)
  })

  it.prop(
    "of any JSON is read or refused and never crashes the program, and a refusal shows no value",
    [Schema.Json],
    ([value]) => {
      const result = decodeUsers([{ user_id: "DU1", phones: value, realname: value, aliases: value, created: value }])
      if (Result.isFailure(result)) {
        assert.match(
          result.failure.where,
          /^response\[0\](\.[\w-]+|\[\d+\]|\.\(unusual name\))*$/
        )
      }
    }
  )

  it("has each unknown field named once, at every level, but never a name that could be a person's", () => {
    const page = [1, 2].map((n) => ({
      user_id: `DU${n}`,
      mood: "good",
      phones: [{ phone_id: "DP", colour: "red" }, { phone_id: "DQ", colour: "blue" }],
      "Joe Smith <joe@example.com>": 1
    }))
    assert.deepStrictEqual(Result.getOrThrow(decodeUsers(page)).unknownFields, [
      "mood",
      "phones[].colour",
      "(unusual name)"
    ])
  })
})

describe("Unknown fields", () => {
  it("are named up to a hundred per page", () => {
    const many = Object.fromEntries(Array.from({ length: 500 }, (_, n) => [`new_${n}`, n]))
    assert.lengthOf(Result.getOrThrow(decode({ user_id: "DU1", ...many })).unknownFields, 100)
  })
})
