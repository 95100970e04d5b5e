-- Changes of users and of their methods in the last days before the last run, the newest first: a row per attribute.
-- Parameter days: integer, default 7. How many days back from the tenant's last run.
-- Parameter tenant: tenant, optional. Only this tenant.
SELECT tenant, username, event, attribute, before_text, after_text, method_kind, method_id, happened_after, happened_by
FROM mfa_events
WHERE happened_by > (SELECT max(observed_at) FROM runs WHERE pipeline = 'mfa' AND runs.tenant = mfa_events.tenant)
    - coalesce(getvariable('days')::INTEGER, 7) * INTERVAL 1 DAY
  AND tenant = coalesce(getvariable('tenant'), tenant)
ORDER BY tenant, happened_by DESC, username, event, method_id, attribute;
