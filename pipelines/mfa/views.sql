-- The views that analysts open first. They read only what every table T has: T (the current rows), T_history (all versions),
-- T_asof(ts) and T_changes (what happened between two runs). So they work over the ledger and over Parquet.

CREATE OR REPLACE VIEW mfa_events AS
SELECT tenant, user_id, username, 'user_' || event AS event, attribute, before_text, after_text,
  NULL::VARCHAR AS method_kind, NULL::VARCHAR AS method_id, happened_after, happened_by
FROM users_changes
UNION ALL
SELECT tenant, user_id, username, 'method_' || event, attribute, before_text, after_text, method_kind, method_id,
  happened_after, happened_by
FROM mfa_methods_changes;
COMMENT ON VIEW mfa_events IS 'Changes of users and of their methods, each between two runs. A user or a method that changed in several attributes has an event for each. Users and methods that a tenant''s first complete run adds are not events.';
COMMENT ON COLUMN mfa_events.tenant IS 'The API host of the Duo tenant.';
COMMENT ON COLUMN mfa_events.user_id IS 'Duo''s id of the user.';
COMMENT ON COLUMN mfa_events.username IS 'The name that the user logged in with at that time.';
COMMENT ON COLUMN mfa_events.event IS 'user_ or method_, followed by added, removed, changed, or reappeared (added again after it was removed).';
COMMENT ON COLUMN mfa_events.attribute IS 'The name of the column of users or mfa_methods that changed; NULL unless the event is a change.';
COMMENT ON COLUMN mfa_events.before_text IS 'The value of this column before the change, as text: true and false for booleans, RFC 3339 in UTC for times; NULL if it had none.';
COMMENT ON COLUMN mfa_events.after_text IS 'The value of this column after the change, in the same form; NULL if it has none.';
COMMENT ON COLUMN mfa_events.method_kind IS 'phone, token, webauthn, u2f or desktop; NULL for an event of a user.';
COMMENT ON COLUMN mfa_events.method_id IS 'Duo''s id of the authenticator; NULL for an event of a user.';
COMMENT ON COLUMN mfa_events.happened_after IS 'The time of the last run before the change.';
COMMENT ON COLUMN mfa_events.happened_by IS 'The time of the first run after the change.';

CREATE OR REPLACE VIEW run_days AS
WITH days AS (
  SELECT tenant, unnest(generate_series(min(day), max(day), INTERVAL 1 DAY))::DATE AS day
  FROM (SELECT tenant, (observed_at AT TIME ZONE 'UTC')::DATE AS day FROM runs WHERE pipeline = 'mfa') GROUP BY tenant
)
SELECT days.tenant, days.day, runs.observed_at AS known_at
FROM days ASOF JOIN (FROM runs WHERE pipeline = 'mfa') runs
  ON days.tenant = runs.tenant AND (days.day + 1)::TIMESTAMP AT TIME ZONE 'UTC' > runs.observed_at;
COMMENT ON VIEW run_days IS 'The days from a tenant''s first run to its last, and the last run until the end of each. To count a table T at the end of each day, join T_history on valid_from <= known_at AND (valid_to IS NULL OR valid_to > known_at).';
COMMENT ON COLUMN run_days.tenant IS 'The API host of the Duo tenant.';
COMMENT ON COLUMN run_days.day IS 'The day, in UTC.';
COMMENT ON COLUMN run_days.known_at IS 'The time of that run. If there was no run on this day, it is on an earlier day.';

