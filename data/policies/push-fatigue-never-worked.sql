-- Nobody approved a push in the last 30 days within an hour of refusing three, or of reporting a fraud.
-- At most 0
-- Severity: high
SELECT approved.tenant, approved.user_id, approved.username, approved.occurred_at, approved.application_name,
  approved.denied, approved.fraud
FROM push_fatigue approved
JOIN (SELECT tenant, max(observed_at) AS observed_at FROM runs WHERE pipeline = 'auth' GROUP BY tenant) last USING (tenant)
WHERE approved.tenant IN (SELECT tenant FROM users)
  AND approved.occurred_at > last.observed_at - INTERVAL 30 DAY AND (approved.denied >= 3 OR approved.fraud > 0)
ORDER BY approved.tenant, approved.occurred_at, approved.txid;
