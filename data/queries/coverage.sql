-- How coverage moved, day by day: active users, how many of them have MFA, and how many something that cannot be phished.
-- Parameter tenant: tenant, optional. Only this tenant.
SELECT day, tenant, users, mfa_enabled, coverage_pct, phishing_resistant, phishing_resistant_pct, only_telephony, bypass,
  unprotected, known_at::DATE AS known_on
FROM coverage_daily
WHERE tenant = coalesce(getvariable('tenant'), tenant)
ORDER BY tenant, day;
