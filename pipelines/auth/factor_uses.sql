-- One row per run, day, factor and ending, of the entries that the run adds.
SELECT
  run_id,
  observed_at,
  tenant,
  date_trunc('day', occurred_at) AS used_on,
  coalesce(event_type, 'unknown') AS event_type,
  coalesce(factor, 'unknown') AS factor,
  coalesce(result, 'unknown') AS result,
  coalesce(reason, 'unknown') AS reason,
  strength,
  used_second_factor,
  count(*) AS uses
FROM rows.authentications
GROUP BY ALL
