-- Contradictions between Duo's lists, and how often each occurs. Every tenant has exactly one global policy, and an
-- application has at most one policy of its own.
WITH
global_policies AS (
  SELECT lists.run_id, count(*) FILTER (is_global_policy) AS times
  FROM objects.lists
  JOIN objects.policies USING (run_id)
  WHERE lists.list = 'policies' AND lists.is_whole
  GROUP BY lists.run_id
)
SELECT run_id, 'none of the policies is global' AS what, 1 AS times FROM global_policies WHERE times = 0
UNION ALL
SELECT run_id, 'several policies are global', times FROM global_policies WHERE times > 1
UNION ALL
SELECT run_id, 'the list of integrations and the summary of policies name different policies of an application', count(*)
FROM (SELECT run_id, integration_key, policy_key AS own_key FROM objects.integrations WHERE policy_key <> '') AS listed
JOIN policy_targets() USING (run_id, integration_key)
WHERE apply_type = 'app' AND own_key <> policy_key
GROUP BY run_id
