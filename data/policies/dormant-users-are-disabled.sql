-- No active user has been without a login for 45 days.
-- At most 0
-- Severity: medium
-- Controls: cis 5.3
SELECT tenant, user_id, username, created_at, last_login_at
FROM users
WHERE is_active AND coalesce(last_login_at, created_at) < observed_at - INTERVAL 45 DAY
ORDER BY tenant, last_login_at NULLS FIRST, username;
