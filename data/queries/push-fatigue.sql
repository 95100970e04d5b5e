-- Users who refused several pushes, or reported fraud, and then approved one within the hour.
-- Parameter refusals: integer, default 3. How many refusals it takes; one reported fraud is enough.
-- Parameter days: integer, default 30. How many days back from the tenant's last run of the log.
-- Parameter tenant: tenant, optional. Only this tenant.
WITH pushes AS (
  FROM authentications
  WHERE event_type = 'authentication' AND factor IN ('duo_push', 'verified_duo_push') AND user_id IS NOT NULL
    AND occurred_at > (SELECT max(observed_at) FROM runs WHERE pipeline = 'auth' AND runs.tenant = authentications.tenant)
      - coalesce(getvariable('days')::INTEGER, 30) * INTERVAL 1 DAY
)
SELECT approved.tenant, approved.username, approved.occurred_at AS approved_at, approved.application_name,
  count(*) FILTER (refused.result = 'denied') AS denied, count(*) FILTER (refused.result = 'fraud') AS fraud,
  approved.access_device_country
FROM pushes approved
JOIN pushes refused ON refused.tenant = approved.tenant AND refused.user_id = approved.user_id
  AND refused.result IN ('denied', 'fraud')
  AND refused.occurred_at BETWEEN approved.occurred_at - INTERVAL 1 HOUR AND approved.occurred_at
WHERE approved.result = 'success' AND approved.tenant = coalesce(getvariable('tenant'), approved.tenant)
GROUP BY approved.tenant, approved.txid, approved.username, approved.occurred_at, approved.application_name,
  approved.access_device_country
HAVING count(*) FILTER (refused.result = 'denied') >= coalesce(getvariable('refusals')::INTEGER, 3)
  OR count(*) FILTER (refused.result = 'fraud') > 0
ORDER BY approved.tenant, approved.occurred_at DESC, approved.username;
