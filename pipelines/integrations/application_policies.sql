-- One row per application for everyone, and one per application and group that has a policy of its own.
WITH
-- if none or several are global, it is not known which one counts
global_policies AS (
  SELECT run_id, any_value(policy_key) AS policy_key, any_value(sections) AS sections
  FROM objects.policies
  WHERE is_global_policy
  GROUP BY run_id
  HAVING count(*) = 1
),
-- the policies of whole applications, by the summary
applied AS (
  SELECT run_id, integration_key, min(policy_key) AS policy_key
  FROM policy_targets()
  WHERE apply_type = 'app'
  GROUP BY run_id, integration_key
),
applications AS (
  SELECT
    listed.run_id,
    listed.observed_at,
    listed.tenant,
    listed.integration_key,
    null_if_empty(listed.name) AS application_name,
    null_if_empty(listed.type) AS application_type,
    null_if_empty(listed.user_access) AS user_access,
    coalesce(null_if_empty(listed.policy_key), applied.policy_key) AS own_key,
    own.sections AS own_sections,
    -- the application's policy is not in the list, so it is not known what it sets and what it leaves to the global one
    own_key IS NOT NULL AND own.policy_key IS NULL AS is_lost,
    global_policies.policy_key AS global_key,
    CASE WHEN NOT is_lost THEN global_policies.sections END AS global_sections
  FROM objects.integrations AS listed
  LEFT JOIN applied USING (run_id, integration_key)
  LEFT JOIN objects.policies AS own
    ON own.run_id = listed.run_id AND own.policy_key = coalesce(null_if_empty(listed.policy_key), applied.policy_key)
  LEFT JOIN global_policies ON global_policies.run_id = listed.run_id
),
-- the policy that is on top for a group of an application
tops AS (
  SELECT run_id, integration_key, policy_key, group_position, g.group_id AS group_id, g.group_name AS group_name
  FROM (
    SELECT run_id, integration_key, policy_key, group_position, unnest(groups) AS g
    FROM policy_targets()
    WHERE apply_type = 'group_app'
  )
  WHERE g.group_id <> ''
  QUALIFY row_number() OVER (
    PARTITION BY run_id, integration_key, g.group_id
    ORDER BY group_position NULLS LAST, policy_key, g.group_name
  ) = 1
),
targets AS (
  SELECT
    * EXCLUDE (own_key, own_sections, is_lost, global_key, global_sections),
    'everyone' AS applies_to,
    NULL::VARCHAR AS group_id,
    NULL::VARCHAR AS group_name,
    NULL::BIGINT AS group_position,
    CASE WHEN own_key IS NULL OR own_key IS NOT DISTINCT FROM global_key THEN 'global' ELSE 'application' END
      AS policy_level,
    coalesce(own_key, global_key) AS policy_key,
    effective_sections(own_sections, own_sections, global_sections) AS sections
  FROM applications
  UNION ALL BY NAME
  SELECT
    applications.* EXCLUDE (own_key, own_sections, is_lost, global_key, global_sections),
    tops.group_id AS applies_to,
    tops.group_id,
    null_if_empty(tops.group_name) AS group_name,
    tops.group_position,
    'group' AS policy_level,
    tops.policy_key,
    -- a policy that is not in the list may set anything
    CASE
      WHEN policies.policy_key IS NOT NULL THEN effective_sections(policies.sections, own_sections, global_sections)
    END AS sections
  FROM tops
  JOIN applications USING (run_id, integration_key)
  LEFT JOIN objects.policies ON policies.run_id = tops.run_id AND policies.policy_key = tops.policy_key
),
listed AS (SELECT *, method_lists(sections.authentication_methods) AS methods FROM targets),
ranked AS (SELECT *, allowed_ranks(methods) AS ranks FROM listed),
-- materialized, because DuckDB would otherwise make the whole struct again for each of its fields
cells AS MATERIALIZED (SELECT *, policy_settings(sections, methods, ranks) AS settings FROM ranked)
SELECT
  cells.* EXCLUDE (sections, methods, ranks, settings),
  coalesce(null_if_empty(policies.policy_name), null_if_empty(summaries.policy_name)) AS policy_name,
  unnest(settings)
FROM cells
LEFT JOIN objects.policies ON policies.run_id = cells.run_id AND policies.policy_key = cells.policy_key
LEFT JOIN objects.policy_summaries AS summaries
  ON summaries.run_id = cells.run_id AND summaries.policy_key = cells.policy_key
