-- All tenants, how well each is protected, and when it was read last: the least covered first, the retired ones last.
-- Parameter tenant: tenant, optional. Only this tenant.
SELECT tenant, users, coverage_pct, coverage_change, phishing_resistant_pct, phishing_resistant_change, unprotected,
  only_telephony, bypass, bypass_at_least, last_run_at, days_behind, complete, is_retired
FROM tenants
WHERE tenant = coalesce(getvariable('tenant'), tenant)
ORDER BY is_retired, coverage_pct, tenant;
