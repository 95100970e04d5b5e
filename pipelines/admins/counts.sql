-- The counts in the summary of a run: one row per run and count.
SELECT
  lists.run_id,
  'phishing_resistant' AS name,
  'with a phishing-resistant factor' AS words,
  count(*) FILTER (admins.has_phishing_resistant) AS count
FROM objects.lists
LEFT JOIN rows.admins USING (run_id)
WHERE lists.list = 'admins'
GROUP BY lists.run_id
