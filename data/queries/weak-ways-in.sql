-- Users who have a phishing-resistant method, and whom a policy lets in with a weaker one: where, and how.
-- Parameter tenant: tenant, optional. Only this tenant.
SELECT tenant, username, effective_strength, weakest_way, count(*) AS applications,
  string_agg(application_name, ', ' ORDER BY application_name) AS application_names
FROM effective_strength
WHERE strongest_enrolled = 'phishing_resistant' AND effective_strength <> 'phishing_resistant'
  AND tenant = coalesce(getvariable('tenant'), tenant)
GROUP BY tenant, user_id, username, effective_strength, weakest_way
ORDER BY tenant, username, effective_strength, weakest_way;
