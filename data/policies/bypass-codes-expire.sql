-- Every bypass code that works is known to end within a week of its creation.
-- At most 0
-- Severity: high
-- Controls: pci 8.5.1
SELECT tenant, user_id, username, bypass_code_id, created_at, expires_at, reuse_count
FROM bypass_codes
WHERE (expires_at IS NULL OR expires_at > observed_at)
  AND (expires_at <= created_at + INTERVAL 7 DAY) IS NOT TRUE
ORDER BY tenant, username, created_at, bypass_code_id;
