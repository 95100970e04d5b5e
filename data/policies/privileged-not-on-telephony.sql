-- No member of a privileged group has text messages or calls as the strongest method.
-- At most 0
-- Severity: high
-- Controls: cisa last-resort
SELECT users.tenant, users.user_id, users.username, string_agg(user_groups.group_name, ', ' ORDER BY user_groups.group_name) AS privileged_groups
FROM user_groups JOIN users USING (tenant, user_id)
WHERE is_privileged(user_groups.group_name)
  AND (users.is_active OR users.is_bypass) AND users.only_telephony
GROUP BY ALL
ORDER BY ALL;
