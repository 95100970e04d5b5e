-- Users who refused several pushes, or reported fraud, and then approved one within the hour.
-- Parameter refusals: integer, default 3. How many refusals it takes; one reported fraud is enough.
-- Parameter days: integer, default 30. How many days back from the tenant's last run of the log.
-- Parameter tenant: tenant, optional. Only this tenant.
SELECT tired.tenant, tired.username, tired.occurred_at AS approved_at, tired.application_name, tired.denied, tired.fraud,
  tired.access_device_country
FROM push_fatigue tired
WHERE tired.occurred_at > (SELECT max(observed_at) FROM runs WHERE pipeline = 'auth' AND runs.tenant = tired.tenant)
    - coalesce(getvariable('days')::INTEGER, 30) * INTERVAL 1 DAY
  AND tired.tenant = coalesce(getvariable('tenant'), tired.tenant)
  AND (tired.fraud > 0 OR tired.denied >= coalesce(getvariable('refusals')::INTEGER, 3))
ORDER BY tired.tenant, tired.occurred_at DESC, tired.username;
