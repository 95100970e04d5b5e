-- All events of one user, a row per changed attribute. If several users have or had the name, the events of all of them.
-- Parameter user: user, required. The name, in upper or lower case.
-- Parameter tenant: tenant, optional. Only this tenant.
SELECT tenant, username, event, attribute, before_text, after_text, method_kind, method_id, happened_after, happened_by
FROM mfa_events
WHERE (tenant, user_id) IN (
    SELECT (tenant, user_id) FROM users_history WHERE lower(username) = lower(getvariable('user'))
  )
  AND tenant = coalesce(getvariable('tenant'), tenant)
ORDER BY tenant, happened_by, event DESC, method_id, attribute;
