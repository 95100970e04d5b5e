/**
 * Invents the policies of a tenant, its applications, and which policy applies to which application and group. They fit
 * the invented groups. Their forms are those of real tenants: lists are arrays or texts, and fields are left out.
 */
import { Dice, mix } from "./Dice.ts"
import { sectionsOf } from "./InventedSections.ts"
import { type InventedTenant, kinds } from "./Methods.ts"
import { dumps, type Json, type JsonObject } from "./PythonJson.ts"
import { groupNumbers, type PeopleTables } from "./tables/PeopleTables.ts"

/** What a tenant protects, as JSON text. */
export interface ProtectedTexts {
  readonly policies: ReadonlyArray<string>
  readonly integrations: ReadonlyArray<string>
  /** Where the policies are applied. */
  readonly summary: string
}

export interface Protected {
  readonly policies: ReadonlyArray<JsonObject>
  readonly integrations: ReadonlyArray<JsonObject>
  readonly summary: Json
}

export const textsOf = ({ integrations, policies, summary }: Protected): ProtectedTexts => ({
  policies: policies.map(dumps),
  integrations: integrations.map(dumps),
  summary: dumps(summary)
})

const { contractors, domainAdmins, finance, kioskUsers, vpnUsers } = groupNumbers

/** The numbers of policies, which are their places in the list of sections. */
const [vpn, contract, legacy, resistant, withoutMfa] = [1, 2, 3, 4, 5]

interface InventedApplication {
  readonly name: string
  readonly type: string
  readonly access?: "ALL_USERS" | "NO_USERS"
  /** The numbers of the groups that may use it. */
  readonly groups?: ReadonlyArray<number>
  /** The number of its policy. */
  readonly policy?: number
  /** The numbers of the policies of groups. */
  readonly groupPolicies?: ReadonlyArray<readonly [policy: number, groups: ReadonlyArray<number>]>
  readonly more?: JsonObject
}

const applicationsOf = ({ intranet }: PeopleTables): ReadonlyArray<InventedApplication> => [
  {
    name: "Corporate VPN",
    type: "cisco-asa",
    groups: [vpnUsers, domainAdmins],
    policy: vpn,
    groupPolicies: [[resistant, [domainAdmins]], [contract, [contractors, domainAdmins]]]
  },
  { name: "Single sign-on", type: "sso-generic", access: "ALL_USERS", groupPolicies: [[contract, [contractors]]] },
  { name: "Mail", type: "microsoft-eam", access: "ALL_USERS" },
  {
    name: intranet,
    type: "websdk",
    access: "ALL_USERS",
    more: { prompt_v4_enabled: 1, self_service_allowed: 1 }
  },
  { name: "Terminal server", type: "rdp", groups: [finance], policy: legacy },
  { name: "Unix servers", type: "unix", groups: [domainAdmins], policy: resistant },
  { name: "Kiosk", type: "websdk", groups: [kioskUsers], policy: withoutMfa },
  { name: "Retired portal", type: "websdk", access: "NO_USERS" },
  {
    name: "Reporting",
    type: "adminapi",
    access: "NO_USERS",
    more: {
      adminapi_admins: 0,
      adminapi_admins_read: 1,
      adminapi_info: 1,
      adminapi_integrations: 0,
      adminapi_read_log: 1,
      adminapi_read_resource: 1,
      adminapi_settings: 0,
      adminapi_write_resource: 0,
      networks_for_api_access: "192.0.2.10,198.51.100.0/24"
    }
  },
  {
    name: "Provisioning",
    type: "adminapi",
    access: "NO_USERS",
    more: { adminapi_read_resource: true, adminapi_write_resource: true, notes: "owner: it@example.com" }
  }
]

/** The applications that the members of some groups can log in to, each with its number. */
export const loginApplications = (
  tables: PeopleTables,
  groupNames: ReadonlyArray<string>
): ReadonlyArray<readonly [number: number, name: string]> =>
  applicationsOf(tables).flatMap(({ access, groups = [], name }, n) =>
    access === "ALL_USERS" || groups.some((group) => groupNames.includes(tables.groups[group]?.name ?? ""))
      ? [[n, name] as const]
      : []
  )

/** An invented secret key. Duo masks it in some answers and not in others; nothing may keep it. */
const secretKey = (dice: Dice, isMasked: boolean) =>
  isMasked
    ? `${"*".repeat(36)}${1000 + dice.below(9000)}`
    : Array.from({ length: 5 }, () => dice.below(2 ** 32).toString(16).padStart(8, "0")).join("")

/** The policies and applications of a tenant. The same seed gives the same bytes. */
export const invent = (ground: InventedTenant): Protected => {
  const dice = new Dice(mix(ground.seed ^ 0x9011c1, 0))
  const { tables } = ground
  const { groups, integrations, policies } = kinds(ground.seed)
  const applications = applicationsOf(tables)
  const made = sectionsOf(dice, tables).map(([name, sections], n): JsonObject => ({
    is_global_policy: n === 0,
    policy_key: policies.of(n),
    policy_name: name,
    ...sections === undefined ? {} : { sections }
  }))
  const appliesTo = (policy: number): ReadonlyArray<JsonObject> =>
    applications.flatMap((application, n) => {
      const of = { app_integration_key: integrations.of(n), app_name: application.name }
      return [
        ...application.policy === policy ? [{ ...of, apply_type: "app" }] : [],
        ...(application.groupPolicies ?? []).flatMap(([number, members], position) =>
          number !== policy ? [] : [{
            ...of,
            apply_type: "group_app",
            group_position: position + 1,
            groups: members.map((group) => ({
              group_id: groups.of(group),
              group_name: tables.groups[group]?.name ?? ""
            }))
          }]
        )
      ]
    })
  return {
    policies: made,
    integrations: applications.map(({ access, groups: members, more, name, policy, type }, n) => {
      const ids = members?.map(groups.of) ?? []
      return {
        enroll_policy: "enroll",
        // some answers have one text
        groups_allowed: n % 2 === 0 ? ids : ids.join(","),
        integration_key: integrations.of(n),
        name,
        notes: "",
        secret_key: secretKey(dice, n % 3 !== 0),
        type,
        user_access: access ?? "PERMITTED_GROUPS",
        username_normalization_policy: dice.pick(["None", "Simple"]),
        ...policy === undefined ? {} : { policy_key: policies.of(policy) },
        ...type === "sso-generic"
          ? { sso: { oauth_config: { clients: [{ client_secret: secretKey(dice, false) }] } } }
          : {},
        ...more
      }
    }),
    summary: {
      policies: made.map(({ policy_key = null, policy_name = null }, n) => ({
        policy_applies_to: appliesTo(n),
        policy_key,
        policy_name
      })),
      policy_count: made.length,
      response_is_truncated: false,
      warnings: []
    }
  }
}
