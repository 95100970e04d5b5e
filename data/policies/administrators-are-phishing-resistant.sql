-- No active administrator of Duo is without a passkey or a security key.
-- At most 0
-- Severity: high
-- Controls: nist AAL3, cisa phishing-resistant
SELECT tenant, admin_id, name, role, strongest
FROM admins
WHERE status = 'Active' AND NOT has_phishing_resistant
ORDER BY tenant, name, admin_id;
