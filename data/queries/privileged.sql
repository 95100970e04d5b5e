-- Members of privileged groups who can log in and have no phishing-resistant method.
-- Parameter group: text, optional. A word in the names of groups, instead of those that are privileged.
-- Parameter tenant: tenant, optional. Only this tenant.
SELECT user_groups.tenant, user_groups.group_name, users.username, users.realname, users.status, users.strongest,
  users.weakest, users.last_login_at
FROM user_groups JOIN users USING (tenant, user_id)
WHERE coalesce(contains(lower(user_groups.group_name), lower(getvariable('group'))), is_privileged(user_groups.group_name))
  AND (users.is_active OR users.is_bypass) AND NOT users.has_phishing_resistant
  AND user_groups.tenant = coalesce(getvariable('tenant'), user_groups.tenant)
ORDER BY user_groups.tenant, user_groups.group_name, users.strongest, users.username;
