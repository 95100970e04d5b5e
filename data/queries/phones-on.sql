-- Who had which phone at the end of a day: day=2026-11-20, and number=+15550100123 or a part of it, or user=name.
SELECT username, realname, number, platform, model, activated, capabilities
FROM mfa_methods_asof(coalesce(getvariable('day')::DATE + 1, (SELECT max(observed_at) + INTERVAL 1 DAY FROM runs WHERE pipeline = 'mfa')))
WHERE method_kind = 'phone'
  AND contains(coalesce(number, ''), coalesce(getvariable('number'), ''))
  AND username = coalesce(getvariable('user'), username)
ORDER BY username, method_id;
