-- Logins that Duo let in without a second factor, by the reason: a bypass, a remembered device, a trusted network, or others.
-- Parameter days: integer, default 30. How many days back from the tenant's last run of the log.
-- Parameter tenant: tenant, optional. Only this tenant.
SELECT logins.tenant, logins.why, logins.reason, count(*) AS logins, count(DISTINCT logins.user_id) AS users,
  count(DISTINCT logins.application_name) AS applications, max(logins.occurred_at) AS last_at
FROM logins_without_second_factor logins
WHERE logins.occurred_at > (SELECT max(observed_at) FROM runs WHERE pipeline = 'auth' AND runs.tenant = logins.tenant)
    - coalesce(getvariable('days')::INTEGER, 30) * INTERVAL 1 DAY
  AND logins.tenant = coalesce(getvariable('tenant'), logins.tenant)
GROUP BY logins.tenant, logins.why, logins.reason
ORDER BY logins.tenant, count(*) DESC, logins.why, logins.reason;
