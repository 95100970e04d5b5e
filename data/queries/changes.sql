-- What happened to users and their methods in the last days=7 before the last run, the newest first.
SELECT happened_after, happened_by, event, username, method_kind, method_id, changed, before, after
FROM mfa_events
WHERE happened_by > (SELECT max(observed_at) FROM runs WHERE pipeline = 'mfa') - coalesce(getvariable('days')::INTEGER, 7) * INTERVAL 1 DAY
ORDER BY happened_by DESC, username, event, method_id;
