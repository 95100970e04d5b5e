-- Users who can log in and are at risk, and why.
SELECT username, reason, status, strongest, bypass_reason, last_login_at, group_names
FROM users_at_risk
ORDER BY len(string_split(reason, ', ')) DESC, reason, username;
