/** The known fields of policies, of their summaries and of applications, as Duo's reference has them. */

/** The known fields of an object, and its inner objects with their known fields. */
export interface Level {
  readonly names: ReadonlySet<string>
  readonly nested: ReadonlyMap<string, Level>
}

const known = (names: string, nested: Readonly<Record<string, Level>> = {}): Level => ({
  names: new Set([...names.split(" ").filter((name) => name !== ""), ...Object.keys(nested)]),
  nested: new Map(Object.entries(nested))
})

const span = "max_time_units max_time_value"

export const policy = known("policy_key policy_name is_global_policy", {
  sections: known(
    "browsers device_health_app duo_desktop duo_mobile_app full_disk_encryption health_checks " +
      "mobile_device_biometrics operating_systems plugins screen_lock tampered_devices",
    {
      anonymous_networks: known("anonymous_access_behavior"),
      authentication_methods: known(
        "allowed_auth_list blocked_auth_list require_verified_push verified_push_digits"
      ),
      authentication_policy: known("user_auth_behavior"),
      authorized_networks: known("deny_other_access", {
        blocked: known("ip_list"),
        mfa_required: known("ip_list"),
        no_2fa_required: known("ip_list require_enrollment")
      }),
      new_user: known("new_user_behavior"),
      remembered_devices: known("", {
        browser_apps: known("enabled remember_method", { risk_based: known(span), user_based: known(span) }),
        windows_logon: known(`enabled ${span}`)
      }),
      risk_based_factor_selection: known("limit_to_risk_based_auth_methods risk_based_verified_push_digits"),
      trusted_endpoints: known("trusted_endpoint_checking trusted_endpoint_checking_mobile"),
      user_location: known(
        "access_device_only default_action allow_access_no_2fa_countries_list deny_access_countries_list " +
          "ignore_location_countries_list require_mfa_countries_list"
      )
    }
  )
})

export const summary = known("policy_key policy_name", {
  policy_applies_to: known("apply_type app_integration_key app_name group_position", {
    groups: known("group_id group_name")
  })
})

export const integration = known(
  "integration_key name type notes policy_key user_access groups_allowed self_service_allowed " +
    "username_normalization_policy frameless_auth_prompt_enabled prompt_v4_enabled networks_for_api_access " +
    "adminapi_admins adminapi_admins_read adminapi_allow_to_set_permissions adminapi_info adminapi_integrations " +
    "adminapi_read_log adminapi_read_resource adminapi_settings adminapi_write_resource client_secret " +
    "compliance_requirements enroll_policy greeting ip_whitelist ip_whitelist_enroll_policy " +
    "missing_web_referer_policy secret_key sensitivity_level sso trusted_device_days visual_style web_referers_enabled"
)
