-- Users who were let in by a bypass code or by status bypass: how often, where to, and when last.
-- Parameter days: integer, default 30. How many days back from the tenant's last run of the log.
-- Parameter tenant: tenant, optional. Only this tenant.
SELECT used.tenant, used.username, used.why, count(*) AS logins, max(used.occurred_at) AS last_used_at,
  string_agg(DISTINCT used.application_name, ', ' ORDER BY used.application_name) AS applications
FROM bypass_used used
WHERE used.occurred_at > (SELECT max(observed_at) FROM runs WHERE pipeline = 'auth' AND runs.tenant = used.tenant)
    - coalesce(getvariable('days')::INTEGER, 30) * INTERVAL 1 DAY
  AND used.tenant = coalesce(getvariable('tenant'), used.tenant)
GROUP BY used.tenant, used.user_id, used.username, used.why
ORDER BY used.tenant, logins DESC, used.username, used.why;
