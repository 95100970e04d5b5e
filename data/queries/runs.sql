-- The last runs=30 runs, the newest first, and whether each was proved complete.
SELECT tenant, pipeline, observed_at, complete, incomplete_reason, users, total_objects, methods, tables_collected, sweeps, requests,
  retries, date_diff('second', started_at, finished_at) AS seconds
FROM runs
ORDER BY observed_at DESC, run_id DESC
LIMIT coalesce(getvariable('runs')::INTEGER, 30);
