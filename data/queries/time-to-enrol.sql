-- How many days new users took to their first method, by the week they were created in.
SELECT date_trunc('week', created_at)::DATE AS week, count(*) AS users, count(enrolled_by) AS enrolled,
  round(median(days), 1) AS median_days, round(max(days), 1) AS slowest_days
FROM time_to_enrol
GROUP BY ALL
ORDER BY week;
