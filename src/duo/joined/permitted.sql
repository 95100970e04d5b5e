-- The way in that the policies permit each user, application by application. `mfa` has the users, `integrations` the policies.

CREATE OR REPLACE VIEW weakest_permitted AS
WITH members AS (
  SELECT tenant, user_id, list_sort(list(group_id)) AS groups FROM user_groups GROUP BY tenant, user_id
), people AS (
  SELECT tenant, user_id, username, groups FROM users LEFT JOIN members USING (tenant, user_id)
  WHERE is_active OR is_bypass
), different AS (
  -- users in the same groups have the same policies, and there are far fewer of these than of users
  SELECT DISTINCT tenant, coalesce(groups, []) AS groups FROM people
), chosen AS (
  SELECT different.tenant, different.groups, integrations.integration_key,
    CASE upper(integrations.user_access)
      WHEN 'ALL_USERS' THEN true
      WHEN 'PERMITTED_GROUPS' THEN list_has_any(different.groups, string_split(integrations.groups_allowed, ', '))
    END AS is_admitted,
    arg_min(policy, (policy.group_id IS NULL, policy.group_position IS NULL, policy.group_position, policy.applies_to)) AS policy
  FROM different
  JOIN integrations USING (tenant)
  JOIN application_policies policy ON policy.tenant = different.tenant
    AND policy.integration_key = integrations.integration_key
    AND (policy.group_id IS NULL OR list_contains(different.groups, policy.group_id))
  WHERE upper(integrations.user_access) IS DISTINCT FROM 'NO_USERS'
  GROUP BY ALL
)
SELECT people.tenant, people.user_id, people.username, chosen.integration_key, policy.application_name AS application_name,
  is_admitted, policy.policy_level AS policy_level, policy.policy_key AS policy_key, policy.policy_name AS policy_name,
  policy.group_name AS group_name,
  CASE WHEN policy.user_auth_behavior = 'bypass' OR policy.location_default_action = 'allow-access-no-2fa' THEN 'none'
    WHEN policy.user_auth_behavior IS NOT NULL AND policy.user_auth_behavior <> 'deny' THEN policy.weakest_allowed
  END AS weakest_permitted,
  policy.user_auth_behavior AS user_auth_behavior, policy.new_user_behavior AS new_user_behavior,
  policy.location_default_action AS location_default_action, policy.allows_bypass AS allows_bypass,
  policy.allows_phonecall AS allows_phonecall, policy.allows_sms AS allows_sms,
  policy.allows_duo_passcode AS allows_duo_passcode, policy.allows_hardware_token AS allows_hardware_token,
  policy.allows_duo_push AS allows_duo_push, policy.allows_duo_push_pwl AS allows_duo_push_pwl,
  policy.allows_desktop AS allows_desktop, policy.allows_webauthn_platform AS allows_webauthn_platform,
  policy.allows_webauthn_platform_pwl AS allows_webauthn_platform_pwl,
  policy.allows_webauthn_roaming AS allows_webauthn_roaming,
  policy.allows_webauthn_roaming_pwl AS allows_webauthn_roaming_pwl,
  policy.has_no_2fa_networks AS has_no_2fa_networks, policy.has_no_2fa_countries AS has_no_2fa_countries,
  policy.remembers_browsers AS remembers_browsers, policy.remembers_windows_logon AS remembers_windows_logon
