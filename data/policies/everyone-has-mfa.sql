-- No active user is without MFA, by Duo's own rule and by what their methods can do.
-- At most 0
-- Severity: critical
-- Controls: cis 6.3, cis 6.4, nist AAL2, pci 8.4.2, pci 8.4.3
SELECT tenant, user_id, username, method_count, strongest, last_login_at
FROM users
WHERE is_active AND (mfa_enabled IS NOT TRUE OR strongest = 'none')
ORDER BY tenant, username;
