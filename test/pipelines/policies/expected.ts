/** The cells of a policy's settings, and the policies that apply to an application, by plain code. */
import type { settings } from "../../../src/duo/PolicySettings.ts"
import type { DuoPolicy } from "../../../src/duo/wire/policy/DuoPolicy.ts"
import type { Integration } from "../../../src/duo/wire/policy/Integration.ts"
import type { PolicySummary } from "../../../src/duo/wire/policy/PolicySummary.ts"
import type { Cell } from "../../../src/Table.ts"
import { emptyAsNull, joined } from "../../oracle/Cells.ts"
import { strengths } from "../../oracle/Strength.ts"

type Sections = NonNullable<DuoPolicy["sections"]>
type Methods = Sections["authentication_methods"]
export type Settings = Readonly<Record<keyof typeof settings, Cell>>

/** As the SQL does, because DuckDB turns U+0130 into "i", and JavaScript does not. */
const lowerCase = (text: string) => text.replaceAll("İ", "?").toLowerCase()

const lower = (words: ReadonlyArray<string> | null | undefined) => words?.map(lowerCase)

/** True, false, or null if the policy does not say. */
const allows = (methods: Methods | undefined, method: string): boolean | null => {
  const blocked = lower(methods?.blocked_auth_list)
  if (blocked?.includes(method)) return false
  if (blocked !== undefined) return true
  return lower(methods?.allowed_auth_list)?.includes(method) ? true : null
}

const ranks = new Map(Object.entries({
  "webauthn-platform": 5,
  "webauthn-platform-pwl": 5,
  "webauthn-roaming": 5,
  "webauthn-roaming-pwl": 5,
  desktop: 4,
  "duo-push": 3,
  "duo-push-pwl": 3,
  "duo-passcode": 2,
  "hardware-token": 2,
  sms: 1,
  phonecall: 1
}))

/** The strength at one end, or null if a method that is not known could be stronger or weaker. */
const end = (methods: Methods | undefined, of: (...ranks: ReadonlyArray<number>) => number, surely: number) => {
  const named = (lower(methods?.allowed_auth_list) ?? []).filter((method) =>
    !method.startsWith("bypass") && method !== "webauthn-require-user-verification"
  )
  const possible = [...new Set([...ranks.keys(), ...named])].filter((method) => allows(methods, method) !== false)
  const known = possible.filter((method) => allows(methods, method) && (ranks.has(method) || method === "smart-card"))
    .map((method) => ranks.get(method) ?? 5)
  const most = known.length === 0 ? 0 : of(...known)
  return most === surely || known.length === possible.length ? strengths[most] ?? null : null
}

const hours = (span: { readonly max_time_value: number | null; readonly max_time_units: string | null } | null) => {
  const unit = span?.max_time_units == null ? undefined : { hours: 1, days: 24 }[lowerCase(span.max_time_units)]
  return span?.max_time_value == null || unit === undefined ? null : span.max_time_value * unit
}

const text = (value: string | null | undefined) => emptyAsNull(value ?? null)
const list = (values: ReadonlyArray<string> | null | undefined) => joined(values ?? [])
const some = (values: ReadonlyArray<string> | null | undefined) => values == null ? null : values.length > 0

