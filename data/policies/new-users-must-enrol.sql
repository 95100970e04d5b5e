-- Every application is known to keep out users who are not enrolled, or to make them enroll.
-- At most 0
-- Severity: critical
-- Controls: cis 6.3, cis 6.4, nist AAL2, pci 8.4.2, pci 8.4.3
SELECT tenant, application_name, integration_key, applies_to, group_name, policy_name, new_user_behavior,
  user_auth_behavior, location_default_action, has_no_2fa_networks, no_2fa_requires_enrollment
FROM application_policies
WHERE upper(user_access) IS DISTINCT FROM 'NO_USERS' AND application_type NOT IN ('adminapi', 'accountsapi')
  AND user_auth_behavior IS DISTINCT FROM 'deny'
  AND (coalesce(new_user_behavior, '') NOT IN ('enroll', 'deny') OR user_auth_behavior = 'bypass'
    OR location_default_action = 'allow-access-no-2fa'
    OR has_no_2fa_networks AND no_2fa_requires_enrollment IS NOT TRUE)
ORDER BY tenant, application_name, integration_key, group_position, applies_to;
