-- No active administrator of Duo is without a second factor.
-- At most 0
-- Severity: critical
-- Controls: cis 6.5, pci 8.4.1
SELECT tenant, admin_id, name, role, strongest
FROM admins
WHERE status = 'Active' AND strongest = 'none'
ORDER BY tenant, name, admin_id;
