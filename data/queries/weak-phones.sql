-- Phones of active users that approve logins and are not safe: rooted, not encrypted, or without a screen lock.
-- Parameter tenant: tenant, optional. Only this tenant.
SELECT tenant, username, number, platform, model, os_version, tampered, encrypted, screenlock, last_seen_at
FROM mfa_methods SEMI JOIN (FROM users WHERE is_active) active USING (tenant, user_id)
WHERE method_kind = 'phone' AND (can_push OR can_otp)
  AND (lower(tampered) = 'tampered' OR encrypted = 'Unencrypted' OR screenlock = 'Unlocked')
  AND tenant = coalesce(getvariable('tenant'), tenant)
ORDER BY tenant, lower(tampered) <> 'tampered', username, method_id;
