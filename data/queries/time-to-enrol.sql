-- The days that new users took to get their first method, per week in which they were created.
-- Parameter tenant: tenant, optional. Only this tenant.
SELECT tenant, date_trunc('week', created_at)::DATE AS week, count(*) AS users, count(enrolled_by) AS enrolled,
  round(median(days), 1) AS median_days, round(max(days), 1) AS slowest_days
FROM time_to_enrol
WHERE tenant = coalesce(getvariable('tenant'), tenant)
GROUP BY ALL
ORDER BY tenant, week;
