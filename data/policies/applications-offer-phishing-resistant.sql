-- Every application is known to permit passkeys or security keys.
-- At most 0
-- Severity: medium
-- Controls: nist AAL2, cisa phishing-resistant
SELECT tenant, application_name, integration_key, applies_to, group_name, policy_name, strongest_allowed
FROM application_policies
WHERE upper(user_access) IS DISTINCT FROM 'NO_USERS' AND application_type NOT IN ('adminapi', 'accountsapi')
  AND user_auth_behavior IS DISTINCT FROM 'deny'
  AND strongest_allowed IS DISTINCT FROM 'phishing_resistant'
ORDER BY tenant, application_name, integration_key, group_position, applies_to;
