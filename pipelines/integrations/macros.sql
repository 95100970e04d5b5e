-- One row per policy and target in Duo's summary: an application, or groups in an application.
CREATE MACRO policy_targets() AS TABLE
SELECT
  run_id,
  policy_key,
  policy_name,
  lower_case(target.apply_type) AS apply_type,
  target.app_integration_key AS integration_key,
  target.group_position AS group_position,
  target.groups AS groups
FROM (SELECT run_id, policy_key, policy_name, unnest(policy_applies_to) AS target FROM objects.policy_summaries);
