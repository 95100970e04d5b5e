-- Every application is known to refuse text messages and calls.
-- At most 0
-- Severity: medium
SELECT tenant, application_name, integration_key, applies_to, group_name, policy_name, allows_sms, allows_phonecall
FROM application_policies
WHERE upper(user_access) IS DISTINCT FROM 'NO_USERS' AND application_type NOT IN ('adminapi', 'accountsapi')
  AND user_auth_behavior IS DISTINCT FROM 'deny'
  AND (allows_sms IS NOT FALSE OR allows_phonecall IS NOT FALSE)
ORDER BY tenant, application_name, integration_key, group_position, applies_to;
