/** Policies, applications and summaries that Duo may send, with every difference that could matter to the rows. */
import type { Dice } from "../../../src/emulator/people/Dice.ts"
import { flag, list, type Make, oneOf, text } from "./values.ts"

/** Any of the values, in the form of an answer: a list as an array or as one text, a field that is absent or null. */
const maybe = <A>(of: Make<A>): Make<A | null | undefined> => (dice) =>
  dice.chance(15) ? undefined : dice.chance(10) ? null : of(dice)

const method = oneOf(
  "bypass",
  "bypass-pwl",
  "desktop",
  "duo-passcode",
  "duo-push",
  "duo-push-pwl",
  "hardware-token",
  "phonecall",
  "smart-card",
  "sms",
  "webauthn-platform",
  "webauthn-platform-pwl",
  "webauthn-require-user-verification",
  "webauthn-roaming",
  "webauthn-roaming-pwl"
)

const words = (word: Make<string | null>, most: number): Make<unknown> => (dice) => {
  const some = list(word, most)(dice)
  return dice.chance(50) ? some : some.map((word) => word ?? "").join(dice.pick([",", ", ", " ,"]))
}

/** Every method that Duo knows but a few, as in a policy that blocks almost everything. */
const almostAll: Make<unknown> = (dice) =>
  [
    "desktop",
    "duo-passcode",
    "duo-push",
    "duo-push-pwl",
    "hardware-token",
    "phonecall",
    "sms",
    "webauthn-platform",
    "webauthn-platform-pwl",
    "webauthn-roaming",
    "webauthn-roaming-pwl"
  ].filter(() => !dice.chance(20))

const networks = words((dice) => dice.pick(["192.0.2.0/24", "198.51.100.7", "2001:db8::/32", null]), 3)
const countries = words((dice) => dice.pick(["US", "CH", "de", ""]), 3)
const span: Make<object> = (dice) => ({
  max_time_value: dice.pick<unknown>([null, 0, 7, 30, "12"]),
  max_time_units: oneOf("days", "hours", "minutes")(dice)
})

const object = (fields: Readonly<Record<string, Make<unknown>>>): Make<object> => (dice) =>
  Object.fromEntries(Object.entries(fields).map(([name, make]) => [name, maybe(make)(dice)]))

const sections = object({
  authentication_policy: object({ user_auth_behavior: oneOf("enforce", "bypass", "deny") }),
  new_user: object({ new_user_behavior: oneOf("enroll", "no-mfa", "deny") }),
  authentication_methods: object({
    allowed_auth_list: words(method, 6),
    blocked_auth_list: (dice) => dice.chance(50) ? almostAll(dice) : words(method, 8)(dice),
    require_verified_push: (dice) => dice.chance(50) ? flag(dice) : dice.pick<unknown>(["true", "false", 0, 1]),
    verified_push_digits: (dice) => dice.pick<unknown>([3, "6", null])
  }),
  risk_based_factor_selection: object({ limit_to_risk_based_auth_methods: flag }),
  remembered_devices: object({
    browser_apps: object({
      enabled: flag,
      remember_method: oneOf("user-based", "risk-based"),
      user_based: span,
      risk_based: span
    }),
    windows_logon: (dice) => ({ enabled: flag(dice), ...span(dice) })
  }),
  authorized_networks: object({
    no_2fa_required: object({ ip_list: networks, require_enrollment: flag }),
    mfa_required: object({ ip_list: networks }),
    blocked: object({ ip_list: networks }),
    deny_other_access: flag
  }),
  anonymous_networks: object({ anonymous_access_behavior: oneOf("no-action", "require-mfa", "deny") }),
  user_location: object({
    default_action: oneOf("ignore-location", "allow-access-no-2fa", "require-mfa", "deny-access"),
    allow_access_no_2fa_countries_list: countries,
    require_mfa_countries_list: countries,
    deny_access_countries_list: countries,
    ignore_location_countries_list: countries
  }),
  trusted_endpoints: object({
    trusted_endpoint_checking: oneOf("allow-all", "require-trusted", "not-configured"),
    trusted_endpoint_checking_mobile: oneOf("allow-all", "require-trusted", "not-configured")
  })
})

export const policy = (policy_key: string, is_global_policy: unknown): Make<object> => (dice) => ({
  policy_key,
  policy_name: text(dice),
  is_global_policy,
  sections: dice.chance(10) ? dice.pick<unknown>([{}, null, undefined]) : sections(dice)
})

/** One of so many ids of a kind, or one that is not in the list. */
const idOf = (prefix: string, count: number): Make<string> => (dice) => `${prefix}${dice.below(count + 1)}`

export const integration = (integration_key: string, policies: number): Make<object> => (dice) => ({
  integration_key,
  name: text(dice),
  type: text(dice),
  notes: text(dice),
  user_access: oneOf("ALL_USERS", "NO_USERS", "PERMITTED_GROUPS")(dice),
  groups_allowed: words(idOf("DG", 3), 3)(dice),
  policy_key: maybe((dice: Dice) => dice.chance(40) ? "" : dice.chance(20) ? "POLOST" : idOf("PO", policies)(dice))(
    dice
  ),
  self_service_allowed: dice.pick<unknown>([0, 1, true, false, null]),
  adminapi_info: dice.pick<unknown>([0, 1, undefined]),
  adminapi_read_log: dice.pick<unknown>([true, "1", null]),
  networks_for_api_access: networks(dice),
  secret_key: "5f".repeat(20)
})

const group: Make<unknown> = (dice) =>
  dice.chance(20)
    ? idOf("DG", 3)(dice)
    : { group_id: dice.chance(10) ? dice.pick<unknown>(["", null]) : idOf("DG", 3)(dice), group_name: text(dice) }

export const summary = (policy_key: string, integrations: number): Make<object> => (dice) => ({
  policy_key,
  policy_name: text(dice),
  policy_applies_to: list((dice) => ({
    apply_type: dice.chance(10) ? text(dice) : dice.pick(["app", "group_app", "group_app", "GROUP_APP"]),
    app_integration_key: idOf("DI", integrations)(dice),
    app_name: text(dice),
    group_position: dice.pick<unknown>([null, 1, 2, 3, "4"]),
    groups: list(group, 3)(dice)
  }), 20)(dice)
})
