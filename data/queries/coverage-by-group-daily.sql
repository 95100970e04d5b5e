-- How well the active members of each group were protected at the end of each day. A renamed group has its last name.
-- Parameter group: text, optional. Only groups with this in their name, in upper or lower case.
-- Parameter days: integer, default 30. How many days back from the tenant's last run.
-- Parameter tenant: tenant, optional. Only this tenant.
SELECT tenant, group_name, day, users, coverage_pct, phishing_resistant_pct, only_telephony, bypass, bypass_at_least,
  unprotected, known_at::DATE AS known_on
FROM coverage_by_group_daily
WHERE contains(lower(coalesce(group_name, '')), lower(coalesce(getvariable('group'), '')))
  AND day > (
    SELECT max(observed_at) FROM runs WHERE pipeline = 'mfa' AND runs.tenant = coverage_by_group_daily.tenant
  )::DATE - coalesce(getvariable('days')::INTEGER, 30)
  AND tenant = coalesce(getvariable('tenant'), tenant)
ORDER BY tenant, group_name, group_id, day;
