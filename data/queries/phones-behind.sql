-- Phones of active users that approve logins, and whose operating system is some releases behind the newest that
-- at least two phones have.
-- One more row per tenant counts the phones of which this is not known.
-- Parameter behind: integer, default 2. How many main releases.
-- Parameter tenant: tenant, optional. Only this tenant.
WITH phones AS (
  FROM phone_systems SEMI JOIN (FROM users WHERE is_active) active USING (tenant, user_id)
  WHERE (can_push OR can_otp) AND tenant = coalesce(getvariable('tenant'), tenant)
)
SELECT * EXCLUDE (method_id)
FROM (
  SELECT tenant, username, platform, model, os_version, newest_major, os_behind, last_seen_at, method_id
  FROM phones
  WHERE os_behind >= coalesce(getvariable('behind')::INTEGER, 2)
  UNION ALL
  SELECT tenant, NULL, NULL, NULL, 'not known of ' || count(*) || if(count(*) = 1, ' phone', ' phones'), NULL, NULL, NULL, NULL
  FROM phones
  WHERE os_behind IS NULL
  GROUP BY tenant
)
ORDER BY tenant, os_behind DESC NULLS LAST, username, model, last_seen_at, method_id;
