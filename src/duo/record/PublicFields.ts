/**
 * Lists the fields of Duo's answers whose values do not tell who they are about. Every other field is hidden, even one
 * that a later version of Duo adds.
 */

import { permissions } from "../wire/policy/Integration.ts"

/**
 * Which values of a field are kept: words of an enumeration or a list of such words in one text, numbers and times,
 * Duo's own sentences, or none.
 */
export type Kind = "word" | "words" | "number" | "sentence" | "hidden"

/** An object, or a list of objects. */
export interface PublicFields {
  readonly of: ReadonlyMap<string, Kind | PublicFields>
  /**
   * Whether the names of all fields are Duo's own. In custom attributes, for example, the customer's names are hidden.
   */
  readonly named: boolean
}

const fields = (of: Readonly<Record<string, Kind | PublicFields>>): PublicFields => ({
  of: new Map(Object.entries(of)),
  named: true
})

/** An object whose fields have a customer's own names. */
export const unknown: PublicFields = { of: new Map(), named: false }

const aliases: PublicFields = {
  of: new Map(["1", "2", "3", "4", "5", "6", "7", "8"].map((n) => [`alias${n}`, "hidden"])),
  named: false
}

const phones = fields({
  type: "word",
  platform: "word",
  model: "word",
  activated: "word",
  capabilities: "word",
  last_seen: "number",
  sms_passcodes_sent: "word",
  encrypted: "word",
  fingerprint: "word",
  screenlock: "word",
  tampered: "word",
  app_version: "word",
  os_version: "word",
  predelay: "number",
  postdelay: "number"
})
const tokens = fields({ type: "word", totp_step: "number" })

const userFields = {
  status: "word",
  lockout_reason: "word",
  is_enrolled: "word",
  created: "number",
  last_login: "number",
  last_directory_sync: "number",
  aliases,
  custom_attributes: unknown,
  groups: fields({ status: "word" }),
  phones,
  tokens,
  u2ftokens: fields({ date_added: "number" }),
  webauthncredentials: fields({ date_added: "number" }),
  desktoptokens: fields({ platform: "word", type: "word" }),
  desktop_authenticators: fields({ duo_desktop_version: "word", os_family: "word" })
} as const

const span = fields({ max_time_units: "word", max_time_value: "number" })

const sections = fields({
  anonymous_networks: fields({ anonymous_access_behavior: "word" }),
  authentication_methods: fields({
    allowed_auth_list: "words",
    blocked_auth_list: "words",
    require_verified_push: "word",
    verified_push_digits: "number"
  }),
  authentication_policy: fields({ user_auth_behavior: "word" }),
  authorized_networks: fields({
    blocked: fields({}),
    deny_other_access: "word",
    mfa_required: fields({}),
    no_2fa_required: fields({ require_enrollment: "word" })
  }),
  new_user: fields({ new_user_behavior: "word" }),
  remembered_devices: fields({
    browser_apps: fields({ enabled: "word", remember_method: "word", risk_based: span, user_based: span }),
    windows_logon: fields({ enabled: "word", max_time_units: "word", max_time_value: "number" })
  }),
  risk_based_factor_selection: fields({ limit_to_risk_based_auth_methods: "word" }),
  trusted_endpoints: fields({ trusted_endpoint_checking: "word", trusted_endpoint_checking_mobile: "word" }),
  user_location: fields({
    allow_access_no_2fa_countries_list: "words",
    default_action: "word",
    deny_access_countries_list: "words",
    ignore_location_countries_list: "words",
    require_mfa_countries_list: "words"
  })
})

const policyAppliesTo = fields({ apply_type: "word", group_position: "number", groups: fields({}) })

const integrationFields = {
  ...Object.fromEntries(Object.keys(permissions).map((name) => [name, "word"] as const)),
  frameless_auth_prompt_enabled: "word",
  prompt_v4_enabled: "word",
  self_service_allowed: "word",
  type: "word",
  user_access: "word",
  username_normalization_policy: "word"
} as const

const place = fields({ country: "word" })
const metadata = fields({ total_objects: "number", next_offset: "number", prev_offset: "number" })
const assessment = fields({ trust_level: "word", policy_enabled: "word" })

/** An entry of the authentication log. */
const login = fields({
  timestamp: "number",
  isotimestamp: "number",
  event_type: "word",
  factor: "word",
  remembered_factor: "word",
  result: "word",
  reason: "word",
  user: fields({}),
  application: fields({}),
  auth_device: fields({ location: place }),
  access_device: fields({
    browser: "word",
    browser_version: "word",
    os: "word",
    os_version: "word",
    is_encryption_enabled: "word",
    is_firewall_enabled: "word",
    is_password_set: "word",
    flash_version: "word",
    java_version: "word",
    security_agents: fields({ security_agent: "word", version: "word" }),
    location: place
  }),
  trusted_endpoint_status: "word",
  adaptive_trust_assessments: fields({ more_secure_auth: assessment, remember_me: assessment }),
  rbfs_triggered_attacks: fields({ detector: "word" }),
  passport_assessment: fields({ is_supported: "word", reason: "word" }),
  trusted_session_info: fields({})
})

/**
 * The fields of users, bypass codes, administrators, policies, integrations and a ping together: a field never means two things. The role of an
 * administrator is hidden, because it may have a customer's own name.
 */
const response = fields({
  ...userFields,
  hardtoken: tokens,
  phone_details: phones,
  password_change_required: "word",
  restricted_by_admin_units: "word",
  has_external_password_mgmt: "word",
  expiration: "number",
  reuse_count: "number",
  user: fields(userFields),
  time: "number",
  is_global_policy: "word",
  sections,
  policies: fields({ policy_applies_to: policyAppliesTo }),
  policy_count: "number",
  response_is_truncated: "word",
  ...integrationFields,
  // a log is an object with its entries and their metadata
  authlogs: login,
  metadata
})

/** A whole answer. */
export const answer = fields({
  stat: "word",
  code: "number",
  message: "sentence",
  message_detail: "sentence",
  metadata,
  response
})

/** Duo's own sentences, which the emulator uses as well. */
const sentences = new Set([
  "Access forbidden",
  "Bad gateway",
  "Bad request timestamp",
  "Duplicate resource",
  "Gateway timeout",
  "Internal server error",
  "Invalid integration key in request credentials",
  "Invalid request parameters",
  "Invalid signature in request credentials",
  "Method not allowed",
  "Missing request credentials",
  "Missing request timestamp",
  "Missing required request parameters",
  "Resource not found",
  "Service unavailable",
  "Too Many Requests",
  "Unknown internal server error",
  "limit",
  "offset"
])

/** Whether a text may be kept in a field of this kind. A name in the place of a number is hidden. */
export const isHarmless = (kind: Kind, value: string): boolean => {
  switch (kind) {
    case "word":
      return /^[^@]{0,64}$/.test(value)
    case "words":
      return /^[\w, -]{0,1000}$/.test(value)
    case "number":
      return /^[\d.:TZ+-]*$/.test(value)
    case "sentence":
      return sentences.has(value)
    case "hidden":
      return false
  }
}

/** Whether the name of a field looks like Duo's own names. */
export const isFieldName = (name: string): boolean => /^[a-z][a-z0-9_]{0,63}$/.test(name)
