-- One row per bypass code that belongs to somebody.
SELECT
  run_id,
  observed_at,
  tenant,
  "user".user_id AS user_id,
  null_if_empty("user".username) AS username,
  bypass_code_id,
  null_if_empty(admin_email) AS admin_email,
  from_seconds(created) AS created_at,
  from_seconds(expiration) AS expires_at,
  reuse_count
FROM objects.bypass_codes
WHERE "user" IS NOT NULL
