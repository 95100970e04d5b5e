-- The weakest way into each application: how many users have it, and which way it is.
-- Parameter tenant: tenant, optional. Only this tenant.
SELECT tenant, application_name, CASE WHEN NOT can_log_in THEN 'no way in' ELSE coalesce(effective_strength, 'not known') END
    AS effective_strength,
  weakest_way, count(*) AS users, count(*) FILTER (strongest_enrolled = 'phishing_resistant') AS of_these_with_resistant
FROM effective_strength
WHERE tenant = coalesce(getvariable('tenant'), tenant)
GROUP BY ALL
ORDER BY tenant, application_name, users DESC, effective_strength, weakest_way;
