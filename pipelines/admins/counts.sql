-- What the summary of a run counts: one row per run and count.
SELECT
  lists.run_id,
  'phishing_resistant' AS name,
  'with something that cannot be phished' AS words,
  count(*) FILTER (admins.has_phishing_resistant) AS count
FROM objects.lists
LEFT JOIN rows.admins USING (run_id)
WHERE lists.list = 'admins'
GROUP BY lists.run_id
