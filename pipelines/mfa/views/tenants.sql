-- A row per tenant, for those who look after many.
CREATE OR REPLACE VIEW tenants AS
WITH mfa_runs AS (
  SELECT tenant, run_id, observed_at, complete, incomplete_reason, users, requests FROM runs WHERE pipeline = 'mfa'
), times AS (
  SELECT tenant, count(*) AS runs, min(observed_at) AS first_run_at FROM mfa_runs GROUP BY tenant
), newest AS (
  SELECT DISTINCT ON (tenant) tenant, observed_at AS last_run_at, (observed_at AT TIME ZONE 'UTC')::DATE AS last_day,
    complete, incomplete_reason, users AS all_users,
    -- the last run of a retired tenant asked nobody and has nobody
    requests = 0 AND users = 0 AS is_retired
  FROM mfa_runs ORDER BY tenant, observed_at DESC, run_id DESC
), days AS MATERIALIZED (
  SELECT * FROM coverage_daily
)
SELECT seen.tenant, last.users, last.coverage_pct, last.phishing_resistant_pct,
  round((last.coverage_pct - earlier.coverage_pct)::NUMERIC, 1)::FLOAT8 AS coverage_change,
  round((last.phishing_resistant_pct - earlier.phishing_resistant_pct)::NUMERIC, 1)::FLOAT8 AS phishing_resistant_change,
  last.unprotected, last.only_telephony, last.bypass, last.bypass_at_least, last.mfa_enabled, last.phishing_resistant,
  seen.all_users, seen.is_retired, seen.complete, seen.incomplete_reason, seen.last_run_at,
  CASE WHEN NOT seen.is_retired THEN
    max(seen.last_day) FILTER (WHERE NOT seen.is_retired) OVER () - seen.last_day
  END::BIGINT AS days_behind,
  times.first_run_at, times.runs
FROM newest seen JOIN times ON times.tenant = seen.tenant
JOIN days last ON last.tenant = seen.tenant AND last.day = seen.last_day
LEFT JOIN days earlier ON earlier.tenant = seen.tenant AND earlier.day = seen.last_day - 30;
COMMENT ON VIEW tenants IS 'One row per tenant: how well its users are protected, and when it was read. The figures are those of its last run and mean the same as in coverage_daily.';
COMMENT ON COLUMN tenants.tenant IS 'The name of the Duo tenant; its API host, if nobody gave it a name.';
COMMENT ON COLUMN tenants.users IS 'Active users (users.is_active): the denominator. 0 for a retired tenant.';
COMMENT ON COLUMN tenants.coverage_pct IS 'mfa_enabled as a percentage of users; NULL if there are no active users.';
COMMENT ON COLUMN tenants.phishing_resistant_pct IS 'phishing_resistant as a percentage of users; NULL if there are no active users.';
COMMENT ON COLUMN tenants.coverage_change IS 'coverage_pct less that of thirty days before, in percentage points; NULL if the runs do not go back that far.';
COMMENT ON COLUMN tenants.phishing_resistant_change IS 'phishing_resistant_pct less that of thirty days before, in percentage points; NULL if the runs do not go back that far.';
COMMENT ON COLUMN tenants.unprotected IS 'Active users without a method that protects them.';
COMMENT ON COLUMN tenants.only_telephony IS 'Active users whose strongest method is text messages or calls.';
COMMENT ON COLUMN tenants.bypass IS 'Users who can log in without any method, including status bypass; NULL if it is not known for all users.';
COMMENT ON COLUMN tenants.bypass_at_least IS 'Users who are known to be able to log in without any method.';
COMMENT ON COLUMN tenants.mfa_enabled IS 'Active users with a phone, a token or a WebAuthn credential.';
COMMENT ON COLUMN tenants.phishing_resistant IS 'Active users who have mfa_enabled and a phishing-resistant method; never more than mfa_enabled.';
COMMENT ON COLUMN tenants.all_users IS 'All users that the last run saw, active or not.';
COMMENT ON COLUMN tenants.is_retired IS 'Whether somebody retired the tenant with tenants retire.';
COMMENT ON COLUMN tenants.complete IS 'Whether it was proved that the last run saw everything.';
COMMENT ON COLUMN tenants.incomplete_reason IS 'Why that could not be proved; NULL when complete.';
COMMENT ON COLUMN tenants.last_run_at IS 'The time of the last run.';
COMMENT ON COLUMN tenants.days_behind IS 'Days from the last run of this tenant to the newest run of all, by the days of UTC; NULL for a retired tenant.';
COMMENT ON COLUMN tenants.first_run_at IS 'The time of the first run.';
COMMENT ON COLUMN tenants.runs IS 'The number of runs.'
