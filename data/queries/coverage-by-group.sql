-- How well the active members of each group are protected, the least phishing-resistant group first.
-- Parameter tenant: tenant, optional. Only this tenant.
SELECT user_groups.tenant, group_name, count(*) AS users,
  round(100.0 * count(*) FILTER (mfa_enabled) / count(*), 1)::DOUBLE AS coverage_pct,
  round(100.0 * count(*) FILTER (mfa_enabled AND has_phishing_resistant) / count(*), 1)::DOUBLE AS phishing_resistant_pct,
  count(*) FILTER (only_telephony) AS only_telephony,
  count(*) FILTER (strongest = 'none') AS unprotected
FROM user_groups JOIN users USING (tenant, user_id)
WHERE is_active AND user_groups.tenant = coalesce(getvariable('tenant'), user_groups.tenant)
GROUP BY user_groups.tenant, group_id, group_name
ORDER BY user_groups.tenant, phishing_resistant_pct, users DESC, group_name;
