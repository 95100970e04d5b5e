-- The values that this version of the program does not know, and how often they occur: one row per run and sentence.
WITH
enumerated AS (
  SELECT run_id, 'user_access' AS what, user_access AS field FROM objects.integrations
  UNION ALL
  SELECT run_id, 'apply_type', apply_type FROM policy_targets()
),
group_targets AS (
  SELECT run_id, groups, list_filter(groups, lambda g: coalesce(g.group_id, '') = '') AS nameless
  FROM policy_targets()
  WHERE apply_type = 'group_app'
),
unknown AS (
  SELECT run_id, what FROM unknown_in_policies()
  UNION ALL
  SELECT run_id, 'unknown ' || what || ': ' || shown(field) || CASE what
    WHEN 'apply_type' THEN ', left out'
    ELSE ', kept as it is'
  END
  FROM enumerated
  WHERE field <> '' AND NOT is_known(what, field)
  UNION ALL
  SELECT run_id, 'policy for groups of an application without the groups, left out'
  FROM group_targets
  WHERE len(groups) = 0
  UNION ALL
  SELECT run_id, 'group of a policy without an id, left out'
  FROM (SELECT run_id, unnest(nameless) FROM group_targets)
  UNION ALL
  SELECT targets.run_id, 'policy of an application that is not listed, left out'
  FROM policy_targets() AS targets
  JOIN objects.lists ON lists.run_id = targets.run_id AND lists.list = 'integrations' AND lists.is_whole
  LEFT JOIN objects.integrations
    ON integrations.run_id = targets.run_id AND integrations.integration_key = targets.integration_key
  WHERE targets.apply_type IN ('app', 'group_app') AND integrations.run_id IS NULL
  UNION ALL
  SELECT integrations.run_id, 'application with a policy that is not listed, its settings left NULL'
  FROM objects.integrations
  JOIN objects.lists ON lists.run_id = integrations.run_id AND lists.list = 'policies' AND lists.is_whole
  LEFT JOIN objects.policies
    ON policies.run_id = integrations.run_id AND policies.policy_key = integrations.policy_key
  WHERE integrations.policy_key <> '' AND policies.run_id IS NULL
)
SELECT run_id, what, count(*) AS times
FROM unknown
GROUP BY run_id, what
ORDER BY times DESC, what
