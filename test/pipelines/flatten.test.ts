import { assert, describe, it } from "@effect/vitest"
import { Result, Schema } from "effect"
import * as Tables from "../../pipelines/mfa/Tables.ts"
import * as Tenant from "../../src/emulator/people/Tenant.ts"
import { fromText } from "../oracle/Cells.ts"
import { flatten } from "../oracle/Flatten.ts"
import { unknownValues } from "../oracle/Known.ts"
import * as Strength from "../oracle/Strength.ts"
import * as Tally from "../oracle/Tally.ts"
import { decodeUsers, type User } from "../oracle/User.ts"

const stamp = { run_id: "run", observed_at: 1_767_225_600_000_000n, tenant: "api-00000000.duosecurity.com" }

const decode = (...users: ReadonlyArray<unknown>): ReadonlyArray<User> => Result.getOrThrow(decodeUsers(users)).values

const one = (user: unknown): User => {
  const [decoded] = decode(user)
  assert(decoded !== undefined)
  return decoded
}

/** A user of the emulator's invented tenants, in which every factor, every status and every kind of empty value occurs. */
const Somebody = Schema.Struct({
  seed: Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 1000 })),
  index: Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 10_000 }))
})
const invent = ({ index, seed }: typeof Somebody.Type): User => one(Tenant.make({ users: index + 1, seed }).user(index))

const AnyStrength = Schema.Literals(Strength.strengths)

describe("strength", () => {
  it.prop("the strongest is at least as strong as any, the weakest as weak, and both are one of them", [
    Schema.Array(AnyStrength)
  ], ([methods]) => {
    const ranks = methods.map(Strength.rank)
    assert.strictEqual(Strength.rank(Strength.strongest(methods)), Math.max(0, ...ranks))
    assert.strictEqual(Strength.rank(Strength.weakest(methods)), methods.length === 0 ? 0 : Math.min(...ranks))
  })

  it.prop("a phone that is not activated is telephony at best", [
    Schema.Array(Schema.Literals(["auto", "push", "sms", "phone", "mobile_otp", "telepathy"]))
  ], ([capabilities]) => {
    assert.isAtMost(Strength.rank(Strength.phoneStrength(Strength.phoneUses(false, capabilities))), 1)
    assert.isAtMost(Strength.rank(Strength.phoneStrength(Strength.phoneUses(null, capabilities))), 1)
  })

  it.prop("another capability never makes a phone weaker", [
    Schema.Boolean,
    Schema.Array(Schema.Literals(["push", "sms", "phone", "mobile_otp"])),
    Schema.Literals(["push", "sms", "phone", "mobile_otp"])
  ], ([activated, capabilities, more]) => {
    const strength = (these: ReadonlyArray<string>) =>
      Strength.rank(Strength.phoneStrength(Strength.phoneUses(activated, these)))
    assert.isAtLeast(strength([...capabilities, more]), strength(capabilities))
  })

  it("has the documented ranks", () => {
    assert.deepStrictEqual(Strength.strengths.map((strength) => [strength, Strength.rank(strength)]), [
      ["none", 0],
      ["telephony", 1],
      ["otp", 2],
      ["push", 3],
      ["device_bound", 4],
      ["phishing_resistant", 5]
    ])
  })
})

