-- The values that this version of the program does not know, and how often they occur: one row per run and sentence.
SELECT run_id, what, count(*) AS times
FROM unknown_in_policies()
GROUP BY run_id, what
ORDER BY times DESC, what
