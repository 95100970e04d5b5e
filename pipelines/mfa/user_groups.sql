-- One row per user and group.
SELECT
  run_id,
  observed_at,
  tenant,
  user_id,
  null_if_empty(username) AS username,
  g.group_id,
  null_if_empty(g.name) AS group_name,
  null_if_empty(g.status) AS group_status
FROM (
  SELECT
    run_id,
    observed_at,
    tenant,
    user_id,
    username,
    unnest(first_of_each(groups, list_transform(groups, lambda g: g.group_id))) AS g
  FROM objects.users
)
