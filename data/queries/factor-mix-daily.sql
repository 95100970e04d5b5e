-- The strongest methods of the active users, counted at the end of each day.
-- Parameter tenant: tenant, optional. Only this tenant.
SELECT coverage_daily.tenant, day,
  count(*) FILTER (strongest = 'phishing_resistant') AS phishing_resistant,
  count(*) FILTER (strongest = 'device_bound') AS device_bound,
  count(*) FILTER (strongest = 'push') AS push,
  count(*) FILTER (strongest = 'otp') AS otp,
  count(*) FILTER (strongest = 'telephony') AS telephony,
  count(*) FILTER (strongest = 'none') AS "none"
FROM coverage_daily
JOIN users_history
  ON users_history.tenant = coverage_daily.tenant AND valid_from <= known_at AND (valid_to IS NULL OR valid_to > known_at)
WHERE is_active AND coverage_daily.tenant = coalesce(getvariable('tenant'), coverage_daily.tenant)
GROUP BY coverage_daily.tenant, day
ORDER BY coverage_daily.tenant, day;
