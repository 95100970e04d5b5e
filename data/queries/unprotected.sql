-- Active users whom nothing protects: no method at all, or none that is of any use.
SELECT username, realname, email, method_count, last_login_at, created_at, group_names
FROM users
WHERE status = 'active' AND strongest = 'none'
ORDER BY last_login_at DESC NULLS LAST, username;
