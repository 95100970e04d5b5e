-- Authenticators that several users share. The person who holds one can log in as any of these users.
-- Parameter tenant: tenant, optional. Only this tenant.
SELECT tenant, method_kind, method_id, any_value(coalesce(number, serial, label, name)) AS known_as, count(*) AS users,
  string_agg(username, ', ' ORDER BY username) AS usernames
FROM mfa_methods
WHERE tenant = coalesce(getvariable('tenant'), tenant)
GROUP BY tenant, method_kind, method_id
HAVING count(*) > 1
ORDER BY tenant, users DESC, method_kind, method_id;
