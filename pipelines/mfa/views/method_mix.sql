-- The methods that active users have.
CREATE OR REPLACE VIEW method_mix AS
SELECT tenant, method_kind, strength, count(*) AS methods, count(DISTINCT user_id) AS users,
  round(100.0 * count(*) / sum(count(*)) OVER (PARTITION BY tenant), 1)::FLOAT8 AS pct
FROM mfa_methods WHERE (tenant, user_id) IN (SELECT tenant, user_id FROM users WHERE is_active)
GROUP BY tenant, method_kind, strength, strength_rank;
COMMENT ON VIEW method_mix IS 'The methods of active users by kind and strength.';
COMMENT ON COLUMN method_mix.tenant IS 'The API host of the Duo tenant.';
COMMENT ON COLUMN method_mix.method_kind IS 'phone, token, webauthn, u2f or desktop.';
COMMENT ON COLUMN method_mix.strength IS 'The strongest use of the method: phishing_resistant, device_bound, push, otp, telephony or none.';
COMMENT ON COLUMN method_mix.methods IS 'The number of methods.';
COMMENT ON COLUMN method_mix.users IS 'The number of active users who have such a method.';
COMMENT ON COLUMN method_mix.pct IS 'Percentage of all methods of the tenant''s active users.'
