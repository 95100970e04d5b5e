-- One row per policy.
WITH
listed AS (SELECT *, method_lists(sections.authentication_methods) AS methods FROM objects.policies),
ranked AS (SELECT *, allowed_ranks(methods) AS ranks FROM listed),
-- materialized, because DuckDB would otherwise make the whole struct again for each of its fields
cells AS MATERIALIZED (SELECT *, policy_settings(sections, methods, ranks) AS settings FROM ranked)
SELECT
  run_id,
  observed_at,
  tenant,
  policy_key,
  null_if_empty(policy_name) AS policy_name,
  is_global_policy,
  section_names(sections) AS sections,
  unnest(settings)
FROM cells
