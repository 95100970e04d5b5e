-- Nobody has been on bypass for over a week, and no bypass code that still works is older.
-- At most 0
-- Severity: high
-- Controls: pci 8.5.1
WITH begun AS (
  SELECT tenant, user_id, since FROM bypasses
  UNION ALL
  SELECT tenant, user_id, created_at FROM bypass_codes WHERE expires_at IS NULL OR expires_at > observed_at
)
SELECT tenant, user_id, username, bypass_reason, observed_at, min(begun.since) AS since
FROM bypasses JOIN begun USING (tenant, user_id)
GROUP BY ALL
HAVING min(begun.since) < observed_at - INTERVAL 7 DAY
ORDER BY since, tenant, username;