CREATE OR REPLACE VIEW coverage_daily AS
WITH steps AS (
  SELECT tenant, unnest([valid_from, valid_to]) AS instant, unnest([1, -1]) AS step, is_active, mfa_enabled,
    mfa_enabled AND has_phishing_resistant AS is_resistant, only_telephony, strongest = 'none' AS is_unprotected,
    is_bypass AND (is_active OR status = 'bypass') AS is_bypass
  FROM users_history
), instants AS (
  SELECT tenant, instant,
    sum(step) FILTER (is_active) AS users,
    sum(step) FILTER (is_active AND mfa_enabled) AS mfa_enabled,
    sum(step) FILTER (is_active AND is_resistant) AS phishing_resistant,
    sum(step) FILTER (is_active AND only_telephony) AS only_telephony,
    sum(step) FILTER (is_bypass) AS bypass,
    sum(step) FILTER (is_bypass IS NULL) AS untold,
    sum(step) FILTER (is_active AND is_unprotected) AS unprotected
  FROM steps WHERE instant IS NOT NULL GROUP BY ALL
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
SELECT seen.day, seen.tenant, coalesce(totals.users, 0) AS users, coalesce(totals.mfa_enabled, 0) AS mfa_enabled,
  coalesce(totals.phishing_resistant, 0) AS phishing_resistant, coalesce(totals.only_telephony, 0) AS only_telephony,
  CASE WHEN coalesce(totals.untold, 0) = 0 THEN coalesce(totals.bypass, 0) END AS bypass,
  coalesce(totals.unprotected, 0) AS unprotected,
  round(100.0 * totals.mfa_enabled / nullif(totals.users, 0), 1)::DOUBLE AS coverage_pct,
  round(100.0 * totals.phishing_resistant / nullif(totals.users, 0), 1)::DOUBLE AS phishing_resistant_pct,
  seen.known_at, coalesce(totals.bypass, 0) AS bypass_at_least
FROM run_days seen ASOF LEFT JOIN totals ON seen.tenant = totals.tenant AND seen.known_at >= totals.instant;
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
COMMENT ON COLUMN coverage_daily.bypass_at_least IS 'Users who are known to have been able to log in without any method.';

CREATE OR REPLACE VIEW bypasses AS
WITH versions AS (
  SELECT tenant, user_id, valid_from, is_bypass, lag(valid_to) OVER version = valid_from AS was_there,
    lag(is_bypass) OVER version AS was, lag(is_bypass IGNORE NULLS) OVER version AS was_known
  FROM users_history WINDOW version AS (PARTITION BY tenant, user_id ORDER BY valid_from)
), begun AS (
  SELECT tenant, user_id, max(valid_from) AS since, max_by(was_there AND was IS NULL, valid_from) AS was_untold
  FROM versions WHERE is_bypass AND (was_there AND was_known) IS NOT TRUE GROUP BY ALL
), firsts AS (
  SELECT tenant, min(observed_at) AS first_at FROM runs WHERE pipeline = 'mfa' GROUP BY tenant
)
SELECT tenant, user_id, username, realname, email, status, bypass_reason, since,
  since <= first_at OR coalesce(was_untold, false) AS may_be_older, date_diff('day', since, observed_at) AS days,
  last_login_at, observed_at
FROM users JOIN begun USING (tenant, user_id) JOIN firsts USING (tenant)
WHERE is_bypass;
COMMENT ON VIEW bypasses IS 'Users who can log in now without any method, and since when. A user who is not listed may still have a bypass that is not known: see users.is_bypass.';
COMMENT ON COLUMN bypasses.tenant IS 'The API host of the Duo tenant.';
COMMENT ON COLUMN bypasses.user_id IS 'Duo''s id of the user.';
COMMENT ON COLUMN bypasses.username IS 'The name the user logs in with.';
COMMENT ON COLUMN bypasses.realname IS 'Full name.';
COMMENT ON COLUMN bypasses.email IS 'E-mail address.';
COMMENT ON COLUMN bypasses.status IS 'The user''s status.';
COMMENT ON COLUMN bypasses.bypass_reason IS 'status, group, code, joined by ", ".';
COMMENT ON COLUMN bypasses.since IS 'When a run first saw this bypass. Duo does not say when a bypass began.';
COMMENT ON COLUMN bypasses.may_be_older IS 'Whether the bypass may be older, because earlier runs could not tell.';
COMMENT ON COLUMN bypasses.days IS 'Days from the column since to the last run.';
COMMENT ON COLUMN bypasses.last_login_at IS 'The last successful login; NULL if there was none.';
COMMENT ON COLUMN bypasses.observed_at IS 'The time of the last run that saw the user.';

CREATE OR REPLACE VIEW users_at_risk AS
WITH reasons AS (
  SELECT *, list_filter([
    CASE WHEN is_active AND strongest = 'none' THEN 'unprotected' END,
    CASE WHEN is_active AND only_telephony THEN 'only telephony' END,
    CASE WHEN is_bypass THEN 'bypass' END,
    CASE WHEN coalesce(last_login_at, created_at) < observed_at - INTERVAL 90 DAY THEN 'not seen for 90 days' END
  ], lambda reason: reason IS NOT NULL) AS reasons
  FROM users WHERE is_active OR is_bypass
)
SELECT tenant, user_id, username, realname, email, array_to_string(reasons, ', ') AS reason, status, strongest,
  bypass_reason, group_names, last_login_at, observed_at
FROM reasons WHERE len(reasons) > 0;
COMMENT ON VIEW users_at_risk IS 'Users who can log in (active or on bypass) and are not well protected, with the reasons. A value that is not known does not count as a reason.';
COMMENT ON COLUMN users_at_risk.tenant IS 'The API host of the Duo tenant.';
COMMENT ON COLUMN users_at_risk.user_id IS 'Duo''s id of the user.';
COMMENT ON COLUMN users_at_risk.username IS 'The name the user logs in with.';
COMMENT ON COLUMN users_at_risk.realname IS 'Full name.';
COMMENT ON COLUMN users_at_risk.email IS 'E-mail address.';
COMMENT ON COLUMN users_at_risk.reason IS 'unprotected (an active user without a method that protects), only telephony (an active user), bypass, not seen for 90 days; joined by ", ".';
COMMENT ON COLUMN users_at_risk.status IS 'active or bypass.';
COMMENT ON COLUMN users_at_risk.strongest IS 'The strength of the strongest method.';
COMMENT ON COLUMN users_at_risk.bypass_reason IS 'status, group, code, joined by ", "; NULL if no reason is known.';
COMMENT ON COLUMN users_at_risk.group_names IS 'The names of the user''s groups.';
COMMENT ON COLUMN users_at_risk.last_login_at IS 'The last successful login; NULL if there was none.';
COMMENT ON COLUMN users_at_risk.observed_at IS 'The time of the last run that saw the user.';

CREATE OR REPLACE VIEW method_mix AS
SELECT tenant, method_kind, strength, count(*) AS methods, count(DISTINCT user_id) AS users,
  round(100.0 * count(*) / sum(count(*)) OVER (PARTITION BY tenant), 1)::DOUBLE AS pct
FROM mfa_methods SEMI JOIN (FROM users WHERE is_active) active USING (tenant, user_id)
GROUP BY tenant, method_kind, strength, strength_rank;
COMMENT ON VIEW method_mix IS 'The methods of active users by kind and strength.';
COMMENT ON COLUMN method_mix.tenant IS 'The API host of the Duo tenant.';
COMMENT ON COLUMN method_mix.method_kind IS 'phone, token, webauthn, u2f or desktop.';
COMMENT ON COLUMN method_mix.strength IS 'The strongest use of the method: phishing_resistant, device_bound, push, otp, telephony or none.';
COMMENT ON COLUMN method_mix.methods IS 'The number of methods.';
COMMENT ON COLUMN method_mix.users IS 'The number of active users who have such a method.';
COMMENT ON COLUMN method_mix.pct IS 'Percentage of all methods of the tenant''s active users.';

CREATE OR REPLACE VIEW time_to_enrol AS
WITH firsts AS (
  SELECT tenant, user_id, min(valid_from) AS enrolled_by
  FROM mfa_methods_history GROUP BY tenant, user_id
), begun AS (
  SELECT tenant, min(observed_at) AS since FROM runs WHERE pipeline = 'mfa' GROUP BY tenant
)
SELECT users.tenant, users.user_id, users.username, users.created_at, firsts.enrolled_by,
  round(date_diff('second', users.created_at, firsts.enrolled_by) / 86400.0, 1)::DOUBLE AS days
FROM users
JOIN begun ON begun.tenant = users.tenant AND users.created_at >= begun.since
LEFT JOIN firsts ON firsts.tenant = users.tenant AND firsts.user_id = users.user_id;
COMMENT ON VIEW time_to_enrol IS 'How long users took to get their first method of any kind, for users created since the tenant''s first run.';
COMMENT ON COLUMN time_to_enrol.tenant IS 'The API host of the Duo tenant.';
COMMENT ON COLUMN time_to_enrol.user_id IS 'Duo''s id of the user.';
COMMENT ON COLUMN time_to_enrol.username IS 'The name the user logs in with.';
COMMENT ON COLUMN time_to_enrol.created_at IS 'When the user was created.';
COMMENT ON COLUMN time_to_enrol.enrolled_by IS 'The time of the first run that saw a method of the user; NULL if no run has seen one.';
COMMENT ON COLUMN time_to_enrol.days IS 'Days from created_at to enrolled_by. The user enrolled between two runs, so it may have been fewer.';

CREATE OR REPLACE VIEW regressions AS
WITH versions AS (
  SELECT tenant, user_id, username, has_phishing_resistant, strongest, valid_from, valid_to,
    lag(has_phishing_resistant) OVER version AS had, lag(observed_at) OVER version AS seen_at,
    lag(strongest) OVER version AS was
  FROM users_history WINDOW version AS (PARTITION BY tenant, user_id ORDER BY valid_from)
), lost AS (
  SELECT tenant, user_id, max_by(seen_at, valid_from) AS lost_after, max(valid_from) AS lost_by,
    max_by(was, valid_from) AS was
  FROM versions WHERE had AND NOT has_phishing_resistant GROUP BY tenant, user_id
)
SELECT tenant, user_id, users.username, users.realname, users.email, lost_after, lost_by, was, users.strongest
FROM lost JOIN users USING (tenant, user_id) WHERE NOT users.has_phishing_resistant;
COMMENT ON VIEW regressions IS 'Users who lost their last phishing-resistant method.';
COMMENT ON COLUMN regressions.tenant IS 'The API host of the Duo tenant.';
COMMENT ON COLUMN regressions.user_id IS 'Duo''s id of the user.';
COMMENT ON COLUMN regressions.username IS 'The name the user logs in with.';
COMMENT ON COLUMN regressions.realname IS 'Full name.';
COMMENT ON COLUMN regressions.email IS 'E-mail address.';
COMMENT ON COLUMN regressions.lost_after IS 'The time of the last run that saw a phishing-resistant method.';
COMMENT ON COLUMN regressions.lost_by IS 'The time of the first run that saw none.';
COMMENT ON COLUMN regressions.was IS 'The strength of the strongest method before the loss.';
COMMENT ON COLUMN regressions.strongest IS 'The strength of the strongest method now.';

CREATE OR REPLACE MACRO is_privileged(group_name) AS coalesce(
  regexp_matches(
    regexp_replace(group_name, '(\p{Ll})(\p{Lu})', '\1 \2', 'g'),
    '(?i)(^|[^\pL\pN])((sys)?admin(istrator)?s?|root|privileged|break[ _-]?glass)($|[^\pL\pN])'
  ),
  false
);
COMMENT ON MACRO is_privileged IS 'Whether the name of a group says that its members are privileged. In the commands of duo-mfa, the names in privileged.txt take the place of the words.'
