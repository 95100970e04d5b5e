-- No member of a privileged group can log in without a method.
-- At most 0
-- Severity: critical
-- Controls: cis 6.5, pci 8.4.1
SELECT users.tenant, users.user_id, users.username, users.strongest, users.bypass_reason,
  string_agg(user_groups.group_name, ', ' ORDER BY user_groups.group_name) AS privileged_groups
FROM user_groups JOIN users USING (tenant, user_id)
WHERE is_privileged(user_groups.group_name)
  AND (users.is_active AND (users.mfa_enabled IS NOT TRUE OR users.strongest = 'none') OR users.is_bypass)
GROUP BY ALL
ORDER BY users.tenant, users.username;
