-- Users who lost their last phishing-resistant method in the last days before the last run.
-- Parameter days: integer, default 7. How many days back from the tenant's last run.
-- Parameter tenant: tenant, optional. Only this tenant.
SELECT tenant, username, realname, lost_after, lost_by, was, strongest
FROM regressions
WHERE lost_by > (SELECT max(observed_at) FROM runs WHERE pipeline = 'mfa' AND runs.tenant = regressions.tenant)
    - coalesce(getvariable('days')::INTEGER, 7) * INTERVAL 1 DAY
  AND tenant = coalesce(getvariable('tenant'), tenant)
ORDER BY tenant, lost_by DESC, username;
