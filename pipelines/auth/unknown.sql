-- The values that this version of the program does not know, and how often they occur: one row per run and sentence.
WITH
enumerated AS (
  SELECT run_id, 'factor' AS what, factor AS field, factor_strength(factor) IS NOT NULL AS is_known
  FROM objects.authentications
  UNION ALL
  SELECT run_id, 'result of a login', result, lower_case(result) IN ('success', 'denied', 'fraud', 'failure', 'error')
  FROM objects.authentications
  UNION ALL
  SELECT run_id, 'type of event', event_type, lower_case(event_type) IN ('authentication', 'enrollment')
  FROM objects.authentications
)
SELECT run_id, 'unknown ' || what || ': ' || shown(field) || ', kept as it is' AS what, count(*) AS times
FROM enumerated
WHERE field <> '' AND NOT is_known
GROUP BY ALL
ORDER BY times DESC, what
