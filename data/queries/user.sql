-- Everything that happened to one user: user=name, of whoever has or had that name.
SELECT happened_after, happened_by, event, username, method_kind, method_id, changed, before, after
FROM mfa_events
WHERE (tenant, user_id) IN (SELECT (tenant, user_id) FROM users_history WHERE username = getvariable('user'))
ORDER BY happened_by, event DESC, method_id;
