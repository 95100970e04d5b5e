/** The judge and the schema come from one description: they accept the same values and read them in the same way. */
import { assert, describe, it } from "@effect/vitest"
import { Result, type Schema } from "effect"
import { Admin } from "../../../src/duo/wire/Admin.ts"
import { BypassCode } from "../../../src/duo/wire/BypassCode.ts"
import { columns } from "../../../src/duo/wire/Columns.ts"
import { listDecoder, schemaDecoder } from "../../../src/duo/wire/Decoder.ts"
import { noFields, refused } from "../../../src/duo/wire/Judge.ts"
import { DuoPolicy } from "../../../src/duo/wire/policy/DuoPolicy.ts"
import { Integration } from "../../../src/duo/wire/policy/Integration.ts"
import { PolicySummary } from "../../../src/duo/wire/policy/PolicySummary.ts"
import * as User from "../../../src/duo/wire/User.ts"
import { fieldName, judgeOf } from "../../../src/duo/wire/Wire.ts"
import { Dice, type NonEmpty } from "../../../src/emulator/people/Dice.ts"
import * as Tenant from "../../../src/emulator/people/Tenant.ts"
import * as Hostile from "../../support/hostile/objects.ts"
import * as HostilePolicies from "../../support/hostile/policies.ts"
import type { Level } from "./policy-levels.ts"
import * as Levels from "./policy-levels.ts"

/** Values from JSON, in which `__proto__` is a field like any other. */
const odd = String.raw`
null  true  false  0  1  -0  1.5  -1.5  1e300  30.0  9007199254740991  9007199254740992  -9007199254740993
1700000000.9  -62135596800  -62135596801  253402300799  253402300800  ""  "30"  "30.00"  "1.5"  "-0.5"  " 1"  "0x10"
"1700000000.999999999"  "253402300800"  "9007199254740993"  "TRUE"  "False"  "0"  "yes"  "a\ufffdb"  "\ud83d"
[]  {}  [null]  [[]]  [{}]  [["a"]]  ["a", {}]  ["a", null, 1, true]  ["a", 9007199254740992]
{"a": 1, "b": null, "c": true}  {"a": []}  {"a": 9007199254740992}  {"0": "a", "": 1}
{"__proto__": "a"}  {"__proto__": {"user_id": "DU1"}}  [{"colour": 1, "": 2, "Zoë Smith": 3}]
`.trim().split(/ {2}|\n/)

const names: NonEmpty<string> = [
  "__proto__",
  "constructor",
  "toString",
  "length",
  "0",
  "",
  "a b",
  "Zoë",
  "x".repeat(65),
  "colour",
  "user_id",
  "phone_id",
  "predelay",
  "daid",
  "user",
  "alias1",
  "aliases",
  "capabilities",
  "role_id"
]

type Parent = Record<string, unknown> | Array<unknown>

const parentsOf = (value: unknown): ReadonlyArray<Parent> =>
  typeof value === "object" && value !== null
    ? [value as Parent, ...Object.values(value).flatMap(parentsOf)]
    : []

const set = (parent: object, name: string, value: unknown) =>
  Object.defineProperty(parent, name, { value, configurable: true, enumerable: true, writable: true })

/** Changes one value somewhere in an object. */
const mutate = (value: object, dice: Dice): void => {
  const parents = parentsOf(value)
  // in half of the cases near the top, where most of the fields are
  const parent = (dice.chance(50) ? undefined : parents[dice.below(parents.length)]) ?? value as Parent
  const other: unknown = JSON.parse(odd[dice.below(odd.length)] ?? "null")
  if (Array.isArray(parent)) {
    parent.splice(dice.below(parent.length + 1), dice.below(2), other)
    return
  }
  const keys = Object.keys(parent)
  const key = keys[dice.below(keys.length || 1)]
  if (key === undefined || dice.chance(30)) set(parent, dice.pick(names), other)
  else if (dice.chance(15)) delete parent[key]
  else set(parent, key, other)
}

const level = (
  { fields }: { readonly fields: Schema.Struct.Fields },
  ignored: ReadonlyArray<string> = [],
  nested: Readonly<Record<string, Level>> = {}
): Level => ({ names: new Set([...Object.keys(fields), ...ignored]), nested: new Map(Object.entries(nested)) })

const phone = ["predelay", "postdelay", "creation_date", "last_activated_date", "quarantined"]

const userLevel = level(User.WireUser, [
  "enable_auto_prompt",
  "custom_attributes",
  "date_of_birth",
  "entra_federated_user_id",
  "has_password",
  "password_last_updated"
], {
  groups: level(User.Group, ["push_enabled", "sms_enabled", "mobile_otp_enabled", "voice_enabled"]),
  phones: level(User.Phone, phone),
  tokens: level(User.Token),
  u2ftokens: level(User.U2fToken),
  webauthncredentials: level(User.WebAuthnCredential),
  desktoptokens: level(User.DesktopToken),
  desktop_authenticators: level(User.DesktopAuthenticator, ["daid", "user"])
})

