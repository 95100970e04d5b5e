-- Authenticators of active users that no login in the log has used, and the share of logins that name one at all.
-- Parameter tenant: tenant, optional. Only this tenant.
WITH named AS (
  SELECT tenant, min(occurred_at) AS log_begins, round(100.0 * count(method_id) / count(*), 1)::DOUBLE AS named_pct
  FROM authentications WHERE result = 'success' AND used_second_factor GROUP BY tenant
)
SELECT methods.tenant, users.username, methods.method_kind, methods.strength, methods.platform, methods.model, methods.label,
  users.last_login_at, named.log_begins, named.named_pct
FROM mfa_methods methods
JOIN users USING (tenant, user_id)
JOIN named USING (tenant)
ANTI JOIN method_last_used USING (tenant, user_id, method_id)
WHERE users.is_active AND methods.tenant = coalesce(getvariable('tenant'), methods.tenant)
ORDER BY methods.tenant, users.username, methods.method_kind, methods.method_id;
