-- No bypass code works for ever, or for more than a week.
-- At most 0
-- Severity: high
-- Controls: pci 8.5.1
SELECT tenant, user_id, username, bypass_code_id, created_at, expires_at, reuse_count
FROM bypass_codes
WHERE (expires_at IS NULL OR expires_at > observed_at) AND reuse_count IS DISTINCT FROM 0
  AND (expires_at IS NULL OR created_at IS NULL OR expires_at > created_at + INTERVAL 7 DAY)
ORDER BY tenant, username, created_at;
