-- Macros that turn the sections of a policy into cells. The SELECTs of two pipelines share them.

CREATE MACRO lower_words(words) AS list_transform(words, lambda word: lower_case(word));

-- The methods of a policy in lower case. Every expression that needs them takes them from a column, because DuckDB puts
-- the arguments of a macro into each place where it uses them, and plans nested macros slowly.
CREATE MACRO method_lists(methods) AS {
  allowed: lower_words(methods.allowed_auth_list),
  blocked: lower_words(methods.blocked_auth_list)
};

-- Whether a policy allows a method. Duo's reference says that a method which is not in blocked_auth_list is allowed, even
-- if it is not in allowed_auth_list. NULL if the policy does not say.
CREATE MACRO allows(methods, method) AS CASE
  WHEN list_contains(methods.blocked, method) THEN false
  WHEN methods.blocked IS NOT NULL OR list_contains(methods.allowed, method) THEN true
END;

-- The rank of a method's strength, as in strength_of. NULL for bypass codes, and for a method that is not known.
CREATE MACRO method_rank(method) AS MAP {
  'webauthn-platform': 5,
  'webauthn-platform-pwl': 5,
  'webauthn-roaming': 5,
  'webauthn-roaming-pwl': 5,
  'smart-card': 5,
  'desktop': 4,
  'duo-push': 3,
  'duo-push-pwl': 3,
  'duo-passcode': 2,
  'hardware-token': 2,
  'sms': 1,
  'phonecall': 1
}[method];

-- The ranks of the allowed methods, except bypass codes: of the methods that every tenant can have, and of others that are
-- allowed by name. A rank is NULL if it is not known whether the method is allowed, or how strong it is.
CREATE MACRO allowed_ranks(methods) AS list_transform(
  list_filter(
    list_distinct(list_concat(
      [
        'webauthn-platform', 'webauthn-platform-pwl', 'webauthn-roaming', 'webauthn-roaming-pwl', 'desktop', 'duo-push',
        'duo-push-pwl', 'duo-passcode', 'hardware-token', 'sms', 'phonecall'
      ],
      list_filter(methods.allowed, lambda method: NOT starts_with(method, 'bypass')
        AND method <> 'webauthn-require-user-verification')
    )),
    lambda method: NOT coalesce(list_contains(methods.blocked, method), false)
  ),
  lambda method: CASE
    WHEN methods.blocked IS NOT NULL OR list_contains(methods.allowed, method) THEN method_rank(method)
  END
);

-- The highest rank, or the lowest; 0 if no method is allowed. NULL if a rank that is not known could change it.
CREATE MACRO highest_rank(ranks) AS CASE
  WHEN list_max(ranks) = 5 OR len(ranks) = list_count(ranks) THEN coalesce(list_max(ranks), 0)
END;
CREATE MACRO lowest_rank(ranks) AS CASE
  WHEN list_min(ranks) = 1 OR len(ranks) = list_count(ranks) THEN coalesce(list_min(ranks), 0)
END;

-- The hours of a span such as 30 days. NULL if the unit is not known.
CREATE MACRO hours_of(value, units) AS value * CASE lower_case(units) WHEN 'hours' THEN 1 WHEN 'days' THEN 24 END;

CREATE MACRO browser_hours(apps) AS CASE
  WHEN apps.enabled AND lower_case(apps.remember_method) = 'risk-based'
  THEN hours_of(apps.risk_based.max_time_value, apps.risk_based.max_time_units)
  WHEN apps.enabled AND coalesce(lower_case(apps.remember_method), '') IN ('', 'user-based')
  THEN hours_of(apps.user_based.max_time_value, apps.user_based.max_time_units)
END;

-- The names of the sections that a policy sets, of those that are read.
CREATE MACRO section_names(sections) AS joined(list_filter([
  CASE WHEN sections.anonymous_networks IS NOT NULL THEN 'anonymous_networks' END,
  CASE WHEN sections.authentication_methods IS NOT NULL THEN 'authentication_methods' END,
  CASE WHEN sections.authentication_policy IS NOT NULL THEN 'authentication_policy' END,
  CASE WHEN sections.authorized_networks IS NOT NULL THEN 'authorized_networks' END,
  CASE WHEN sections.new_user IS NOT NULL THEN 'new_user' END,
  CASE WHEN sections.remembered_devices IS NOT NULL THEN 'remembered_devices' END,
  CASE WHEN sections.risk_based_factor_selection IS NOT NULL THEN 'risk_based_factor_selection' END,
  CASE WHEN sections.trusted_endpoints IS NOT NULL THEN 'trusted_endpoints' END,
  CASE WHEN sections.user_location IS NOT NULL THEN 'user_location' END
], lambda name: name IS NOT NULL));

-- The sections that apply: each is of the first policy that sets it.
CREATE MACRO effective_sections(top, own, global) AS {
  authentication_policy: coalesce(top.authentication_policy, own.authentication_policy, global.authentication_policy),
  new_user: coalesce(top.new_user, own.new_user, global.new_user),
  authentication_methods: coalesce(top.authentication_methods, own.authentication_methods, global.authentication_methods),
  risk_based_factor_selection: coalesce(top.risk_based_factor_selection, own.risk_based_factor_selection, global.risk_based_factor_selection),
  remembered_devices: coalesce(top.remembered_devices, own.remembered_devices, global.remembered_devices),
  authorized_networks: coalesce(top.authorized_networks, own.authorized_networks, global.authorized_networks),
  anonymous_networks: coalesce(top.anonymous_networks, own.anonymous_networks, global.anonymous_networks),
  user_location: coalesce(top.user_location, own.user_location, global.user_location),
  trusted_endpoints: coalesce(top.trusted_endpoints, own.trusted_endpoints, global.trusted_endpoints)
};

