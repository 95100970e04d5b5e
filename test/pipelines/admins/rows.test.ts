/** The rows of an administrator, and the values that are not known. */
import { assert, describe, it } from "@effect/vitest"
import { Schema } from "effect"
import * as Tables from "../../../pipelines/admins/Tables.ts"
import type { Admin } from "../../../src/duo/wire/Admin.ts"
import * as Tenant from "../../../src/emulator/people/Tenant.ts"
import { flatten } from "../../oracle/AdminFlatten.ts"
import * as Tally from "../../oracle/AdminTally.ts"
import * as Strength from "../../oracle/Strength.ts"
import { decode, one, phone, token } from "./administrators.ts"

const stamp = { run_id: "run", observed_at: 1_795_464_900_000_000n, tenant: "api-00000000.duosecurity.com" }

/**
 * An administrator of the emulator's invented tenants, in which every factor, role and status occurs, with and without lists.
 */
const Somebody = Schema.Struct({
  seed: Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 1000 })),
  index: Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 20 }))
})
const invent = ({ index, seed }: typeof Somebody.Type): Admin =>
  one(JSON.parse(Tenant.make({ people: "hostile", users: 0, seed, administrators: index + 1 }).admin(index)))

describe("an administrator's rows", () => {
  it.prop("have the columns of the tables, in their order, and never an empty text", [Somebody], ([somebody]) => {
    const rows = flatten(stamp, invent(somebody))
    for (const table of [Tables.admins, Tables.adminMethods]) {
      for (const row of rows[table.name as keyof typeof rows]) {
        assert.deepStrictEqual(Object.keys(row), table.columns.map(({ name }) => name))
        assert.notInclude(Object.values(row), "")
        for (const { name, required } of table.columns) if (required) assert.isNotNull(row[name as keyof typeof row])
      }
    }
  })

  it.prop("are one of admins, and one of admin_methods a factor with a key of its own", [Somebody], ([somebody]) => {
    const admin = invent(somebody)
    const { admin_methods, admins } = flatten(stamp, admin)
    const listed = Math.max(admin.phone_details?.length ?? 0, admin.phone === null ? 0 : 1) +
      (admin.hardtoken === null ? 0 : 1) + (admin.webauthncredentials?.length ?? 0)
    assert.deepStrictEqual([admins.length, admin_methods.length, admins[0]?.method_count], [1, listed, listed])
    assert.strictEqual(new Set(admin_methods.map((_) => `${_.method_kind} ${_.method_id}`)).size, listed)
  })

  it.prop(
    "say how strong the strongest and the weakest factor is, or that it cannot be told",
    [Somebody],
    ([somebody]) => {
      const admin = invent(somebody)
      const { admin_methods, admins: [row] } = flatten(stamp, admin)
      const ranks = admin_methods.map(({ strength_rank }) => strength_rank)
      const isTold = !ranks.includes(null) && (admin.webauthncredentials !== null || ranks.includes(5))
      const most = Math.max(0, ...ranks.map((rank) => rank ?? 0))
      assert.strictEqual(row?.strongest, isTold || most === 5 ? Strength.strengths[most] : null)
      if (isTold) {
        const least = ranks.length === 0 ? 0 : Math.min(...ranks.map((rank) => rank ?? 0))
        assert.strictEqual(row?.weakest, Strength.strengths[least])
      }
    }
  )

  it("a number without details is a phone whose uses are not known", () => {
    const { admin_methods: [method], admins: [row] } = flatten(stamp, one({ admin_id: "DE1", phone: "+15550100001" }))
    assert.deepInclude(method, { method_kind: "phone", method_id: "phone", number: "+15550100001", strength: null })
    assert.deepInclude(method, { can_push: null, can_otp: null, can_sms: null, can_call: null, activated: null })
    assert.deepInclude(row, { strongest: null, weakest: null, only_telephony: null, has_phishing_resistant: null })
  })

  it("a missing list means not known, and an empty list means none", () => {
    const of = (fields: object) => flatten(stamp, one({ admin_id: "DE1", ...fields })).admins[0]
    assert.deepInclude(of({}), { strongest: null, weakest: null, has_phishing_resistant: null })
    assert.deepInclude(of({ webauthncredentials: [] }), { strongest: "none", has_phishing_resistant: false })
    assert.deepInclude(of({ hardtoken: token }), { strongest: null, weakest: "otp" })
    const texts = { ...phone, activated: false }
    assert.deepInclude(of({ phone_details: [texts], webauthncredentials: [] }), { only_telephony: true })
  })

  it("factors without an id are named after their kind and numbered", () => {
    const bare = { capabilities: ["sms"] }
    const admin = one({ admin_id: "DE1", phone_details: [bare, phone, bare], webauthncredentials: [{}, {}] })
    assert.deepStrictEqual(
      flatten(stamp, admin).admin_methods.map(({ method_id }) => method_id),
      ["DP1", "phone", "phone 2", "webauthn", "webauthn 2"]
    )
  })

  it("an unknown value is kept as it is and counted; a custom role is not unknown", () => {
    const tally = Tally.make(stamp)
    const rows = tally.admins(decode({
      admin_id: "DE1",
      status: "Hovering",
      role: "Night shift",
      shoe_size: 43,
      hardtoken: { ...token, type: "z9" },
      phone_details: [{ ...phone, capabilities: ["push", "telepathy"], smell: "nice" }]
    }))
    assert.deepInclude(rows["admins"]?.[0], { status: "Hovering", role: "Night shift" })
    assert.deepStrictEqual(rows["admin_methods"]?.map(({ capabilities, method_type }) => [method_type, capabilities]), [
      ["Mobile", "push, telepathy"],
      ["z9", null]
    ])
    const list = { doubt: null, total: 1, pages: 1, sweeps: 1, duplicates: 0, changed: 0 }
    const { unknown_values, warnings } = tally.facts({ requests: 1, retries: 0, answeredAt: null }, list)
    assert.deepStrictEqual([unknown_values, warnings], [5, [
      "unknown field of an administrator: shoe_size",
      "unknown field of an administrator: phone_details[].smell",
      "unknown administrator status: Hovering, kept as it is",
      "unknown token type: z9, kept as it is",
      "unknown phone capability: telepathy, kept as it is"
    ]])
  })
})
