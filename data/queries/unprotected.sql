-- Active users without a method that protects them: they have no method, or none that works.
-- Parameter tenant: tenant, optional. Only this tenant.
SELECT tenant, username, realname, email, method_count, last_login_at, created_at, group_names
FROM users
WHERE is_active AND strongest = 'none' AND tenant = coalesce(getvariable('tenant'), tenant)
ORDER BY tenant, last_login_at DESC NULLS LAST, username;
