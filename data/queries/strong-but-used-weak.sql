-- Users who have a phishing-resistant method and logged in with a weaker factor: which, how often, and when last.
-- Parameter days: integer, default 30. How many days back from the tenant's last run of the log.
-- Parameter tenant: tenant, optional. Only this tenant.
SELECT uses.tenant, users.username, uses.factor, uses.strength, count(*) AS logins, max(uses.occurred_at) AS last_used_at,
  count(DISTINCT uses.application_name) AS applications
FROM authentications uses JOIN users USING (tenant, user_id)
WHERE users.has_phishing_resistant AND uses.result = 'success' AND uses.used_second_factor
  AND uses.strength <> 'phishing_resistant'
  AND uses.occurred_at > (SELECT max(observed_at) FROM runs WHERE pipeline = 'auth' AND runs.tenant = uses.tenant)
    - coalesce(getvariable('days')::INTEGER, 30) * INTERVAL 1 DAY
  AND uses.tenant = coalesce(getvariable('tenant'), uses.tenant)
GROUP BY uses.tenant, users.user_id, users.username, uses.factor, uses.strength
ORDER BY uses.tenant, logins DESC, users.username, uses.factor;
