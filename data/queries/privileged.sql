-- Members of groups whose name has group=admin in it who have nothing that cannot be phished.
SELECT user_groups.group_name, users.username, users.realname, users.status, users.strongest, users.weakest,
  users.last_login_at
FROM user_groups JOIN users USING (tenant, user_id)
WHERE contains(lower(user_groups.group_name), lower(coalesce(getvariable('group'), 'admin')))
  AND users.status IN ('active', 'bypass') AND NOT users.has_phishing_resistant
ORDER BY user_groups.group_name, users.strongest, users.username;
