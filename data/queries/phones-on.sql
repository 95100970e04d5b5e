-- Users and their phones at the end of a day.
-- Parameter day: day, optional. The day, such as 2026-11-20. Without it, the day of the last run.
-- Parameter number: text, optional. Only numbers that contain this text.
-- Parameter user: user, optional. Only this user.
-- Parameter tenant: tenant, optional. Only this tenant.
SELECT tenant, username, realname, number, platform, model, activated, capabilities
FROM mfa_methods_asof(coalesce(getvariable('day')::DATE + 1, (SELECT max(observed_at) + INTERVAL 1 DAY FROM runs WHERE pipeline = 'mfa')))
WHERE method_kind = 'phone'
  AND contains(coalesce(number, ''), coalesce(getvariable('number'), ''))
  AND (getvariable('user') IS NULL OR lower(username) = lower(getvariable('user')))
  AND tenant = coalesce(getvariable('tenant'), tenant)
ORDER BY tenant, username, method_id;
