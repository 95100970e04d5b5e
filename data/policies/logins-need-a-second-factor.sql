-- Nobody logged in without a second factor in the last 30 days, remembered devices aside.
-- At most 0
-- Severity: high
-- Controls: cis 6.3, cis 6.4, pci 8.4.2, pci 8.4.3, pci 8.5.1
SELECT logins.tenant, logins.user_id, logins.username, logins.why, count(*) AS logins, max(logins.occurred_at) AS last_at
FROM logins_without_second_factor logins
JOIN (SELECT tenant, max(observed_at) AS observed_at FROM runs WHERE pipeline = 'auth' GROUP BY tenant) last USING (tenant)
WHERE logins.tenant IN (SELECT tenant FROM users)
  AND logins.why <> 'remembered device' AND logins.occurred_at > last.observed_at - INTERVAL 30 DAY
GROUP BY ALL
ORDER BY logins.tenant, logins.username, logins.why;
