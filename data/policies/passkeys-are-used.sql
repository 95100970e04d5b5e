-- Nobody with a passkey or a security key logged in with a text message or a call in the last 30 days.
-- At most 0
-- Severity: medium
-- Controls: cisa last-resort
SELECT weak.tenant, weak.user_id, weak.username, weak.factor, count(*) AS logins, max(weak.occurred_at) AS last_at
FROM strong_but_used_weak weak
JOIN (SELECT tenant, max(observed_at) AS observed_at FROM runs WHERE pipeline = 'auth' GROUP BY tenant) last USING (tenant)
WHERE weak.strength = 'telephony' AND weak.occurred_at > last.observed_at - INTERVAL 30 DAY
GROUP BY ALL
ORDER BY weak.tenant, weak.username, weak.factor;