FROM people JOIN chosen ON chosen.tenant = people.tenant AND chosen.groups = coalesce(people.groups, [])
WHERE is_admitted IS NOT FALSE;
COMMENT ON VIEW weakest_permitted IS 'The policy that counts for each user who can log in and each application that the user may use, and the weakest method that it permits. It says nothing about what the user has: see effective_strength.';
COMMENT ON COLUMN weakest_permitted.tenant IS 'The API host of the Duo tenant.';
COMMENT ON COLUMN weakest_permitted.user_id IS 'Duo''s id of the user.';
COMMENT ON COLUMN weakest_permitted.username IS 'The name the user logs in with.';
COMMENT ON COLUMN weakest_permitted.integration_key IS 'Duo''s id of the application.';
COMMENT ON COLUMN weakest_permitted.application_name IS 'The application''s name.';
COMMENT ON COLUMN weakest_permitted.is_admitted IS 'Whether the user may use the application; NULL if Duo does not say who may. Users who may not have no row.';
COMMENT ON COLUMN weakest_permitted.policy_level IS 'Whose policy counts first: group, application or global.';
COMMENT ON COLUMN weakest_permitted.policy_key IS 'The key of this policy.';
COMMENT ON COLUMN weakest_permitted.policy_name IS 'The name of this policy.';
COMMENT ON COLUMN weakest_permitted.group_name IS 'The group whose policy it is; NULL if it is not the policy of a group.';
COMMENT ON COLUMN weakest_permitted.weakest_permitted IS 'The strength of the weakest method that the policy permits, bypass codes aside; none if it asks for no method; NULL if it is not known, or if nobody may log in.';
COMMENT ON COLUMN weakest_permitted.user_auth_behavior IS 'enforce (Duo asks for MFA), bypass (nobody is asked for MFA) or deny (nobody may log in).';
COMMENT ON COLUMN weakest_permitted.new_user_behavior IS 'What happens to users who are not enrolled: enroll, no-mfa (they log in without MFA) or deny.';
COMMENT ON COLUMN weakest_permitted.location_default_action IS 'For countries without a rule: ignore-location, allow-access-no-2fa, require-mfa or deny-access.';
COMMENT ON COLUMN weakest_permitted.allows_bypass IS 'Whether users may authenticate with a bypass code.';
COMMENT ON COLUMN weakest_permitted.allows_phonecall IS 'Whether users may authenticate with a phone call.';
COMMENT ON COLUMN weakest_permitted.allows_sms IS 'Whether users may authenticate with a passcode by text message.';
COMMENT ON COLUMN weakest_permitted.allows_duo_passcode IS 'Whether users may authenticate with a passcode of Duo Mobile.';
COMMENT ON COLUMN weakest_permitted.allows_hardware_token IS 'Whether users may authenticate with a passcode of a hardware token.';
COMMENT ON COLUMN weakest_permitted.allows_duo_push IS 'Whether users may authenticate with Duo Push.';
COMMENT ON COLUMN weakest_permitted.allows_duo_push_pwl IS 'Whether users may authenticate with Duo Push without a password.';
COMMENT ON COLUMN weakest_permitted.allows_desktop IS 'Whether users may authenticate with Duo Desktop.';
COMMENT ON COLUMN weakest_permitted.allows_webauthn_platform IS 'Whether users may authenticate with a platform authenticator, such as Touch ID or Windows Hello.';
COMMENT ON COLUMN weakest_permitted.allows_webauthn_platform_pwl IS 'Whether users may authenticate with a platform authenticator without a password.';
COMMENT ON COLUMN weakest_permitted.allows_webauthn_roaming IS 'Whether users may authenticate with a security key.';
COMMENT ON COLUMN weakest_permitted.allows_webauthn_roaming_pwl IS 'Whether users may authenticate with a security key without a password.';
COMMENT ON COLUMN weakest_permitted.has_no_2fa_networks IS 'Whether there are networks from which users log in without MFA.';
COMMENT ON COLUMN weakest_permitted.has_no_2fa_countries IS 'Whether there are countries from which users log in without MFA.';
COMMENT ON COLUMN weakest_permitted.remembers_browsers IS 'Whether users may have a browser remembered, and are not asked for MFA in it.';
COMMENT ON COLUMN weakest_permitted.remembers_windows_logon IS 'Whether Duo for Windows Logon remembers a device.';