export const settingsOf = (sections: Partial<Sections> | null): Settings => {
  const methods = sections?.authentication_methods
  const networks = sections?.authorized_networks
  const location = sections?.user_location
  const browsers = sections?.remembered_devices?.browser_apps
  const windows = sections?.remembered_devices?.windows_logon
  const method = lowerCase(browsers?.remember_method ?? "")
  const span = method === "risk-based"
    ? browsers?.risk_based
    : method === "" || method === "user-based"
    ? browsers?.user_based
    : null
  return {
    user_auth_behavior: text(sections?.authentication_policy?.user_auth_behavior),
    new_user_behavior: text(sections?.new_user?.new_user_behavior),
    allowed_auth_list: list(methods?.allowed_auth_list),
    blocked_auth_list: list(methods?.blocked_auth_list),
    allows_duo_push: allows(methods, "duo-push"),
    allows_duo_push_pwl: allows(methods, "duo-push-pwl"),
    allows_webauthn_platform: allows(methods, "webauthn-platform"),
    allows_webauthn_platform_pwl: allows(methods, "webauthn-platform-pwl"),
    allows_webauthn_roaming: allows(methods, "webauthn-roaming"),
    allows_webauthn_roaming_pwl: allows(methods, "webauthn-roaming-pwl"),
    allows_desktop: allows(methods, "desktop"),
    allows_duo_passcode: allows(methods, "duo-passcode"),
    allows_hardware_token: allows(methods, "hardware-token"),
    allows_sms: allows(methods, "sms"),
    allows_phonecall: allows(methods, "phonecall"),
    allows_bypass: allows(methods, "bypass"),
    allows_bypass_pwl: allows(methods, "bypass-pwl"),
    strongest_allowed: end(methods, Math.max, 5),
    weakest_allowed: end(methods, Math.min, 1),
    require_verified_push: methods?.require_verified_push ?? null,
    verified_push_digits: methods?.verified_push_digits ?? null,
    limit_to_risk_based_auth_methods: sections?.risk_based_factor_selection?.limit_to_risk_based_auth_methods ?? null,
    remembers_browsers: browsers?.enabled ?? null,
    remember_method: text(browsers?.remember_method),
    remembered_browser_hours: browsers?.enabled ? hours(span ?? null) : null,
    remembers_windows_logon: windows?.enabled ?? null,
    remembered_windows_hours: windows?.enabled ? hours(windows) : null,
    has_no_2fa_networks: some(networks?.no_2fa_required?.ip_list),
    no_2fa_networks: list(networks?.no_2fa_required?.ip_list),
    no_2fa_requires_enrollment: networks?.no_2fa_required?.require_enrollment ?? null,
    mfa_required_networks: list(networks?.mfa_required?.ip_list),
    blocked_networks: list(networks?.blocked?.ip_list),
    deny_other_access: networks?.deny_other_access ?? null,
    anonymous_access_behavior: text(sections?.anonymous_networks?.anonymous_access_behavior),
    location_default_action: text(location?.default_action),
    has_no_2fa_countries: some(location?.allow_access_no_2fa_countries_list),
    no_2fa_countries: list(location?.allow_access_no_2fa_countries_list),
    mfa_required_countries: list(location?.require_mfa_countries_list),
    denied_countries: list(location?.deny_access_countries_list),
    ignored_countries: list(location?.ignore_location_countries_list),
    trusted_endpoint_checking: text(sections?.trusted_endpoints?.trusted_endpoint_checking),
    trusted_endpoint_checking_mobile: text(sections?.trusted_endpoints?.trusted_endpoint_checking_mobile)
  }
}

/** The sections that apply: each is of the first policy that sets it. */
export const effective = (...stack: ReadonlyArray<DuoPolicy>): Partial<Sections> => {
  const sections: Record<string, unknown> = {}
  for (const policy of stack.toReversed()) {
    for (const [name, section] of Object.entries(policy.sections ?? {})) if (section !== null) sections[name] = section
  }
  return sections
}

export interface Applied {
  readonly integration_key: string
  readonly applies_to: string
  readonly policy_level: string
  readonly policy_key: string | null
  readonly sections: Partial<Sections> | null
}

const isFor = (type: string, application: string) => (target: PolicySummary["policy_applies_to"][number]) =>
  lowerCase(target.apply_type ?? "") === type && target.app_integration_key === application

/** What applies to everyone and to each group of an application. */
export const applied = (
  { integration_key, policy_key }: Integration,
  policies: ReadonlyArray<DuoPolicy>,
  summaries: ReadonlyArray<PolicySummary>
): ReadonlyArray<Applied> => {
  const globals = policies.filter(({ is_global_policy }) => is_global_policy)
  const global = globals.length === 1 ? globals[0] : undefined
  const named = summaries.filter(({ policy_applies_to }) => policy_applies_to.some(isFor("app", integration_key)))
    .map(({ policy_key }) => policy_key).sort()
  const ownKey = emptyAsNull(policy_key) ?? named[0] ?? null
  const own = policies.find(({ policy_key }) => policy_key === ownKey)
  const below = [...own === undefined ? [] : [own], ...global === undefined ? [] : [global]]
  const isLost = ownKey !== null && own === undefined
  const entries = summaries.flatMap(({ policy_applies_to, policy_key }) =>
    policy_applies_to.filter(isFor("group_app", integration_key)).flatMap(({ group_position, groups }) =>
      groups.flatMap(({ group_id }) =>
        emptyAsNull(group_id) === null ? [] : [{ group: group_id ?? "", position: group_position, policy_key }]
      )
    )
  ).sort((a, b) => (a.position ?? Infinity) - (b.position ?? Infinity) || (a.policy_key < b.policy_key ? -1 : 1))
  return [
    {
      integration_key,
      applies_to: "everyone",
      policy_level: ownKey === null || ownKey === global?.policy_key ? "global" : "application",
      policy_key: ownKey ?? global?.policy_key ?? null,
      sections: isLost ? null : effective(...below)
    },
    ...[...Map.groupBy(entries, ({ group }) => group)].map(([applies_to, [first]]): Applied => {
      const top = policies.find(({ policy_key }) => policy_key === first?.policy_key)
      return {
        integration_key,
        applies_to,
        policy_level: "group",
        policy_key: first?.policy_key ?? null,
        sections: top === undefined ? null : effective(top, ...isLost ? [] : below)
      }
    })
  ]
}
