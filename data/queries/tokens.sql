-- Hardware tokens by their type, in words, and how many users have one.
-- Parameter tenant: tenant, optional. Only this tenant.
SELECT tenant, method_type, CASE lower(method_type)
    WHEN 'd1' THEN 'Duo D-100 token'
    WHEN 'h6' THEN 'HOTP token, 6 digits'
    WHEN 'h8' THEN 'HOTP token, 8 digits'
    WHEN 't6' THEN 'TOTP token, 6 digits'
    WHEN 't8' THEN 'TOTP token, 8 digits'
    WHEN 'yk' THEN 'YubiKey that types passcodes'
    ELSE 'not known'
  END AS token_type,
  count(DISTINCT method_id) AS tokens, count(DISTINCT user_id) AS users
FROM mfa_methods
WHERE method_kind = 'token' AND tenant = coalesce(getvariable('tenant'), tenant)
GROUP BY ALL
ORDER BY tenant, tokens DESC, method_type;
