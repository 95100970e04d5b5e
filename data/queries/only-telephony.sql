-- Active users whose strongest method is text messages or calls: the ones to move next.
-- Parameter tenant: tenant, optional. Only this tenant.
SELECT tenant, username, realname, email, method_count, last_login_at, group_names
FROM users
WHERE is_active AND only_telephony AND tenant = coalesce(getvariable('tenant'), tenant)
ORDER BY tenant, last_login_at DESC NULLS LAST, username;