-- The cells of the sections, by the names in PolicySettings.ts. `methods` has their method_lists, and `ranks` these methods'
-- allowed_ranks.
CREATE MACRO policy_settings(sections, methods, ranks) AS {
  user_auth_behavior: null_if_empty(sections.authentication_policy.user_auth_behavior),
  new_user_behavior: null_if_empty(sections.new_user.new_user_behavior),
  allowed_auth_list: joined(sections.authentication_methods.allowed_auth_list),
  blocked_auth_list: joined(sections.authentication_methods.blocked_auth_list),
  allows_duo_push: allows(methods, 'duo-push'),
  allows_duo_push_pwl: allows(methods, 'duo-push-pwl'),
  allows_webauthn_platform: allows(methods, 'webauthn-platform'),
  allows_webauthn_platform_pwl: allows(methods, 'webauthn-platform-pwl'),
  allows_webauthn_roaming: allows(methods, 'webauthn-roaming'),
  allows_webauthn_roaming_pwl: allows(methods, 'webauthn-roaming-pwl'),
  allows_desktop: allows(methods, 'desktop'),
  allows_duo_passcode: allows(methods, 'duo-passcode'),
  allows_hardware_token: allows(methods, 'hardware-token'),
  allows_sms: allows(methods, 'sms'),
  allows_phonecall: allows(methods, 'phonecall'),
  allows_bypass: allows(methods, 'bypass'),
  allows_bypass_pwl: allows(methods, 'bypass-pwl'),
  strongest_allowed: strength_of(highest_rank(ranks)),
  weakest_allowed: strength_of(lowest_rank(ranks)),
  require_verified_push: sections.authentication_methods.require_verified_push,
  verified_push_digits: sections.authentication_methods.verified_push_digits,
  limit_to_risk_based_auth_methods: sections.risk_based_factor_selection.limit_to_risk_based_auth_methods,
  remembers_browsers: sections.remembered_devices.browser_apps.enabled,
  remember_method: null_if_empty(sections.remembered_devices.browser_apps.remember_method),
  remembered_browser_hours: browser_hours(sections.remembered_devices.browser_apps),
  remembers_windows_logon: sections.remembered_devices.windows_logon.enabled,
  remembered_windows_hours: CASE WHEN sections.remembered_devices.windows_logon.enabled THEN hours_of(
    sections.remembered_devices.windows_logon.max_time_value,
    sections.remembered_devices.windows_logon.max_time_units
  ) END,
  has_no_2fa_networks: len(sections.authorized_networks.no_2fa_required.ip_list) > 0,
  no_2fa_networks: joined(sections.authorized_networks.no_2fa_required.ip_list),
  no_2fa_requires_enrollment: sections.authorized_networks.no_2fa_required.require_enrollment,
  mfa_required_networks: joined(sections.authorized_networks.mfa_required.ip_list),
  blocked_networks: joined(sections.authorized_networks.blocked.ip_list),
  deny_other_access: sections.authorized_networks.deny_other_access,
  anonymous_access_behavior: null_if_empty(sections.anonymous_networks.anonymous_access_behavior),
  location_default_action: null_if_empty(sections.user_location.default_action),
  has_no_2fa_countries: len(sections.user_location.allow_access_no_2fa_countries_list) > 0,
  no_2fa_countries: joined(sections.user_location.allow_access_no_2fa_countries_list),
  mfa_required_countries: joined(sections.user_location.require_mfa_countries_list),
  denied_countries: joined(sections.user_location.deny_access_countries_list),
  ignored_countries: joined(sections.user_location.ignore_location_countries_list),
  trusted_endpoint_checking: null_if_empty(sections.trusted_endpoints.trusted_endpoint_checking),
  trusted_endpoint_checking_mobile: null_if_empty(sections.trusted_endpoints.trusted_endpoint_checking_mobile)
};

-- The values in objects.policies that this version does not know, and how often they occur.
CREATE MACRO unknown_in_policies() AS TABLE
WITH
sections AS (SELECT run_id, unnest(sections) FROM objects.policies WHERE sections IS NOT NULL),
enumerated AS (
  SELECT run_id, 'user_auth_behavior' AS what, authentication_policy.user_auth_behavior AS field FROM sections
  UNION ALL
  SELECT run_id, 'new_user_behavior', new_user.new_user_behavior FROM sections
  UNION ALL
  SELECT run_id, 'authentication method', unnest(list_distinct(lower_words(list_concat(
    authentication_methods.allowed_auth_list,
    authentication_methods.blocked_auth_list
  )))) FROM sections
  UNION ALL
  SELECT run_id, 'remember_method', remembered_devices.browser_apps.remember_method FROM sections
  UNION ALL
  SELECT run_id, 'anonymous_access_behavior', anonymous_networks.anonymous_access_behavior FROM sections
  UNION ALL
  SELECT run_id, 'default_action', user_location.default_action FROM sections
  UNION ALL
  SELECT run_id, 'trusted_endpoint_checking', unnest([
    trusted_endpoints.trusted_endpoint_checking,
    trusted_endpoints.trusted_endpoint_checking_mobile
  ]) FROM sections
),
units AS (
  SELECT run_id, unnest([
    remembered_devices.browser_apps.user_based.max_time_units,
    remembered_devices.browser_apps.risk_based.max_time_units,
    remembered_devices.windows_logon.max_time_units
  ]) AS unit FROM sections
)
SELECT run_id, 'unknown ' || what || ': ' || shown(field) || ', kept as it is' AS what
FROM enumerated
WHERE field <> '' AND NOT is_known(what, field)
UNION ALL
SELECT run_id, 'unknown max_time_units: ' || shown(unit) || ', the hours are left NULL'
FROM units
WHERE unit <> '' AND NOT is_known('max_time_units', unit);
