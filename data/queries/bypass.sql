-- Who can log in without any method now, why, and for how long that has been so: the longest first.
WITH versions AS (
  SELECT tenant, user_id, valid_from, is_bypass IS TRUE AS is_on,
    lag(is_bypass IS TRUE) OVER version IS NOT DISTINCT FROM true AND lag(valid_to) OVER version = valid_from AS was_on
  FROM users_history WINDOW version AS (PARTITION BY tenant, user_id ORDER BY valid_from)
), begun AS (
  SELECT tenant, user_id, max(valid_from) AS since FROM versions WHERE is_on AND NOT was_on GROUP BY ALL
)
SELECT username, realname, status, bypass_reason, since, date_diff('day', since, observed_at) AS days, last_login_at
FROM users JOIN begun USING (tenant, user_id)
WHERE is_bypass AND status IN ('active', 'bypass')
ORDER BY since, username;
