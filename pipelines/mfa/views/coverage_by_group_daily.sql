-- How well groups are protected, day by day. The words mean the same as in coverage_daily.
CREATE OR REPLACE VIEW coverage_by_group_daily AS
WITH memberships AS MATERIALIZED (
  SELECT tenant, user_id, group_id, group_name, observed_at, valid_from, valid_to FROM user_groups_history
), members AS (
  -- a member's state holds in a group from the later beginning to the earlier end
  SELECT tenant, group_id, greatest(membership.valid_from, version.valid_from) AS valid_from,
    least(membership.valid_to, version.valid_to) AS valid_to, is_active, mfa_enabled, has_phishing_resistant,
    only_telephony, strongest, is_bypass, status
  -- a full join, because PostgreSQL takes each history for one row, and would compare every row with every row
  FROM memberships membership FULL JOIN users_history version USING (tenant, user_id)
  WHERE coalesce(
    version.valid_from < coalesce(membership.valid_to, 'infinity')
      AND membership.valid_from < coalesce(version.valid_to, 'infinity'),
    false
  )
), names AS (
  SELECT DISTINCT ON (tenant, group_id) tenant, group_id, group_name FROM memberships
  ORDER BY tenant, group_id, group_name IS NULL, observed_at DESC, group_name DESC
), steps AS (
  SELECT tenant, group_id, CASE step WHEN 1 THEN valid_from ELSE valid_to END AS instant, step, is_active, mfa_enabled,
    mfa_enabled AND has_phishing_resistant AS is_resistant, only_telephony, strongest = 'none' AS is_unprotected,
    is_bypass AND (is_active OR status = 'bypass') AS is_bypass
  FROM members CROSS JOIN (VALUES (1), (-1)) AS steps(step)
  UNION ALL
  -- a step of nobody at the end of each day, which has that day's sums
  SELECT tenant, group_id, known_at, 0, NULL, NULL, NULL, NULL, NULL, NULL
  FROM run_days JOIN names USING (tenant)
), instants AS (
  SELECT tenant, group_id, instant,
    sum(step) AS members,
    sum(step) FILTER (WHERE is_active) AS users,
    sum(step) FILTER (WHERE is_active AND mfa_enabled) AS mfa_enabled,
    sum(step) FILTER (WHERE is_active AND is_resistant) AS phishing_resistant,
    sum(step) FILTER (WHERE is_active AND only_telephony) AS only_telephony,
    sum(step) FILTER (WHERE is_bypass) AS bypass,
    sum(step) FILTER (WHERE is_bypass IS NULL) AS untold,
    sum(step) FILTER (WHERE is_active AND is_unprotected) AS unprotected
  FROM steps WHERE instant IS NOT NULL GROUP BY tenant, group_id, instant
), totals AS (
  SELECT tenant, group_id, instant,
    sum(members) OVER upto AS members,
    coalesce(sum(users) OVER upto, 0)::BIGINT AS users,
    coalesce(sum(mfa_enabled) OVER upto, 0)::BIGINT AS mfa_enabled,
    coalesce(sum(phishing_resistant) OVER upto, 0)::BIGINT AS phishing_resistant,
    coalesce(sum(only_telephony) OVER upto, 0)::BIGINT AS only_telephony,
    coalesce(sum(bypass) OVER upto, 0)::BIGINT AS bypass,
    coalesce(sum(untold) OVER upto, 0)::BIGINT AS untold,
    coalesce(sum(unprotected) OVER upto, 0)::BIGINT AS unprotected
  FROM instants WINDOW upto AS (PARTITION BY tenant, group_id ORDER BY instant)
)
SELECT days.day, days.tenant, names.group_id, names.group_name, totals.users, totals.mfa_enabled,
  totals.phishing_resistant, totals.only_telephony, CASE WHEN totals.untold = 0 THEN totals.bypass END AS bypass,
  totals.bypass AS bypass_at_least, totals.unprotected,
  round(100.0 * totals.mfa_enabled / nullif(totals.users, 0), 1)::FLOAT8 AS coverage_pct,
  round(100.0 * totals.phishing_resistant / nullif(totals.users, 0), 1)::FLOAT8 AS phishing_resistant_pct, days.known_at
FROM run_days days
JOIN names ON names.tenant = days.tenant
JOIN totals ON totals.tenant = names.tenant AND totals.group_id = names.group_id AND totals.instant = days.known_at
WHERE totals.members > 0;
COMMENT ON VIEW coverage_by_group_daily IS 'The protection of the active members of each group at the end of each day, as in coverage_daily. A user in several groups counts in each. A day on which a group has no members has no row.';
COMMENT ON COLUMN coverage_by_group_daily.day IS 'The day, in UTC.';
COMMENT ON COLUMN coverage_by_group_daily.tenant IS 'The API host of the Duo tenant.';
COMMENT ON COLUMN coverage_by_group_daily.group_id IS 'Duo''s id of the group.';
COMMENT ON COLUMN coverage_by_group_daily.group_name IS 'The last name of the group, even on days when it had another name.';
COMMENT ON COLUMN coverage_by_group_daily.users IS 'Active members (users.is_active): the denominator.';
COMMENT ON COLUMN coverage_by_group_daily.mfa_enabled IS 'Active members with a phone, a token or a WebAuthn credential.';
COMMENT ON COLUMN coverage_by_group_daily.phishing_resistant IS 'Active members who have mfa_enabled and a phishing-resistant method; never more than mfa_enabled.';
COMMENT ON COLUMN coverage_by_group_daily.only_telephony IS 'Active members whose strongest method was text messages or calls.';
COMMENT ON COLUMN coverage_by_group_daily.bypass IS 'Members who could log in without any method, including status bypass; NULL if it is not known for all members.';
COMMENT ON COLUMN coverage_by_group_daily.bypass_at_least IS 'Members who are known to have been able to log in without any method.';
COMMENT ON COLUMN coverage_by_group_daily.unprotected IS 'Active members without a method that protects them.';
COMMENT ON COLUMN coverage_by_group_daily.coverage_pct IS 'mfa_enabled as a percentage of users; NULL if there were no active members.';
COMMENT ON COLUMN coverage_by_group_daily.phishing_resistant_pct IS 'phishing_resistant as a percentage of users; NULL if there were no active members.';
COMMENT ON COLUMN coverage_by_group_daily.known_at IS 'The time of the run that these figures come from. If there was no run on this day, it is on an earlier day.'
