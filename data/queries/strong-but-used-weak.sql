-- Users who have a phishing-resistant method and logged in with a weaker factor: which, how often, and when last.
-- Parameter days: integer, default 30. How many days back from the tenant's last run of the log.
-- Parameter tenant: tenant, optional. Only this tenant.
SELECT weak.tenant, weak.username, weak.factor, weak.strength, count(*) AS logins, max(weak.occurred_at) AS last_used_at,
  count(DISTINCT weak.application_name) AS applications
FROM strong_but_used_weak weak
WHERE weak.occurred_at > (SELECT max(observed_at) FROM runs WHERE pipeline = 'auth' AND runs.tenant = weak.tenant)
    - coalesce(getvariable('days')::INTEGER, 30) * INTERVAL 1 DAY
  AND weak.tenant = coalesce(getvariable('tenant'), weak.tenant)
GROUP BY weak.tenant, weak.user_id, weak.username, weak.factor, weak.strength
ORDER BY weak.tenant, logins DESC, weak.username, weak.factor;
