-- Authenticators of active users that no login in the log has used, and the share of logins that name one at all.
-- Parameter tenant: tenant, optional. Only this tenant.
SELECT tenant, username, method_kind, strength, platform, model, label, last_login_at, log_begins, named_pct
FROM enrolled_never_used
WHERE tenant = coalesce(getvariable('tenant'), tenant)
ORDER BY tenant, username, method_kind, method_id;
