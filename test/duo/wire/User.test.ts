/**
 * Duo's objects: harmless differences are read; values that would make a wrong row are refused with a path, never a
 * value.
 */
import { assert, describe, it } from "@effect/vitest"
import { Result, Schema } from "effect"
import { decodeBypassCodes } from "../../../src/duo/wire/BypassCode.ts"
import { decodeUsers } from "../../oracle/User.ts"

/** A user with every field, as in Duo's reference. */
const documented = {
  alias1: "joe.smith",
  alias2: "jsmith@example.com",
  alias3: null,
  alias4: null,
  aliases: { alias1: "joe.smith", alias2: "jsmith@example.com", alias8: "eight" },
  created: 1489612729,
  custom_attributes: {},
  desktop_authenticators: [{
    daid: 1,
    dakey: "DDABCDEFGHIJ12345678",
    device_name: "JSMITH-W11",
    duo_desktop_version: "6.1",
    os_family: "windows",
    user: { user_id: "DU3RP9I2WOC59VZX672N" }
  }],
  desktoptokens: [{ desktoptoken_id: "DT1", name: "old", platform: "mac", type: "Desktop Token" }],
  directory_key: "DSNUXN4N7WUR5MUHLCBR",
  email: "jsmith@example.com",
  enable_auto_prompt: true,
  external_id: "1a2b345c-6d7e-8f90-g1h2-345i67j890kl",
  firstname: "Joe",
  groups: [{
    desc: "People with hardware tokens",
    group_id: "DGBDKSSH37KSJ373JKSU",
    mobile_otp_enabled: false,
    name: "token_users",
    push_enabled: false,
    sms_enabled: false,
    status: "Active",
    voice_enabled: false
  }],
  is_enrolled: true,
  last_directory_sync: 1508789163,
  last_login: 1343921403,
  lastname: "Smith",
  lockout_reason: null,
  notes: "",
  phones: [{
    activated: true,
    capabilities: ["auto", "push", "sms", "phone", "mobile_otp"],
    encrypted: "Encrypted",
    extension: "",
    fingerprint: "Configured",
    last_seen: "2019-11-18T15:51:13",
    model: "Apple iPhone 11 Pro",
    name: "My iPhone",
    number: "15555550100",
    phone_id: "DPFZRS9FB0D46QFTM899",
    platform: "Apple iOS",
    postdelay: "0",
    predelay: "0",
    screenlock: "Locked",
    sms_passcodes_sent: false,
    tampered: "Not tampered",
    type: "Mobile"
  }],
  realname: "Joe Smith",
  status: "active",
  tokens: [{ serial: "0", token_id: "DHIZ34ALBA2445ND4AI2", type: "d1", totp_step: null }],
  u2ftokens: [{ date_added: 1444678994, registration_id: "D21RU6X1B1DF5P54B6PV" }],
  user_id: "DU3RP9I2WOC59VZX672N",
  username: "jsmith",
  webauthncredentials: [{
    credential_name: "Touch ID",
    date_added: 1550685154,
    label: "Touch ID",
    webauthnkey: "WABFEOE007ZMV1QAZTRB"
  }]
}

const decode = (user: unknown) => decodeUsers([user])
const decoded = (user: unknown) => {
  const [value] = Result.getOrThrow(decode(user)).values
  if (value === undefined) throw new Error("no user")
  return value
}
const refused = (user: unknown) => {
  const result = decode(user)
  return Result.isFailure(result) ? `${result.failure.where} ${result.failure.why}` : "accepted"
}

