-- Methods that were added in the last days to users who had others already, as an attacker would do.
-- Parameter days: integer, default 7. How many days back from the tenant's last run.
-- Parameter tenant: tenant, optional. Only this tenant.
SELECT c.tenant, c.happened_after, c.happened_by, c.username, c.method_kind, c.strength, c.platform, c.model, c.number,
  c.label, users.method_count, users.last_login_at
FROM mfa_methods_changes c JOIN users USING (tenant, user_id)
WHERE c.event IN ('added', 'reappeared')
  AND c.happened_by > (SELECT max(observed_at) FROM runs WHERE pipeline = 'mfa' AND runs.tenant = c.tenant)
    - coalesce(getvariable('days')::INTEGER, 7) * INTERVAL 1 DAY
  AND c.tenant = coalesce(getvariable('tenant'), c.tenant)
  AND EXISTS (
    FROM mfa_methods_history other
    WHERE other.tenant = c.tenant AND other.user_id = c.user_id AND other.valid_from < c.happened_by
  )
ORDER BY c.tenant, c.happened_by DESC, c.username, c.method_id;
