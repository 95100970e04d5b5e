-- Who had which phone at the end of a day: day=2026-11-20, and number=+15550100123 or a part of it, or user=name.
SELECT username, realname, number, platform, model, activated, capabilities, valid_from, valid_to
FROM mfa_methods_history
WHERE method_kind = 'phone'
  AND valid_from < coalesce(getvariable('day')::DATE + 1, (SELECT max(observed_at) + INTERVAL 1 DAY FROM runs))
  AND (valid_to IS NULL OR valid_to >= coalesce(getvariable('day')::DATE + 1, (SELECT max(observed_at) + INTERVAL 1 DAY FROM runs)))
  AND contains(coalesce(number, ''), coalesce(getvariable('number'), ''))
  AND username = coalesce(getvariable('user'), username)
ORDER BY username, method_id;
