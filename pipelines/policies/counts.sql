-- The counts in the summary of a run: one row per run and count.
SELECT
  lists.run_id,
  'telephony' AS name,
  'that allow text messages or calls' AS words,
  count(*) FILTER (policies.allows_sms OR policies.allows_phonecall) AS count
FROM objects.lists
LEFT JOIN rows.policies USING (run_id)
WHERE lists.list = 'policies'
GROUP BY lists.run_id