describe("flatten", () => {
  it.prop("has a row for every authenticator and group, and one for the user", [Somebody], ([somebody]) => {
    const user = invent(somebody)
    const rows = flatten(stamp, user, false)
    assert.strictEqual(rows.users.length, 1)
    assert.strictEqual(
      rows.mfa_methods.length,
      user.phones.length + user.tokens.length + user.webauthncredentials.length + user.u2ftokens.length +
        user.desktop_authenticators.length + user.desktoptokens.length
    )
    assert.strictEqual(rows.user_groups.length, user.groups.length)
    assert.strictEqual(rows.users[0]?.method_count, rows.mfa_methods.length)
  })

  it.prop("does not depend on the order in which devices and groups come", [Somebody], ([somebody]) => {
    const user = invent(somebody)
    const turned: User = {
      ...user,
      phones: user.phones.toReversed(),
      tokens: user.tokens.toReversed(),
      webauthncredentials: user.webauthncredentials.toReversed(),
      u2ftokens: user.u2ftokens.toReversed(),
      desktop_authenticators: user.desktop_authenticators.toReversed(),
      desktoptokens: user.desktoptokens.toReversed(),
      groups: user.groups.toReversed()
    }
    assert.deepStrictEqual(flatten(stamp, turned, true), flatten(stamp, user, true))
  })

  it.prop("has the columns of the tables, in their order, and never an empty text", [Somebody], ([somebody]) => {
    const rows = flatten(stamp, invent(somebody), false)
    for (const table of [Tables.users, Tables.mfaMethods, Tables.userGroups]) {
      for (const row of rows[table.name as keyof typeof rows]) {
        assert.deepStrictEqual(Object.keys(row), table.columns.map(({ name }) => name))
        assert.notInclude(Object.values(row), "")
        for (const { name, required } of table.columns) {
          if (required) assert.isNotNull(row[name as keyof typeof row], name)
        }
      }
    }
  })

  it.prop("the user's row sums up the rows of the methods", [Somebody], ([somebody]) => {
    const { mfa_methods, users: [user] } = flatten(stamp, invent(somebody), false)
    const ranks = mfa_methods.map((_) => _.strength_rank ?? 0)
    assert.strictEqual(user?.strongest, Strength.strengths[Math.max(0, ...ranks)])
    assert.strictEqual(user?.has_phishing_resistant, ranks.includes(5))
    assert.strictEqual(user?.only_telephony, Math.max(0, ...ranks) === 1)
    const kinds = mfa_methods.map((_) => _.method_kind)
    for (const kind of ["phone", "token", "webauthn", "u2f", "desktop"] as const) {
      assert.strictEqual(user?.[`${kind}_count`], kinds.filter((_) => _ === kind).length)
    }
    assert.strictEqual(user?.mfa_enabled, kinds.some((kind) => ["phone", "token", "webauthn"].includes(kind)))
  })

  it("a user without authenticators has no methods", () => {
    const rows = flatten(stamp, one({ user_id: "DU1" }), false)
    assert.deepStrictEqual(rows.mfa_methods, [])
    assert.deepInclude(rows.users[0], {
      username: null,
      method_count: 0,
      mfa_enabled: false,
      strongest: "none",
      weakest: "none",
      only_telephony: false,
      is_bypass: false,
      bypass_reason: null,
      is_active: false,
      aliases: null,
      group_names: null
    })
  })

  it("U2F alone is phishing resistant, but not MFA by Duo's rule for integrations", () => {
    const user = one({ user_id: "DU1", u2ftokens: [{ registration_id: "R", date_added: 1_700_000_000 }] })
    const { mfa_methods: [method], users: [row] } = flatten(stamp, user, false)
    assert.strictEqual(row?.strongest, "phishing_resistant")
    assert.isFalse(row?.mfa_enabled)
    assert.strictEqual(method?.enrolled_at, 1_700_000_000_000_000n)
  })

  it("all reasons for a bypass are listed, in a fixed order", () => {
    const user = one({ user_id: "DU1", status: "bypass", groups: [{ group_id: "DG1", status: "Bypass" }] })
    assert.strictEqual(flatten(stamp, user, true).users[0]?.bypass_reason, "status, group, code")
    assert.strictEqual(flatten(stamp, user, false).users[0]?.bypass_reason, "status, group")
  })

  it("a bypass is not known if the codes are not known, unless there is another reason", () => {
    const bypass = (fields: object, hasBypassCode: boolean | null) => {
      const [row] = flatten(stamp, one({ user_id: "DU1", ...fields }), hasBypassCode).users
      return [row?.is_bypass, row?.bypass_reason]
    }
    assert.deepStrictEqual(bypass({ status: "active" }, null), [null, null])
    assert.deepStrictEqual(bypass({ status: "active" }, false), [false, null])
    assert.deepStrictEqual(bypass({ status: "bypass" }, null), [true, "status"])
  })

  it("a user who cannot log in is not active and does not bypass MFA, whatever else would let them in", () => {
    const bypassing = { group_id: "DG1", status: "Bypass" }
    const disabled = { group_id: "DG2", status: "Disabled" }
    const of = (status: string, ...groups: ReadonlyArray<object>) => {
      const [row] = flatten(stamp, one({ user_id: "DU1", status, groups }), true).users
      return [row?.is_active, row?.is_bypass, row?.bypass_reason]
    }
    for (const status of ["disabled", "locked out", "pending deletion", "Disabled"]) {
      assert.deepStrictEqual(of(status, bypassing), [false, false, null], status)
    }
    for (const status of ["active", "bypass"]) {
      assert.deepStrictEqual(of(status, bypassing, disabled), [false, false, null], status)
    }
    assert.deepStrictEqual(of("active"), [true, true, "code"])
    assert.deepStrictEqual(of("bypass"), [false, true, "status, code"])
  })

  it("an authenticator that Duo lists twice has one row, of the first", () => {
    const user = one({ user_id: "DU1", phones: [{ phone_id: "DP1", name: "a" }, { phone_id: "DP1", name: "b" }] })
    assert.deepStrictEqual(flatten(stamp, user, false).mfa_methods.map(({ name }) => name), ["a"])
  })

  it("a desktop in both of Duo's lists has one row, because a key is unique", () => {
    const user = one({
      user_id: "DU1",
      desktop_authenticators: [{ dakey: "D1", device_name: "new" }],
      desktoptokens: [{ desktoptoken_id: "D1", name: "legacy" }, { desktoptoken_id: "D0" }]
    })
    const { mfa_methods, users: [row] } = flatten(stamp, user, false)
    assert.deepStrictEqual(mfa_methods.map(({ method_id, name }) => [method_id, name]), [["D0", null], ["D1", "new"]])
    assert.strictEqual(row?.desktop_count, 2)
  })

  it("an authenticator of two users has a row for each", () => {
    const phones = [{ phone_id: "DP1" }]
    const rows = decode({ user_id: "DU1", phones }, { user_id: "DU2", phones }).flatMap((user) =>
      flatten(stamp, user, false).mfa_methods
    )
    assert.deepStrictEqual(rows.map(({ method_id, user_id }) => [user_id, method_id]), [["DU1", "DP1"], ["DU2", "DP1"]])
  })

  it("lists are sorted and joined, without duplicates", () => {
    const user = one({
      user_id: "DU1",
      aliases: { alias1: "zoë", alias8: "adam" },
      alias2: "mia",
      groups: [{ group_id: "DG2", name: "B" }, { group_id: "DG1", name: "A" }],
      phones: [{ phone_id: "DP1", capabilities: ["sms", "push", "auto", "push"] }]
    })
    const rows = flatten(stamp, user, false)
    assert.strictEqual(rows.users[0]?.aliases, "adam, mia, zoë")
    assert.strictEqual(rows.users[0]?.group_names, "A, B")
    assert.strictEqual(rows.mfa_methods[0]?.capabilities, "auto, push, sms")
  })

  const Moment = Schema.Struct({
    seconds: Schema.Int.check(Schema.isBetween({ minimum: -62_135_596_800, maximum: 253_402_300_799 })),
    fraction: Schema.Array(Schema.Literals([0, 1, 5, 9])).check(Schema.isMaxLength(9)),
    between: Schema.Literals(["T", " "]),
    zone: Schema.Literals(["", "Z", "+00:00", "-0000", "+02:00", "-0930", "+2359"])
  })

  it.prop("last_seen is the instant it says, to the microsecond, UTC if it names no zone", [Moment], ([moment]) => {
    const { between, seconds, zone } = moment
    const fraction = moment.fraction.join("")
    const minutes = { "+02:00": 120, "-0930": -570, "+2359": 1439 }[zone as string] ?? 0
    const text = new Date(seconds * 1000).toISOString().slice(0, 19).replace("T", between)
    const utc = seconds - minutes * 60
    const micros = BigInt(utc) * 1_000_000n + BigInt(`${fraction}000000`.slice(0, 6))
    assert.strictEqual(
      fromText(`${text}${fraction === "" ? "" : `.${fraction}`}${zone}`),
      utc < -62_135_596_800 || utc > 253_402_300_799 ? null : micros
    )
  })

  const Two = (maximum: number) => Schema.Int.check(Schema.isBetween({ minimum: 0, maximum }))

  it.prop("last_seen is NULL for a date or time that does not exist", [
    Schema.Struct({ year: Two(9999), month: Two(14), day: Two(33), hour: Two(26), minute: Two(62), second: Two(62) })
  ], ([{ day, hour, minute, month, second, year }]) => {
    const two = (n: number) => String(n).padStart(2, "0")
    const days = new Date(Date.UTC(2000 + year % 400, month, 0)).getUTCDate()
    const exists = year > 0 && month >= 1 && month <= 12 && day >= 1 && day <= days && hour < 24 && minute < 60 &&
      second < 60
    const text = `${String(year).padStart(4, "0")}-${two(month)}-${two(day)}T${two(hour)}:${two(minute)}:${two(second)}`
    assert.strictEqual(fromText(text) !== null, exists, text)
  })

  it("last_seen is NULL if it is not a time", () => {
    assert.strictEqual(fromText("2022-12-16T07:39:49"), 1_671_176_389_000_000n)
    assert.strictEqual(fromText("2024-02-29 00:00:00.123456789Z"), 1_709_164_800_123_456n)
    for (
      const text of [
        "",
        "yesterday",
        "2022-02-30T00:00:00",
        "2023-02-29T00:00:00",
        "2022-12-16",
        "2022-12-16T07:39",
        "2022-12-16T07:39:49.",
        "2022-12-16T07:39:49.0123456789",
        "2022-12-16T07:39:49 and later",
        "2022-12-16T07:39:49+24:00",
        "2022-12-16T07:39:49+02:60",
        null
      ]
    ) assert.isNull(fromText(text), String(text))
  })
})

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
