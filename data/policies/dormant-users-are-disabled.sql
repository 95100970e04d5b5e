-- Nobody who can log in is without a known login in the last 45 days.
-- At most 0
-- Severity: medium
-- Controls: cis 5.3
SELECT tenant, user_id, username, status, created_at, last_login_at
FROM users
WHERE (is_active OR is_bypass)
  AND (coalesce(last_login_at, created_at) < observed_at - INTERVAL 45 DAY) IS NOT FALSE
ORDER BY tenant, last_login_at NULLS FIRST, username;
