-- The people to look at first.
CREATE OR REPLACE VIEW users_at_risk AS
WITH reasons AS (
  SELECT *, concat_ws(', ',
    CASE WHEN is_active AND strongest = 'none' THEN 'unprotected' END,
    CASE WHEN is_active AND only_telephony THEN 'only telephony' END,
    CASE WHEN is_bypass THEN 'bypass' END,
    CASE WHEN coalesce(last_login_at, created_at) < observed_at - 90 * INTERVAL '24 hours' THEN 'not seen for 90 days' END
  ) AS reason
  FROM users WHERE is_active OR is_bypass
)
SELECT tenant, user_id, username, realname, email, reason, status, strongest, bypass_reason, group_names,
  last_login_at, observed_at
FROM reasons WHERE reason <> '';
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
COMMENT ON COLUMN users_at_risk.observed_at IS 'The time of the last run that saw the user.'
