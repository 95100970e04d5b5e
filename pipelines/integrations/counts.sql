-- The counts in the summary of a run: one row per run and count.
SELECT
  lists.run_id,
  'own_policy' AS name,
  'with a policy of their own' AS words,
  count(*) FILTER (integrations.policy_key IS NOT NULL) AS count
FROM objects.lists
LEFT JOIN rows.integrations USING (run_id)
WHERE lists.list = 'integrations'
GROUP BY lists.run_id
