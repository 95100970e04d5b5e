-- Contradictions in the list of policies, and how often each occurs. Every tenant has exactly one global policy.
WITH global_policies AS (
  SELECT lists.run_id, count(*) FILTER (is_global_policy) AS times
  FROM objects.lists
  JOIN objects.policies USING (run_id)
  WHERE lists.list = 'policies' AND lists.is_whole
  GROUP BY lists.run_id
)
SELECT run_id, 'none of the policies is global' AS what, 1 AS times FROM global_policies WHERE times = 0
UNION ALL
SELECT run_id, 'several policies are global', times FROM global_policies WHERE times > 1
