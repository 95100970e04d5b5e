-- The methods of the active users, the most frequent first.
-- Parameter tenant: tenant, optional. Only this tenant.
SELECT tenant, method_kind, strength, methods, users, pct
FROM method_mix
WHERE tenant = coalesce(getvariable('tenant'), tenant)
ORDER BY tenant, methods DESC, method_kind, strength;
