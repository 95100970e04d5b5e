-- The strongest methods of the active users, counted at the end of each day.
-- Parameter tenant: tenant, optional. Only this tenant.
SELECT run_days.tenant, day,
  count(*) FILTER (strongest = 'phishing_resistant') AS phishing_resistant,
  count(*) FILTER (strongest = 'device_bound') AS device_bound,
  count(*) FILTER (strongest = 'push') AS push,
  count(*) FILTER (strongest = 'otp') AS otp,
  count(*) FILTER (strongest = 'telephony') AS telephony,
  count(*) FILTER (strongest = 'none') AS "none"
FROM run_days
JOIN users_history
  ON users_history.tenant = run_days.tenant AND valid_from <= known_at AND (valid_to IS NULL OR valid_to > known_at)
WHERE is_active AND run_days.tenant = coalesce(getvariable('tenant'), run_days.tenant)
GROUP BY run_days.tenant, day
ORDER BY run_days.tenant, day;