const lists = [
  "groups",
  "phones",
  "tokens",
  "u2ftokens",
  "webauthncredentials",
  "desktoptokens",
  "desktop_authenticators"
] as const

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

  const wrong: ReadonlyArray<readonly [what: string, change: unknown, where: string]> = [
    ["no id", { user_id: undefined }, "response[0].user_id is missing"],
    ["an empty id", { user_id: "" }, "response[0].user_id has an impossible value"],
    ["a null id", { user_id: null }, "response[0].user_id has the wrong type"],
    ["a phone without an id", { phones: [{}] }, "response[0].phones[0].phone_id is missing"],
    ["a token without an id", { tokens: [{}] }, "response[0].tokens[0].token_id is missing"],
    [
      "a credential without a key",
      { webauthncredentials: [{}] },
      "response[0].webauthncredentials[0].webauthnkey is missing"
    ],
    ["a U2F token without an id", { u2ftokens: [{}] }, "response[0].u2ftokens[0].registration_id is missing"],
    [
      "a desktop token without an id",
      { desktoptokens: [{}] },
      "response[0].desktoptokens[0].desktoptoken_id is missing"
    ],
    [
      "a desktop without a key",
      { desktop_authenticators: [{}] },
      "response[0].desktop_authenticators[0].dakey is missing"
    ],
    [
      "a desktop with an empty key and number",
      { desktop_authenticators: [{ dakey: "", daid: "" }] },
      "response[0].desktop_authenticators[0].dakey has an impossible value"
    ],
    [
      "a desktop whose number is an object",
      { desktop_authenticators: [{ daid: {} }] },
      "response[0].desktop_authenticators[0].dakey has the wrong type"
    ],
    ["a group without an id", { groups: [{}] }, "response[0].groups[0].group_id is missing"],
    ["a phone that is none", { phones: [{ phone_id: "DP" }, 1] }, "response[0].phones[1] has the wrong type"],
    ["phones in an object", { phones: { a: 1 } }, "response[0].phones has the wrong type"],
    ["a name that is an object", { realname: { secret: "canary" } }, "response[0].realname has the wrong type"],
    ["milliseconds", { created: 1489612729000 }, "response[0].created has an impossible value"],
    ["milliseconds as text", { created: "1489612729000" }, "response[0].created has an impossible value"],
    ["a time in words", { created: "yesterday" }, "response[0].created has an impossible value"],
    ["a time that is true", { created: true }, "response[0].created has the wrong type"],
    ["a time in an exponent", { created: "1.7e9" }, "response[0].created has an impossible value"],
    ["a time that ends in a dot", { created: "1700000000." }, "response[0].created has an impossible value"],
    ["a fraction of an integer", {
      tokens: [{ token_id: "DH", totp_step: 30.5 }]
    }, "response[0].tokens[0].totp_step has an impossible value"],
    ["a fraction of an integer as text", {
      tokens: [{ token_id: "DH", totp_step: "30.5" }]
    }, "response[0].tokens[0].totp_step has an impossible value"],
    ["a fraction of an integer that a number cannot hold", {
      tokens: [{ token_id: "DH", totp_step: "30.00000000000000000001" }]
    }, "response[0].tokens[0].totp_step has an impossible value"],
    ["an id that is true", { user_id: true }, "response[0].user_id has the wrong type"],
    ["an id that JSON.parse has rounded", { user_id: 2 ** 53 + 2 }, "response[0].user_id has an impossible value"],
    ["a list in a list", { phones: [[]] }, "response[0].phones[0] has the wrong type"],
    ["phones in words", { phones: "none" }, "response[0].phones has the wrong type"],
    ["a capability that is an object", {
      phones: [{ phone_id: "DP", capabilities: [{}] }]
    }, "response[0].phones[0].capabilities[0] has the wrong type"],
    ["capabilities that are a number", {
      phones: [{ phone_id: "DP", capabilities: 1 }]
    }, "response[0].phones[0].capabilities has the wrong type"],
    ["aliases in a list", { aliases: ["joe"] }, "response[0].aliases has the wrong type"],
    ["an alias that JSON.parse has rounded", {
      aliases: { alias1: 2 ** 53 }
    }, "response[0].aliases.alias1 has an impossible value"],
    ["the year 10000", { last_login: 253_402_300_800 }, "response[0].last_login has an impossible value"],
    ["the year 0", { last_login: -62_135_596_801 }, "response[0].last_login has an impossible value"],
    ["a number that JSON.parse has rounded", { username: 2 ** 53 + 2 }, "response[0].username has an impossible value"],
    ["infinity, which is what 1e400 becomes", { username: Infinity }, "response[0].username has an impossible value"],
    ["a boolean that is none", { is_enrolled: "yes" }, "response[0].is_enrolled has the wrong type"],
    ["a boolean that is 2", { is_enrolled: 2 }, "response[0].is_enrolled has the wrong type"],
    ["an alias that is a list, by an unusual name", { aliases: { "joe smith": [] } }, "response[0].aliases"]
  ]
  for (const [what, change, where] of wrong) {
    it(`is refused for ${what}`, () => assert.include(refused({ ...documented, ...Object(change) }), where))
  }

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

describe("A bypass code", () => {
  it("is read with its user", () =>
    assert.deepStrictEqual(
      Result.getOrThrow(decodeBypassCodes([{
        admin_email: "a@example.com",
        bypass_code_id: "DB1",
        created: 1522260759,
        expiration: 1522264359,
        reuse_count: 1,
        user: { ...documented, aliases: null }
      }])),
      {
        values: [{
          bypass_code_id: "DB1",
          admin_email: "a@example.com",
          created: 1522260759,
          expiration: 1522264359,
          reuse_count: 1,
          user: { user_id: "DU3RP9I2WOC59VZX672N", username: "jsmith" }
        }],
        unknownFields: []
      }
    ))

  it("of a deleted user is read, and one of a user without an id is refused", () => {
    for (const user of [{}, { user: null }]) {
      assert.isTrue(Result.isSuccess(decodeBypassCodes([{ bypass_code_id: "DB1", ...user }])))
    }
    const result = decodeBypassCodes([{ bypass_code_id: "DB1", user: {} }])
    assert.deepStrictEqual(Result.isFailure(result) && result.failure, {
      where: "response[0].user.user_id",
      why: "is missing"
    })
  })
})
