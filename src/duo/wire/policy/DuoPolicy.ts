/**
 * Describes Duo's policy object: https://duo.com/docs/adminapi#retrieve-policies, and its sections:
 * https://duo.com/docs/adminapi#policy-section-data.
 *
 * `sections` has only the sections that the policy sets; those of a new policy are `{}`. The lists are arrays, or texts
 * with commas. A section or a setting that is absent is null, because the policy says nothing about it.
 */
import type { Schema } from "effect"
import { listDecoder } from "../Decoder.ts"
import { Listed } from "../Spellings.ts"
import { Flag, Id, Int, nullOr, object, Text } from "../Wire.ts"

const networks = nullOr(object({ ip_list: Listed }))

/** For how long a device is remembered. */
const span = { max_time_value: Int, max_time_units: Text }

export const PolicySections = object({
  authentication_policy: nullOr(object({ user_auth_behavior: Text })),
  new_user: nullOr(object({ new_user_behavior: Text })),
  authentication_methods: nullOr(object({
    allowed_auth_list: Listed,
    blocked_auth_list: Listed,
    require_verified_push: Flag,
    verified_push_digits: Int
  })),
  risk_based_factor_selection: nullOr(object({ limit_to_risk_based_auth_methods: Flag }, {
    ignored: ["risk_based_verified_push_digits"]
  })),
  remembered_devices: nullOr(object({
    browser_apps: nullOr(object({
      enabled: Flag,
      remember_method: Text,
      user_based: nullOr(object(span)),
      risk_based: nullOr(object(span))
    })),
    windows_logon: nullOr(object({ enabled: Flag, ...span }))
  })),
  authorized_networks: nullOr(object({
    no_2fa_required: nullOr(object({ ip_list: Listed, require_enrollment: Flag })),
    mfa_required: networks,
    blocked: networks,
    deny_other_access: Flag
  })),
  anonymous_networks: nullOr(object({ anonymous_access_behavior: Text })),
  user_location: nullOr(object({
    default_action: Text,
    allow_access_no_2fa_countries_list: Listed,
    require_mfa_countries_list: Listed,
    deny_access_countries_list: Listed,
    ignore_location_countries_list: Listed
  }, { ignored: ["access_device_only"] })),
  trusted_endpoints: nullOr(object({ trusted_endpoint_checking: Text, trusted_endpoint_checking_mobile: Text }))
}, {
  // these are about the device and its software
  ignored: [
    "browsers",
    "device_health_app",
    "duo_desktop",
    "duo_mobile_app",
    "full_disk_encryption",
    "health_checks",
    "mobile_device_biometrics",
    "operating_systems",
    "plugins",
    "screen_lock",
    "tampered_devices"
  ]
})

export const DuoPolicy = object({
  policy_key: Id,
  policy_name: Text,
  /** One policy is global. Its settings are those of every application, unless another policy sets them. */
  is_global_policy: Flag,
  sections: nullOr(PolicySections)
})
export interface DuoPolicy extends Schema.Schema.Type<typeof DuoPolicy> {}

/** Checks and reads the `response` of a page of policies. */
export const decodePolicies = listDecoder(DuoPolicy)
