-- Every application is known to permit a method that is stronger than text messages and calls.
-- At most 0
-- Severity: high
-- Controls: nist 3.2.9
SELECT tenant, application_name, integration_key, applies_to, group_name, policy_name, strongest_allowed
FROM application_policies
WHERE upper(user_access) IS DISTINCT FROM 'NO_USERS' AND application_type NOT IN ('adminapi', 'accountsapi')
  AND user_auth_behavior IS DISTINCT FROM 'deny'
  AND coalesce(strongest_allowed, 'none') IN ('none', 'telephony')
ORDER BY tenant, application_name, integration_key, group_position, applies_to;
