-- Users who can log in now without any method, why, and since when; the longest bypass first.
-- One more row per tenant counts the users for whom this is not known because the bypass codes could not be read.
-- Parameter tenant: tenant, optional. Only this tenant.
SELECT tenant, username, realname, status, bypass_reason, since, days, last_login_at
FROM bypasses
WHERE tenant = coalesce(getvariable('tenant'), tenant)
UNION ALL
SELECT tenant, NULL, NULL, NULL, 'not known of ' || count(*) || ' users', NULL, NULL, NULL
FROM users
WHERE is_bypass IS NULL AND tenant = coalesce(getvariable('tenant'), tenant)
GROUP BY tenant
ORDER BY tenant, since NULLS LAST, username;
