-- The last runs, the newest first, and whether each was proved complete.
-- Parameter runs: integer, default 30. How many.
-- Parameter tenant: tenant, optional. Only this tenant.
SELECT tenant, pipeline, observed_at, complete, incomplete_reason, users, total_objects, methods, tables_collected, sweeps, requests,
  retries, date_diff('second', started_at, finished_at) AS seconds
FROM runs
WHERE tenant = coalesce(getvariable('tenant'), tenant)
ORDER BY observed_at DESC, run_id DESC
LIMIT coalesce(getvariable('runs')::INTEGER, 30);
