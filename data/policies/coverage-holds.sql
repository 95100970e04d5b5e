-- In no tenant is the share of active users with MFA lower than a week before.
-- At most 0
-- Severity: medium
-- A tenant that is younger than a week is compared with its first day.
WITH days AS (
  SELECT tenant, max(day) AS last, greatest(max(day) - 7, min(day)) AS before FROM coverage_daily GROUP BY tenant
)
SELECT days.tenant, earlier.day AS day_before, earlier.coverage_pct AS coverage_pct_before, latest.day, latest.coverage_pct
FROM days
JOIN coverage_daily latest ON latest.tenant = days.tenant AND latest.day = days.last
JOIN coverage_daily earlier ON earlier.tenant = days.tenant AND earlier.day = days.before
WHERE latest.mfa_enabled * earlier.users < earlier.mfa_enabled * latest.users
ORDER BY days.tenant;
