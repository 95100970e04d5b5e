-- Users who were added, removed or came back in the last days, and how the new ones are protected now.
-- Parameter days: integer, default 30. How many days back from the tenant's last run.
-- Parameter tenant: tenant, optional. Only this tenant.
SELECT mfa_events.tenant, happened_by::DATE AS day, substr(event, 6) AS event, mfa_events.username, users.strongest,
  users.method_count
FROM mfa_events LEFT JOIN users USING (tenant, user_id)
WHERE event IN ('user_added', 'user_removed', 'user_reappeared')
  AND happened_by > (SELECT max(observed_at) FROM runs WHERE pipeline = 'mfa' AND runs.tenant = mfa_events.tenant)
    - coalesce(getvariable('days')::INTEGER, 30) * INTERVAL 1 DAY
  AND mfa_events.tenant = coalesce(getvariable('tenant'), mfa_events.tenant)
ORDER BY mfa_events.tenant, happened_by, event, username;
