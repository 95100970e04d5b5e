-- Every member of a privileged group has a passkey or a security key.
-- At most 0
-- Severity: high
-- Controls: nist AAL3, cisa phishing-resistant
SELECT users.tenant, users.user_id, users.username, users.strongest,
  string_agg(user_groups.group_name, ', ' ORDER BY user_groups.group_name) AS privileged_groups
FROM user_groups JOIN users USING (tenant, user_id)
WHERE is_privileged(user_groups.group_name)
  AND (users.is_active OR users.is_bypass) AND NOT users.has_phishing_resistant
GROUP BY ALL
ORDER BY users.tenant, users.username;
