-- The counts in the summary of a run: one row per run and count.
WITH counted AS (
  SELECT
    lists.run_id,
    count(*) FILTER (strength = 'phishing_resistant') AS resistant,
    count(*) FILTER (NOT used_second_factor) AS without
  FROM objects.lists
  LEFT JOIN rows.authentications USING (run_id)
  GROUP BY lists.run_id
)
SELECT run_id, 'phishing_resistant' AS name, 'with a phishing-resistant factor' AS words, resistant AS count
FROM counted
UNION ALL
SELECT run_id, 'without_second_factor', 'let in without a second factor', without
FROM counted
