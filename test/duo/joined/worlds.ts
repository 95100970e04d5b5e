/** Worlds with one user and one application each, made up for the tests of the views that join pipelines. */
import { Effect } from "effect"
import { readFileSync } from "node:fs"
import * as Integrations from "../../../pipelines/integrations/Tables.ts"
import * as Mfa from "../../../pipelines/mfa/Tables.ts"
import * as DuckDb from "../../../src/duckdb/DuckDb.ts"
import type { Table } from "../../../src/Table.ts"

const sql = readFileSync(new URL("../../../src/duo/joined/permitted.sql", import.meta.url), "utf8")

export type Cells = Readonly<Record<string, boolean | number | string | null>>

/** A user with an activated phone that can do everything, two credentials and a token. */
const ann: Cells = {
  user_id: "DUann",
  username: "ann",
  is_active: true,
  is_enrolled: true,
  is_bypass: false,
  strongest: "phishing_resistant"
}
export const everything: ReadonlyArray<Cells> = [
  { method_kind: "phone", can_push: true, can_otp: true, can_sms: true, can_call: true },
  { method_kind: "webauthn", can_push: false, can_otp: false, can_sms: false, can_call: false },
  { method_kind: "token", can_push: false, can_otp: true, can_sms: false, can_call: false },
  { method_kind: "desktop", can_push: false, can_otp: false, can_sms: false, can_call: false }
]

/** A policy that asks for MFA, sends new users away, and permits every method but bypass codes. */
export const open: Cells = {
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

export interface World {
  readonly user?: Cells
  readonly methods?: ReadonlyArray<Cells>
  readonly groups?: ReadonlyArray<string>
  readonly application?: Cells
  readonly policy?: Cells
  readonly groupPolicies?: ReadonlyArray<Cells>
}

/** Makes worlds with one user and one application each in a session. Each world is a tenant, named by its number. */
export const prepare = Effect.fnUntraced(function*(session: DuckDb.Session, worlds: ReadonlyArray<World>) {
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
})

/** Answers a query in worlds. */
export const ask = Effect.fnUntraced(function*(query: string, worlds: ReadonlyArray<World>) {
  const session = yield* DuckDb.open({})
  yield* prepare(session, worlds)
  const rows = yield* session.all(query)
  return worlds.map((_, n) => rows.filter(([tenant]) => tenant === String(n)).map(([_, ...cells]) => cells))
}, Effect.scoped)
