-- Views of more details. Like those in views/, they read only what every table T has: T (the current rows), T_history (all
-- versions), T_asof(ts) and T_changes (what happened between two runs). So they work over the ledger and over Parquet.

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
