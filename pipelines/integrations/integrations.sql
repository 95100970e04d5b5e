-- One row per application.
WITH
group_targets AS (
  SELECT DISTINCT run_id, integration_key, true AS is_target
  FROM policy_targets()
  WHERE apply_type = 'group_app'
)
SELECT
  integrations.run_id,
  observed_at,
  tenant,
  integration_key,
  null_if_empty(name) AS name,
  null_if_empty(type) AS type,
  null_if_empty(notes) AS notes,
  null_if_empty(user_access) AS user_access,
  joined(groups_allowed) AS groups_allowed,
  null_if_empty(policy_key) AS policy_key,
  -- if the whole summary was read, an application that it does not name has none
  CASE WHEN is_target THEN true WHEN summaries.is_whole THEN false END AS has_group_policies,
  self_service_allowed,
  null_if_empty(username_normalization_policy) AS username_normalization_policy,
  frameless_auth_prompt_enabled,
  prompt_v4_enabled,
  joined(networks_for_api_access) AS networks_for_api_access,
  joined([
    CASE WHEN adminapi_admins THEN 'adminapi_admins' END,
    CASE WHEN adminapi_admins_read THEN 'adminapi_admins_read' END,
    CASE WHEN adminapi_allow_to_set_permissions THEN 'adminapi_allow_to_set_permissions' END,
    CASE WHEN adminapi_info THEN 'adminapi_info' END,
    CASE WHEN adminapi_integrations THEN 'adminapi_integrations' END,
    CASE WHEN adminapi_read_log THEN 'adminapi_read_log' END,
    CASE WHEN adminapi_read_resource THEN 'adminapi_read_resource' END,
    CASE WHEN adminapi_settings THEN 'adminapi_settings' END,
    CASE WHEN adminapi_write_resource THEN 'adminapi_write_resource' END
  ]) AS adminapi_permissions
FROM objects.integrations
LEFT JOIN group_targets USING (run_id, integration_key)
LEFT JOIN objects.lists AS summaries ON summaries.run_id = integrations.run_id AND summaries.list = 'policy_summaries'
