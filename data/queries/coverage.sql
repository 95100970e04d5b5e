-- MFA coverage per day: active users, those with MFA, and those with a phishing-resistant method.
-- Parameter tenant: tenant, optional. Only this tenant.
SELECT day, tenant, users, mfa_enabled, coverage_pct, phishing_resistant, phishing_resistant_pct, only_telephony, bypass,
  unprotected, known_at::DATE AS known_on
FROM coverage_daily
WHERE tenant = coalesce(getvariable('tenant'), tenant)
ORDER BY tenant, day;
