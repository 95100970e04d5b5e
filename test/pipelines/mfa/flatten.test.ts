/** The rows of a user, of their authenticators and of their groups. */
import { assert, describe, it } from "@effect/vitest"
import * as Tables from "../../../pipelines/mfa/Tables.ts"
import { flatten } from "../../oracle/Flatten.ts"
import * as Strength from "../../oracle/Strength.ts"
import type { User } from "../../oracle/User.ts"
import { decode, invent, one, Somebody, stamp } from "./users.ts"

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
})
