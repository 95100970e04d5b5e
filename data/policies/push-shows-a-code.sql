-- Every application that permits pushes is known to ask for a code from the login page.
-- At most 0
-- Severity: medium
-- Controls: cisa number-matching
SELECT tenant, application_name, integration_key, applies_to, group_name, policy_name, require_verified_push
FROM application_policies
WHERE upper(user_access) IS DISTINCT FROM 'NO_USERS' AND application_type NOT IN ('adminapi', 'accountsapi')
  AND user_auth_behavior IS DISTINCT FROM 'deny'
  AND (allows_duo_push IS NOT FALSE OR allows_duo_push_pwl IS NOT FALSE) AND require_verified_push IS NOT TRUE
ORDER BY tenant, application_name, integration_key, group_position, applies_to;
