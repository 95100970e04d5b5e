/** Invents the sections of policies: of a global policy, and of policies that set some of them, in Duo's different forms. */
import type { Dice } from "./Dice.ts"
import type { JsonObject } from "./PythonJson.ts"
import type { PeopleTables } from "./tables/PeopleTables.ts"

/** The policies, each with its name; without sections if the answer has none. The first one is global. */
export const sectionsOf = (
  dice: Dice,
  { legacyPolicy }: PeopleTables
): ReadonlyArray<readonly [name: string, sections: JsonObject | undefined]> => [
  ["Global Policy", {
    anonymous_networks: { anonymous_access_behavior: "require-mfa" },
    authentication_methods: {
      allowed_auth_list: [
        "bypass",
        "bypass-pwl",
        "desktop",
        "duo-passcode",
        "duo-push",
        "duo-push-pwl",
        "hardware-token",
        "sms",
        "webauthn-platform",
        "webauthn-platform-pwl",
        "webauthn-roaming",
        "webauthn-roaming-pwl"
      ],
      blocked_auth_list: ["phonecall"],
      require_verified_push: true,
      verified_push_digits: dice.pick([3, 4, 6])
    },
    authentication_policy: { user_auth_behavior: "enforce" },
    authorized_networks: {
      blocked: { ip_list: [] },
      deny_other_access: false,
      mfa_required: { ip_list: [] },
      no_2fa_required: { ip_list: [], require_enrollment: true }
    },
    health_checks: { requires_duo_desktop: [] },
    new_user: { new_user_behavior: "enroll" },
    remembered_devices: {
      browser_apps: {
        enabled: true,
        remember_method: "user-based",
        user_based: { max_time_units: "days", max_time_value: dice.pick([7, 14, 30]) }
      },
      windows_logon: { enabled: false }
    },
    risk_based_factor_selection: { limit_to_risk_based_auth_methods: true, risk_based_verified_push_digits: 6 },
    screen_lock: { require_screen_lock: true },
    trusted_endpoints: { trusted_endpoint_checking: "allow-all", trusted_endpoint_checking_mobile: "allow-all" },
    user_location: {
      allow_access_no_2fa_countries_list: [],
      default_action: "ignore-location",
      deny_access_countries_list: [],
      ignore_location_countries_list: [],
      require_mfa_countries_list: []
    }
  }],
  ["VPN", {
    authentication_methods: {
      allowed_auth_list: "duo-push, webauthn-roaming,webauthn-platform",
      blocked_auth_list: "bypass,bypass-pwl,desktop,duo-passcode,duo-push-pwl,hardware-token,phonecall,sms",
      require_verified_push: "true",
      verified_push_digits: "6"
    },
    remembered_devices: { browser_apps: { enabled: false } },
    user_location: { default_action: "require-mfa", deny_access_countries_list: "KP,RU" }
  }],
  ["Contractors", {
    anonymous_networks: { anonymous_access_behavior: "deny" },
    new_user: { new_user_behavior: "deny" },
    remembered_devices: {
      browser_apps: {
        enabled: true,
        remember_method: "risk-based",
        risk_based: { max_time_units: "hours", max_time_value: 12 }
      }
    }
  }],
  [legacyPolicy, {
    authentication_methods: { allowed_auth_list: ["duo-passcode", "phonecall", "sms"], blocked_auth_list: [] },
    authorized_networks: {
      no_2fa_required: { ip_list: ["192.0.2.0/24", "198.51.100.7"], require_enrollment: false }
    },
    new_user: { new_user_behavior: "no-mfa" }
  }],
  ["Phishing-resistant only", {
    authentication_methods: {
      allowed_auth_list: ["webauthn-platform", "webauthn-roaming"],
      blocked_auth_list: [
        "bypass",
        "bypass-pwl",
        "desktop",
        "duo-passcode",
        "duo-push",
        "duo-push-pwl",
        "hardware-token",
        "phonecall",
        "sms"
      ]
    }
  }],
  ["No MFA", { authentication_policy: { user_auth_behavior: "bypass" } }],
  ["New policy", {}],
  ["Old policy", undefined]
]
