-- Every application is known to keep out users who are not enrolled, or to make them enroll.
-- At most 0
-- Severity: critical
-- Controls: cis 6.3, cis 6.4, nist AAL2, pci 8.4.2, pci 8.4.3
SELECT tenant, application_name, integration_key, applies_to, group_name, policy_name, new_user_behavior
FROM application_policies
WHERE user_access IS DISTINCT FROM 'NO_USERS' AND user_auth_behavior IS DISTINCT FROM 'deny'
  AND coalesce(new_user_behavior, 'no-mfa') = 'no-mfa'
ORDER BY tenant, application_name, integration_key, group_position;
