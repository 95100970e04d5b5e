-- Bypass codes that still work: their users, who created them, and when they expire. Codes that never expire come first.
-- Parameter tenant: tenant, optional. Only this tenant.
SELECT tenant, username, admin_email, created_at, expires_at, reuse_count,
  date_diff('day', created_at, observed_at) AS days_old, observed_at AS known_at
FROM bypass_codes
WHERE (expires_at IS NULL OR expires_at > observed_at)
  AND tenant = coalesce(getvariable('tenant'), tenant)
ORDER BY tenant, expires_at NULLS FIRST, created_at, bypass_code_id;
