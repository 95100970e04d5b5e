-- Who had something that cannot be phished and has it no more, in the last days=7 before the last run.
SELECT username, realname, lost_after, lost_by, was, strongest
FROM regressions
WHERE lost_by > (SELECT max(observed_at) FROM runs WHERE pipeline = 'mfa') - coalesce(getvariable('days')::INTEGER, 7) * INTERVAL 1 DAY
ORDER BY lost_by DESC, username;
