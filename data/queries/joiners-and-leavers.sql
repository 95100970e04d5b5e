-- Who came, who went, and who came back in the last days=30, and how the new ones are protected now.
SELECT happened_by::DATE AS day, substr(event, 6) AS event, mfa_events.username, users.strongest, users.method_count
FROM mfa_events LEFT JOIN users USING (tenant, user_id)
WHERE event IN ('user_added', 'user_removed', 'user_reappeared')
  AND happened_by > (SELECT max(observed_at) FROM runs WHERE pipeline = 'mfa') - coalesce(getvariable('days')::INTEGER, 30) * INTERVAL 1 DAY
ORDER BY happened_by, event, username;
