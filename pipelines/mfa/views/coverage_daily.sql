-- The days that have figures, and how well each tenant's users are protected on each.
CREATE OR REPLACE VIEW run_days AS
WITH runs_by_day AS (
  SELECT tenant, (observed_at AT TIME ZONE 'UTC')::DATE AS day, max(observed_at) AS last_at
  FROM runs WHERE pipeline = 'mfa' GROUP BY tenant, (observed_at AT TIME ZONE 'UTC')::DATE
), days AS (
  SELECT tenant, midnight::DATE AS day
  FROM (SELECT tenant, min(day)::TIMESTAMP AS first_day, max(day)::TIMESTAMP AS last_day FROM runs_by_day GROUP BY tenant) spans
  CROSS JOIN LATERAL generate_series(first_day, last_day, INTERVAL '24 hours') AS series(midnight)
)
SELECT tenant, day, max(last_at) OVER (PARTITION BY tenant ORDER BY day) AS known_at
FROM days LEFT JOIN runs_by_day USING (tenant, day);
COMMENT ON VIEW run_days IS 'The days from a tenant''s first run to its last, and the last run until the end of each. To count a table T at the end of each day, join T_history on valid_from <= known_at AND (valid_to IS NULL OR valid_to > known_at).';
COMMENT ON COLUMN run_days.tenant IS 'The API host of the Duo tenant.';
COMMENT ON COLUMN run_days.day IS 'The day, in UTC.';
COMMENT ON COLUMN run_days.known_at IS 'The time of that run. If there was no run on this day, it is on an earlier day.';

CREATE OR REPLACE VIEW coverage_daily AS
WITH steps AS (
  SELECT tenant, CASE step WHEN 1 THEN valid_from ELSE valid_to END AS instant, step, is_active, mfa_enabled,
    mfa_enabled AND has_phishing_resistant AS is_resistant, only_telephony, strongest = 'none' AS is_unprotected,
    is_bypass AND (is_active OR status = 'bypass') AS is_bypass
  FROM users_history CROSS JOIN (VALUES (1), (-1)) AS steps(step)
  UNION ALL
  -- a step of nobody at the end of each day, which has that day's sums
  SELECT tenant, known_at, 0, NULL, NULL, NULL, NULL, NULL, NULL FROM run_days
), instants AS (
  SELECT tenant, instant,
    sum(step) FILTER (WHERE is_active) AS users,
    sum(step) FILTER (WHERE is_active AND mfa_enabled) AS mfa_enabled,
    sum(step) FILTER (WHERE is_active AND is_resistant) AS phishing_resistant,
    sum(step) FILTER (WHERE is_active AND only_telephony) AS only_telephony,
    sum(step) FILTER (WHERE is_bypass) AS bypass,
    sum(step) FILTER (WHERE is_bypass IS NULL) AS untold,
    sum(step) FILTER (WHERE is_active AND is_unprotected) AS unprotected
  FROM steps WHERE instant IS NOT NULL GROUP BY tenant, instant
), totals AS (
  SELECT tenant, instant,
    coalesce(sum(users) OVER upto, 0)::BIGINT AS users,
    coalesce(sum(mfa_enabled) OVER upto, 0)::BIGINT AS mfa_enabled,
    coalesce(sum(phishing_resistant) OVER upto, 0)::BIGINT AS phishing_resistant,
    coalesce(sum(only_telephony) OVER upto, 0)::BIGINT AS only_telephony,
    coalesce(sum(bypass) OVER upto, 0)::BIGINT AS bypass,
    coalesce(sum(untold) OVER upto, 0)::BIGINT AS untold,
    coalesce(sum(unprotected) OVER upto, 0)::BIGINT AS unprotected
  FROM instants WINDOW upto AS (PARTITION BY tenant ORDER BY instant)
)
SELECT days.day, days.tenant, totals.users, totals.mfa_enabled, totals.phishing_resistant, totals.only_telephony,
  CASE WHEN totals.untold = 0 THEN totals.bypass END AS bypass, totals.unprotected,
  round(100.0 * totals.mfa_enabled / nullif(totals.users, 0), 1)::FLOAT8 AS coverage_pct,
  round(100.0 * totals.phishing_resistant / nullif(totals.users, 0), 1)::FLOAT8 AS phishing_resistant_pct,
  days.known_at, totals.bypass AS bypass_at_least
FROM run_days days JOIN totals ON totals.tenant = days.tenant AND totals.instant = days.known_at;
COMMENT ON VIEW coverage_daily IS 'The protection of the active users at the end of each day, from the first run to the last. A day without a run has the figures of the run before it; known_at is the time of that run.';
COMMENT ON COLUMN coverage_daily.day IS 'The day, in UTC.';
COMMENT ON COLUMN coverage_daily.tenant IS 'The API host of the Duo tenant.';
COMMENT ON COLUMN coverage_daily.users IS 'Active users (users.is_active): the denominator.';
COMMENT ON COLUMN coverage_daily.mfa_enabled IS 'Active users with a phone, a token or a WebAuthn credential.';
COMMENT ON COLUMN coverage_daily.phishing_resistant IS 'Active users who have mfa_enabled and a phishing-resistant method; never more than mfa_enabled.';
COMMENT ON COLUMN coverage_daily.only_telephony IS 'Active users whose strongest method was text messages or calls.';
COMMENT ON COLUMN coverage_daily.bypass IS 'Users who could log in without any method, including status bypass; NULL if it is not known for all users.';
COMMENT ON COLUMN coverage_daily.unprotected IS 'Active users without a method that protects them.';
COMMENT ON COLUMN coverage_daily.coverage_pct IS 'mfa_enabled as a percentage of users; NULL if there were no active users.';
COMMENT ON COLUMN coverage_daily.phishing_resistant_pct IS 'phishing_resistant as a percentage of users; NULL if there were no active users.';
COMMENT ON COLUMN coverage_daily.known_at IS 'The time of the run that these figures come from. If there was no run on this day, it is on an earlier day.';
COMMENT ON COLUMN coverage_daily.bypass_at_least IS 'Users who are known to have been able to log in without any method.'
