-- Users who can log in and are at risk, and why; the last to log in comes first.
-- Parameter tenant: tenant, optional. Only this tenant.
SELECT tenant, username, reason, status, strongest, bypass_reason, last_login_at, group_names
FROM users_at_risk
WHERE tenant = coalesce(getvariable('tenant'), tenant)
ORDER BY tenant, last_login_at DESC NULLS LAST, len(string_split(reason, ', ')) DESC, username;
