-- The counts in the summary of a run: one row per run and count.
SELECT lists.run_id, 'mfa_enabled' AS name, 'with MFA' AS words, count(*) FILTER (users.mfa_enabled) AS count
FROM objects.lists
LEFT JOIN rows.users USING (run_id)
WHERE lists.list = 'users'
GROUP BY lists.run_id
