-- Nobody has been on bypass for over a week, and no bypass code that still works is older.
-- At most 0
WITH versions AS (
  SELECT tenant, user_id, valid_from, is_bypass IS TRUE AS is_on,
    lag(is_bypass IS TRUE) OVER version IS NOT DISTINCT FROM true AND lag(valid_to) OVER version = valid_from AS was_on
  FROM users_history WINDOW version AS (PARTITION BY tenant, user_id ORDER BY valid_from)
), bypasses AS (
  SELECT tenant, user_id, max(valid_from) AS since FROM versions WHERE is_on AND NOT was_on GROUP BY ALL
  UNION ALL
  SELECT tenant, user_id, created_at FROM bypass_codes WHERE expires_at IS NULL OR expires_at > observed_at
)
SELECT tenant, user_id, username, bypass_reason, observed_at, min(since) AS since
FROM users JOIN bypasses USING (tenant, user_id)
WHERE is_bypass AND status IN ('active', 'bypass')
GROUP BY ALL
HAVING min(since) < observed_at - INTERVAL 7 DAY
ORDER BY since, tenant, username;
