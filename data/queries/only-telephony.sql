-- Active users for whom text messages or calls are the strongest they have: the ones to move next.
SELECT username, realname, email, method_count, last_login_at, group_names
FROM users
WHERE status = 'active' AND only_telephony
ORDER BY last_login_at DESC NULLS LAST, username;
