-- Phones of active users that approve logins and are not safe themselves: rooted, not encrypted, or without a lock.
SELECT username, number, platform, model, os_version, tampered, encrypted, screenlock, last_seen_at
FROM mfa_methods
WHERE method_kind = 'phone' AND user_status = 'active' AND (can_push OR can_otp)
  AND (lower(tampered) = 'tampered' OR encrypted = 'Unencrypted' OR screenlock = 'Unlocked')
ORDER BY lower(tampered) <> 'tampered', username, method_id;
