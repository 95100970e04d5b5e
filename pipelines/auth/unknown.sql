-- The values that this version of the program does not know, and how often they occur: one row per run and sentence.
WITH
different AS (
  SELECT run_id, factor, lower_case(result) AS result, lower_case(event_type) AS event_type, count(*) AS times
  FROM objects.authentications
  GROUP BY ALL
),
enumerated AS (
  SELECT run_id, 'factor' AS what, factor AS field, strength_of_factor(factor_name(factor)) IS NOT NULL AS is_known, times
  FROM different
  UNION ALL
  SELECT run_id, 'result of a login', result, result IN ('success', 'denied', 'fraud', 'failure', 'error'), times
  FROM different
  UNION ALL
  SELECT run_id, 'type of event', event_type, event_type IN ('authentication', 'enrollment'), times
  FROM different
)
SELECT run_id, 'unknown ' || what || ': ' || shown(field) || ', kept as it is' AS what, sum(times) AS times
FROM enumerated
WHERE field <> '' AND NOT is_known
GROUP BY run_id, what, field
ORDER BY times DESC, what