CREATE OR REPLACE VIEW effective_strength AS
WITH owned AS (
  SELECT tenant, user_id, bool_or(can_push) AS can_push, bool_or(can_otp AND method_kind = 'phone') AS can_otp,
    bool_or(method_kind = 'token') AS has_token, bool_or(can_sms) AS can_sms, bool_or(can_call) AS can_call,
    bool_or(method_kind = 'webauthn') AS has_webauthn, bool_or(method_kind = 'desktop') AS has_desktop
  FROM mfa_methods GROUP BY tenant, user_id
), had AS (
  SELECT permitted.*, users.strongest AS strongest_enrolled, users.is_bypass AS bypass, users.bypass_reason AS bypass_reason,
    coalesce(regexp_matches(users.bypass_reason, 'status|group'), false) AS is_on_bypass,
    coalesce(users.is_enrolled, users.mfa_enabled) AS enrolled,
    allows_webauthn_platform OR allows_webauthn_platform_pwl AS allows_platform,
    allows_webauthn_roaming OR allows_webauthn_roaming_pwl AS allows_roaming, owned.* EXCLUDE (tenant, user_id)
  FROM weakest_permitted permitted
  JOIN users USING (tenant, user_id)
  LEFT JOIN owned USING (tenant, user_id)
), weighed AS (
  -- every way in that the user has, or needs nothing for: its rank as in mfa_methods, and whether Duo permits it
  SELECT *, list_filter([
    CASE WHEN is_on_bypass
      THEN {way: 'bypass status', rank: 0, permitted: true} END,
    CASE WHEN bypass IS NULL OR contains(bypass_reason, 'code')
      THEN {way: 'bypass code', rank: 0, permitted: CASE
        WHEN NOT allows_bypass THEN false WHEN bypass THEN allows_bypass END} END,
    {way: 'no MFA asked for', rank: 0, permitted: user_auth_behavior = 'bypass'},
    CASE WHEN location_default_action = 'allow-access-no-2fa'
      THEN {way: 'no MFA asked for in most countries', rank: 0, permitted: true} END,
    CASE WHEN NOT enrolled
      THEN {way: CASE new_user_behavior WHEN 'no-mfa' THEN 'not enrolled, let in' ELSE 'not enrolled, may enroll' END,
        rank: 0, permitted: new_user_behavior <> 'deny'} END,
    CASE WHEN can_call THEN {way: 'phone call', rank: 1, permitted: allows_phonecall} END,
    CASE WHEN can_sms THEN {way: 'text message', rank: 1, permitted: allows_sms} END,
    CASE WHEN can_otp THEN {way: 'Duo Mobile passcode', rank: 2, permitted: allows_duo_passcode} END,
    CASE WHEN has_token THEN {way: 'hardware token', rank: 2, permitted: allows_hardware_token} END,
    CASE WHEN can_push THEN {way: 'Duo Push', rank: 3, permitted: allows_duo_push OR allows_duo_push_pwl} END,
    CASE WHEN has_desktop THEN {way: 'Duo Desktop', rank: 4, permitted: allows_desktop} END,
    CASE WHEN has_webauthn
      -- Duo does not say whether a credential is a platform authenticator or a security key
      THEN {way: 'WebAuthn', rank: 5, permitted: CASE
        WHEN allows_platform AND allows_roaming THEN true WHEN NOT allows_platform AND NOT allows_roaming THEN false END} END
  ], lambda way: way IS NOT NULL AND way.permitted IS DISTINCT FROM false) AS ways
  FROM had
), ranked AS (
  SELECT *, list_filter(ways, lambda way: way.permitted) AS sure, list_filter(ways, lambda way: way.permitted IS NULL) AS doubtful,
    list_min(list_transform(sure, lambda way: way.rank)) AS sure_rank,
    list_min(list_transform(doubtful, lambda way: way.rank)) AS doubtful_rank,
    ['none', 'telephony', 'otp', 'push', 'device_bound', 'phishing_resistant'][sure_rank + 1] AS sure_strength
  FROM weighed
)
SELECT tenant, user_id, username, integration_key, application_name, is_admitted, policy_level, policy_name, group_name,
  strongest_enrolled, weakest_permitted,
  CASE
    -- Duo does not say which of the two counts
    WHEN user_auth_behavior = 'deny' THEN CASE WHEN NOT is_on_bypass THEN false END
    WHEN sure_rank IS NOT NULL THEN CASE WHEN user_auth_behavior IS NOT NULL OR is_on_bypass THEN true END
    WHEN len(doubtful) = 0 THEN false
  END AS can_log_in,
  CASE WHEN can_log_in AND sure_rank <= coalesce(doubtful_rank, sure_rank) THEN sure_strength END AS effective_strength,
  CASE WHEN can_log_in IS NOT FALSE THEN sure_strength END AS at_most,
  CASE WHEN can_log_in IS NOT FALSE THEN list_filter(sure, lambda way: way.rank = sure_rank)[1].way END AS weakest_way,
  nullif(array_to_string(list_filter([
    CASE WHEN has_no_2fa_networks THEN 'networks' END,
    CASE WHEN has_no_2fa_countries THEN 'countries' END,
    CASE WHEN remembers_browsers THEN 'remembered browsers' END,
    CASE WHEN remembers_windows_logon THEN 'remembered Windows logons' END
  ], lambda place: place IS NOT NULL), ', '), '') AS no_method_from
