-- Every way into an application is known and needs a method; nobody gets in with a password alone.
-- At most 0
-- Severity: critical
-- Controls: cis 6.3, cis 6.4, nist AAL2, pci 8.4.2, pci 8.4.3
SELECT tenant, user_id, username, application_name, at_most, weakest_way
FROM effective_strength
WHERE can_log_in IS DISTINCT FROM false AND coalesce(effective_strength, 'none') = 'none'
ORDER BY tenant, username, application_name;