const adminLevel = level(Admin, ["role_id", "subaccount_role"], {
  hardtoken: level(User.Token),
  phone_details: level(User.Phone, phone),
  webauthncredentials: level(User.WebAuthnCredential)
})

/** Finds unknown fields without the code of the judge. */
const unknownIn = (value: unknown, level: Level | undefined, at = ""): ReadonlyArray<string> =>
  Array.isArray(value)
    ? value.flatMap((item) => unknownIn(item, level, at))
    : level === undefined || typeof value !== "object" || value === null
    ? []
    : Object.entries(value).flatMap(([name, field]) =>
      !level.names.has(name) ? [at + fieldName(name)] : unknownIn(field, level.nested.get(name), `${at}${name}[].`)
    )

const tenant = Tenant.make({ people: "hostile", users: 2000 })
const summaries: ReadonlyArray<unknown> = JSON.parse(tenant.protected.summary).policies

const kinds = [
  {
    kind: "users",
    item: User.WireUser,
    level: userLevel,
    count: 6000,
    usual: (at: number) => tenant.text(at % 2000),
    hostile: (at: number, dice: Dice) => Hostile.user(`DU${at}`)(dice)
  },
  {
    kind: "administrators",
    item: Admin,
    level: adminLevel,
    count: 2500,
    usual: (at: number) => tenant.admin(at % tenant.admins()),
    hostile: (at: number, dice: Dice) => Hostile.admin(`DE${at}`)(dice)
  },
  {
    kind: "bypass codes",
    item: BypassCode,
    level: level(BypassCode),
    count: 2500,
    usual: (at: number) => tenant.bypassCode(at % tenant.bypassCodes()),
    hostile: (at: number, dice: Dice) => Hostile.bypassCode(`DB${at}`, 3000)(dice)
  },
  {
    kind: "policies",
    item: DuoPolicy,
    level: Levels.policy,
    count: 4000,
    usual: (at: number) => tenant.protected.policies[at % 5] ?? "{}",
    hostile: (at: number, dice: Dice) => HostilePolicies.policy(`PO${at}`, at % 2)(dice)
  },
  {
    kind: "summaries of policies",
    item: PolicySummary,
    level: Levels.summary,
    count: 2500,
    usual: (at: number) => JSON.stringify(summaries[at % summaries.length]),
    hostile: (at: number, dice: Dice) => HostilePolicies.summary(`PO${at}`, 9)(dice)
  },
  {
    kind: "applications",
    item: Integration,
    level: Levels.integration,
    count: 2500,
    usual: (at: number) => tenant.protected.integrations[at % 10] ?? "{}",
    hostile: (at: number, dice: Dice) => HostilePolicies.integration(`DI${at}`, 9)(dice)
  }
] as const

describe.each(kinds)("the judge of $kind", ({ count, hostile, item, level, usual }) => {
  const judge = judgeOf(item)
  const bySchema = schemaDecoder(item as Schema.Codec<unknown, unknown>)
  const decode = listDecoder(item as Schema.Codec<unknown, unknown>)

  it("accepts what the schema accepts, and gives the same value and the same unknown fields", () => {
    const dice = new Dice(7)
    const seen = { accepted: 0, refused: 0, unknown: 0 }
    for (let at = 0; at < count; at++) {
      const made: object = dice.chance(50) ? JSON.parse(usual(at)) : hostile(at, dice)
      for (let changes = dice.below(4); changes > 0; changes--) mutate(made, dice)
      const text = JSON.stringify(made)
      const names = new Set<string>()
      const judged = judge(JSON.parse(text), noFields, names)
      const expected = bySchema([JSON.parse(text)])
      if (Result.isFailure(expected)) {
        assert.strictEqual(judged, refused, text)
        assert.strictEqual(JSON.stringify(decode([JSON.parse(text)])), JSON.stringify(expected))
        seen.refused++
        continue
      }
      const unknownFields = [...new Set(unknownIn(JSON.parse(text), level))]
      // compared as text, which shows the order of fields, missing fields and `__proto__`
      assert.strictEqual(JSON.stringify([judged]), JSON.stringify(expected.success), text)
      assert.deepStrictEqual(Object.keys(judged as object), Object.keys(columns(item.fields)))
      assert.deepStrictEqual([...names], unknownFields, text)
      assert.strictEqual(
        JSON.stringify(decode([JSON.parse(text)])),
        JSON.stringify(Result.succeed({ values: [judged], unknownFields }))
      )
      seen.accepted++
      if (unknownFields.length > 0) seen.unknown++
    }
    for (const some of Object.values(seen)) assert.isAbove(some, count / 20, JSON.stringify(seen))
  })

  it("refuses a value that is not an object, and a page that is not a list", () => {
    for (const text of odd) {
      const value: unknown = JSON.parse(text)
      assert.strictEqual(judge(value, noFields, new Set()) === refused, Result.isFailure(bySchema([value])), text)
      assert.strictEqual(
        JSON.stringify(decode(value)),
        JSON.stringify(
          Array.isArray(value) && value.length === 0
            ? Result.succeed({ values: [], unknownFields: [] })
            : bySchema(value)
        )
      )
    }
  })
})
