/**
 * Describes Duo's integration object, which is an application that Duo protects, or one that reads Duo:
 * https://duo.com/docs/adminapi#retrieve-integrations. An answer may have secrets, such as `secret_key`; they are not
 * described here, so they are never read. Duo has other endpoints for secrets, and nothing here asks those.
 */
import type { Schema } from "effect"
import { listDecoder } from "../Decoder.ts"
import { Listed } from "../Spellings.ts"
import { Flag, Id, object, Text } from "../Wire.ts"

/** The permissions of an Admin API application, by Duo's names. */
export const permissions = {
  adminapi_admins: Flag,
  adminapi_admins_read: Flag,
  adminapi_allow_to_set_permissions: Flag,
  adminapi_info: Flag,
  adminapi_integrations: Flag,
  adminapi_read_log: Flag,
  adminapi_read_resource: Flag,
  adminapi_settings: Flag,
  adminapi_write_resource: Flag
}

export const Integration = object({
  /** Names the application in requests. It is not secret. */
  integration_key: Id,
  name: Text,
  type: Text,
  notes: Text,
  /** The application's own policy. Duo leaves it out if there is none. */
  policy_key: Text,
  /** `ALL_USERS`, `NO_USERS` or `PERMITTED_GROUPS`. */
  user_access: Text,
  /** The ids of groups. */
  groups_allowed: Listed,
  self_service_allowed: Flag,
  username_normalization_policy: Text,
  frameless_auth_prompt_enabled: Flag,
  prompt_v4_enabled: Flag,
  networks_for_api_access: Listed,
  ...permissions
}, {
  ignored: [
    "client_secret",
    "compliance_requirements",
    "enroll_policy",
    "greeting",
    "ip_whitelist",
    "ip_whitelist_enroll_policy",
    "missing_web_referer_policy",
    "secret_key",
    "sensitivity_level",
    "sso",
    "trusted_device_days",
    "visual_style",
    "web_referers_enabled"
  ]
})
export interface Integration extends Schema.Schema.Type<typeof Integration> {}

/** Checks and reads the `response` of a page of integrations. */
export const decodeIntegrations = listDecoder(Integration)