FROM ranked;
COMMENT ON VIEW effective_strength IS 'The weakest way into each application that its policy permits, and that the user has or needs nothing for: what an attacker with the password would choose. One row per user who can log in and application that the user may use. docs/effective-strength.md has an example.';
COMMENT ON COLUMN effective_strength.tenant IS 'The API host of the Duo tenant.';
COMMENT ON COLUMN effective_strength.user_id IS 'Duo''s id of the user.';
COMMENT ON COLUMN effective_strength.username IS 'The name the user logs in with.';
COMMENT ON COLUMN effective_strength.integration_key IS 'Duo''s id of the application.';
COMMENT ON COLUMN effective_strength.application_name IS 'The application''s name.';
COMMENT ON COLUMN effective_strength.is_admitted IS 'Whether the user may use the application; NULL if Duo does not say who may.';
COMMENT ON COLUMN effective_strength.policy_level IS 'Whose policy counts first: group, application or global.';
COMMENT ON COLUMN effective_strength.policy_name IS 'The name of this policy.';
COMMENT ON COLUMN effective_strength.group_name IS 'The group whose policy it is; NULL if it is not the policy of a group.';
COMMENT ON COLUMN effective_strength.strongest_enrolled IS 'The strength of the user''s strongest method (users.strongest), whether or not it is permitted.';
COMMENT ON COLUMN effective_strength.weakest_permitted IS 'The strength of the weakest method that the policy permits, whether or not the user has it.';
COMMENT ON COLUMN effective_strength.can_log_in IS 'Whether there is a way in; false if the policy denies it, or permits nothing that the user has; NULL if it is not known.';
COMMENT ON COLUMN effective_strength.effective_strength IS 'The strength of the weakest way in: none, telephony, otp, push, device_bound or phishing_resistant. NULL if a weaker way may exist that is not known, or if there is no way in.';
COMMENT ON COLUMN effective_strength.at_most IS 'The strength of the weakest way in that is known: effective_strength is not stronger than this.';
COMMENT ON COLUMN effective_strength.weakest_way IS 'That way: a method, bypass code, bypass status, no MFA asked for, or the enrollment of a user who is not enrolled.';
COMMENT ON COLUMN effective_strength.no_method_from IS 'Where the policy asks for no method at all: networks, countries, remembered browsers, remembered Windows logons; joined by ", ". These are not in effective_strength, which is for a login from anywhere.';
