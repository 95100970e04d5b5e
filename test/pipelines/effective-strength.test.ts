/** `weakest_permitted` and `effective_strength`, over users, methods and policies that are made up for each promise. */
import { assert, beforeAll, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { readFileSync } from "node:fs"
import * as Integrations from "../../pipelines/integrations/Tables.ts"
import * as Mfa from "../../pipelines/mfa/Tables.ts"
import * as DuckDb from "../../src/duckdb/DuckDb.ts"
import type { Table } from "../../src/Table.ts"

const sql = readFileSync(new URL("../../src/duo/joined/permitted.sql", import.meta.url), "utf8")

type Cells = Readonly<Record<string, boolean | number | string | null>>

/** A user with an activated phone that can do everything, two credentials and a token. */
const ann: Cells = {
  user_id: "DUann",
  username: "ann",
  is_active: true,
  is_enrolled: true,
  is_bypass: false,
  strongest: "phishing_resistant"
}
const everything: ReadonlyArray<Cells> = [
  { method_kind: "phone", can_push: true, can_otp: true, can_sms: true, can_call: true },
  { method_kind: "webauthn", can_push: false, can_otp: false, can_sms: false, can_call: false },
  { method_kind: "token", can_push: false, can_otp: true, can_sms: false, can_call: false },
  { method_kind: "desktop", can_push: false, can_otp: false, can_sms: false, can_call: false }
]

/** A policy that asks for MFA, sends new users away, and permits every method but bypass codes. */
const open: Cells = {
  user_auth_behavior: "enforce",
  new_user_behavior: "deny",
  location_default_action: "ignore-location",
  weakest_allowed: "telephony",
  allows_duo_push: true,
  allows_duo_push_pwl: false,
  allows_webauthn_platform: true,
  allows_webauthn_platform_pwl: false,
  allows_webauthn_roaming: true,
  allows_webauthn_roaming_pwl: false,
  allows_desktop: true,
  allows_duo_passcode: true,
  allows_hardware_token: true,
  allows_sms: true,
  allows_phonecall: true,
  allows_bypass: false,
  has_no_2fa_networks: false,
  has_no_2fa_countries: false,
  remembers_browsers: false,
  remembers_windows_logon: false
}

interface World {
  readonly user?: Cells
  readonly methods?: ReadonlyArray<Cells>
  readonly groups?: ReadonlyArray<string>
  readonly application?: Cells
  readonly policy?: Cells
  readonly groupPolicies?: ReadonlyArray<Cells>
}

/** Answers a query in worlds with one user and one application each. Each world is a tenant, named by its number. */
const ask = Effect.fnUntraced(function*(query: string, worlds: ReadonlyArray<World>) {
  const session = yield* DuckDb.open({})
  const fill = (table: Table, of: (world: World) => ReadonlyArray<Cells>) => {
    const rows = worlds.flatMap((world, n) => of(world).map((row) => ({ tenant: String(n), ...row })))
    const type = JSON.stringify([
      Object.fromEntries(table.columns.map((column) => [column.name, DuckDb.types[column.type]]))
    ])
    return session.run(
      `CREATE TABLE ${table.name} AS SELECT unnest(row)
       FROM (SELECT unnest(from_json(${DuckDb.literal(JSON.stringify(rows))}, '${type}')) AS row)`
    )
  }
  const who = { user_id: "DUann", username: "ann" }
  const app = { integration_key: "DIvpn", application_name: "VPN" }
  yield* fill(Mfa.users, ({ user = {} }) => [{ ...ann, ...user }])
  yield* fill(
    Mfa.mfaMethods,
    ({ methods = everything }) => methods.map((method, n) => ({ ...who, method_id: `DP${n}`, ...method }))
  )
  yield* fill(Mfa.userGroups, ({ groups = [] }) => groups.map((group_id) => ({ ...who, group_id })))
  yield* fill(
    Integrations.integrations,
    ({ application = {} }) => [{ ...app, name: "VPN", user_access: "ALL_USERS", ...application }]
  )
  yield* fill(Integrations.applicationPolicies, ({ groupPolicies = [], policy = {} }) => [
    { ...app, applies_to: "everyone", policy_level: "global", policy_name: "Global", ...open, ...policy },
    ...groupPolicies.map((row) => ({
      ...app,
      applies_to: row["group_id"] ?? "",
      policy_level: "group",
      ...open,
      ...row
    }))
  ])
  yield* session.run(sql)
  const rows = yield* session.all(query)
  return worlds.map((_, n) => rows.filter(([tenant]) => tenant === String(n)).map(([_, ...cells]) => cells))
}, Effect.scoped)

const none = Object.fromEntries(
  Object.keys(open).filter((name) => name.startsWith("allows_")).map((name) => [name, false])
)
const unknown = Object.fromEntries(Object.keys(open).map((name) => [name, null]))

const told: ReadonlyArray<readonly [promise: string, world: World, expected: string]> = [
  ["the weakest method that is permitted counts", {}, "true, telephony, telephony, phone call"],
  [
    "a blocked method does not count",
    { policy: { allows_phonecall: false } },
    "true, telephony, telephony, text message"
  ],
  [
    "a passcode is weaker than a push",
    { policy: { allows_phonecall: false, allows_sms: false } },
    "true, otp, otp, Duo Mobile passcode"
  ],
  [
    "only what the user has counts",
    { methods: everything.slice(1, 2) },
    "true, phishing_resistant, phishing_resistant, WebAuthn"
  ],
  [
    "a hardware token is not a passcode of Duo Mobile",
    { policy: { ...none, allows_duo_passcode: true }, methods: everything.slice(2, 3) },
    "false, ?, ?, ?"
  ],
  [
    "Duo Push without a password is Duo Push",
    { policy: { ...none, allows_duo_push_pwl: true } },
    "true, push, push, Duo Push"
  ],
  [
    "Duo Desktop counts",
    { policy: { ...none, allows_desktop: true } },
    "true, device_bound, device_bound, Duo Desktop"
  ],
  ["there is no way in without a permitted method", { policy: none }, "false, ?, ?, ?"],
  ["a policy that denies everyone lets nobody in", { policy: { user_auth_behavior: "deny" } }, "false, ?, ?, ?"],
  [
    "a policy that asks for nothing needs nothing",
    { policy: { user_auth_behavior: "bypass" } },
    "true, none, none, no MFA asked for"
  ],
  [
    "so does a location rule for all other countries",
    { policy: { location_default_action: "allow-access-no-2fa" } },
    "true, none, none, no MFA asked for in most countries"
  ],
  [
    "a user on bypass needs nothing",
    { user: { is_active: false, is_bypass: true, bypass_reason: "status" } },
    "true, none, none, bypass status"
  ],
  [
    "it is not known whether bypass or deny counts",
    { user: { is_bypass: true, bypass_reason: "group" }, policy: { user_auth_behavior: "deny" } },
    "?, ?, none, bypass status"
  ],
  [
    "a bypass code counts where bypass codes are permitted",
    { user: { is_bypass: true, bypass_reason: "code" }, policy: { allows_bypass: true } },
    "true, none, none, bypass code"
  ],
  [
    "and nowhere else",
    { user: { is_bypass: true, bypass_reason: "code" } },
    "true, telephony, telephony, phone call"
  ],
  [
    "if bypass codes could not be read, a code may be a weaker way",
    { user: { is_bypass: null }, policy: { allows_bypass: true } },
    "true, ?, telephony, phone call"
  ],
  [
    "if bypass codes are not permitted, that does not matter",
    { user: { is_bypass: null } },
    "true, telephony, telephony, phone call"
  ],
  [
    "a user who is not enrolled may be let in",
    { user: { is_enrolled: false }, methods: [], policy: { new_user_behavior: "no-mfa" } },
    "true, none, none, not enrolled, let in"
  ],
  [
    "whoever has the password may enroll a device of their own",
    { user: { is_enrolled: false }, methods: [], policy: { new_user_behavior: "enroll" } },
    "true, none, none, not enrolled, may enroll"
  ],
  ["or is sent away", { user: { is_enrolled: false }, methods: [] }, "false, ?, ?, ?"],
  [
    "if the policy does not say whether a weaker method is permitted, the strength is not known",
    { policy: { allows_phonecall: false, allows_sms: null } },
    "true, ?, otp, Duo Mobile passcode"
  ],
  [
    "if it does not say whether a stronger one is permitted, that does not matter",
    { policy: { allows_duo_push: null, allows_duo_push_pwl: null } },
    "true, telephony, telephony, phone call"
  ],
  [
    "a credential may be of the kind that is not permitted",
    { policy: { ...none, allows_webauthn_roaming: true }, methods: everything.slice(1, 2) },
    "?, ?, ?, ?"
  ],
  ["nothing is known of a policy that is not known", { policy: unknown }, "?, ?, ?, ?"],
  [
    "the policy of a group counts before that of everyone",
    { groups: ["DGa"], groupPolicies: [{ group_id: "DGa", ...none, allows_duo_push: true }] },
    "true, push, push, Duo Push"
  ],
  [
    "not for users outside of the group",
    { groups: ["DGb"], groupPolicies: [{ group_id: "DGa", ...none, allows_duo_push: true }] },
    "true, telephony, telephony, phone call"
  ],
  [
    "of two groups, the lowest position counts",
    {
      groups: ["DGa", "DGb"],
      groupPolicies: [
        { group_id: "DGa", group_position: 2, ...none, allows_duo_push: true },
        { group_id: "DGb", group_position: 1, ...none, allows_desktop: true }
      ]
    },
    "true, device_bound, device_bound, Duo Desktop"
  ]
]

const admitted: ReadonlyArray<readonly [promise: string, world: World, expected: ReadonlyArray<unknown>]> = [
  ["an application for all users", {}, [true]],
  ["an application for nobody", { application: { user_access: "NO_USERS" } }, []],
  [
    "an application for a group of the user's",
    { application: { user_access: "PERMITTED_GROUPS", groups_allowed: "DGa, DGb" }, groups: ["DGb"] },
    [true]
  ],
  [
    "an application for other groups",
    { application: { user_access: "PERMITTED_GROUPS", groups_allowed: "DGa" }, groups: ["DGb"] },
    []
  ],
  ["an application of which Duo does not say it", { application: { user_access: null } }, [null]],
  ["a user who cannot log in", { user: { is_active: false } }, []]
]

describe("effective_strength", () => {
  let found: ReadonlyArray<ReadonlyArray<string>> = []
  beforeAll(async () => {
    const query = "SELECT tenant, can_log_in, effective_strength, at_most, weakest_way FROM effective_strength"
    const worlds = await Effect.runPromise(ask(query, told.map(([_, world]) => world)))
    found = worlds.map((rows) => rows.map((row) => row.map((cell) => cell === null ? "?" : String(cell)).join(", ")))
  })

  for (const [n, [promise, _, expected]] of told.entries()) {
    it(promise, () => assert.deepStrictEqual(found[n], [expected]))
  }

  it.effect("says where no method is asked for", () =>
    Effect.gen(function*() {
      const rows = yield* ask("SELECT tenant, no_method_from, effective_strength FROM effective_strength", [{
        policy: { has_no_2fa_networks: true, has_no_2fa_countries: true, remembers_browsers: true }
      }])
      assert.deepStrictEqual(rows, [[["networks, countries, remembered browsers", "telephony"]]])
    }))
})

describe("weakest_permitted", () => {
  it.effect("has a row for each application that the user may use, or may be able to use", () =>
    Effect.gen(function*() {
      const found = yield* ask("SELECT tenant, is_admitted FROM weakest_permitted", admitted.map(([_, world]) => world))
      for (const [n, [promise, _, expected]] of admitted.entries()) {
        assert.deepStrictEqual(found[n]?.flat(), expected, promise)
      }
    }))

  it.effect("is of the policy, whatever the user has", () =>
    Effect.gen(function*() {
      const policies: ReadonlyArray<Cells> = [
        {},
        { user_auth_behavior: "bypass" },
        { user_auth_behavior: "deny" },
        { user_auth_behavior: null }
      ]
      const found = yield* ask(
        "SELECT tenant, weakest_permitted FROM weakest_permitted",
        policies.map((policy) => ({ policy, methods: [] }))
      )
      assert.deepStrictEqual(found.flat(2), ["telephony", "none", null, null])
    }))
})
