-- The methods that users have, and the factors that they log in with. `mfa` has the methods and `auth` the log.

CREATE OR REPLACE VIEW strong_but_used_weak AS
SELECT uses.tenant, uses.user_id, users.username, uses.occurred_at, uses.factor, uses.strength, uses.application_id,
  uses.application_name, uses.access_device_country
FROM authentications uses JOIN users USING (tenant, user_id)
WHERE users.has_phishing_resistant AND uses.result = 'success' AND uses.used_second_factor
  AND uses.strength <> 'phishing_resistant';
COMMENT ON VIEW strong_but_used_weak IS 'Logins with a weaker factor of users who now have a phishing-resistant method. A factor whose strength is not known is left out.';
COMMENT ON COLUMN strong_but_used_weak.tenant IS 'The API host of the Duo tenant.';
COMMENT ON COLUMN strong_but_used_weak.user_id IS 'Duo''s id of the user.';
COMMENT ON COLUMN strong_but_used_weak.username IS 'The name the user logs in with.';
COMMENT ON COLUMN strong_but_used_weak.occurred_at IS 'The time of the login.';
COMMENT ON COLUMN strong_but_used_weak.factor IS 'The factor as Duo names it.';
COMMENT ON COLUMN strong_but_used_weak.strength IS 'The strength of the factor.';
COMMENT ON COLUMN strong_but_used_weak.application_id IS 'Duo''s id of the application.';
COMMENT ON COLUMN strong_but_used_weak.application_name IS 'The application''s name.';
COMMENT ON COLUMN strong_but_used_weak.access_device_country IS 'The country of the access device, as Duo locates it.';

CREATE OR REPLACE VIEW enrolled_never_used AS
WITH named AS (
  SELECT tenant, min(occurred_at) AS log_begins, round(100.0 * count(method_id) / count(*), 1)::DOUBLE AS named_pct
  FROM authentications WHERE result = 'success' AND used_second_factor GROUP BY tenant
)
SELECT methods.tenant, methods.user_id, users.username, methods.method_kind, methods.method_id, methods.strength,
  methods.platform, methods.model, methods.label, users.last_login_at, named.log_begins, named.named_pct
FROM mfa_methods methods
JOIN users USING (tenant, user_id)
JOIN named USING (tenant)
ANTI JOIN method_last_used USING (tenant, user_id, method_id)
WHERE users.is_active;
COMMENT ON VIEW enrolled_never_used IS 'Authenticators of active users that no login in the log names. Duo does not name the authenticator of every login: named_pct says of how many.';
COMMENT ON COLUMN enrolled_never_used.tenant IS 'The API host of the Duo tenant.';
COMMENT ON COLUMN enrolled_never_used.user_id IS 'Duo''s id of the user.';
COMMENT ON COLUMN enrolled_never_used.username IS 'The name the user logs in with.';
COMMENT ON COLUMN enrolled_never_used.method_kind IS 'phone, token, webauthn, u2f or desktop.';
COMMENT ON COLUMN enrolled_never_used.method_id IS 'Duo''s id of the authenticator.';
COMMENT ON COLUMN enrolled_never_used.strength IS 'The strength of the authenticator''s strongest use.';
COMMENT ON COLUMN enrolled_never_used.platform IS 'The platform of a phone.';
COMMENT ON COLUMN enrolled_never_used.model IS 'The model of a phone.';
COMMENT ON COLUMN enrolled_never_used.label IS 'The label of a WebAuthn credential.';
COMMENT ON COLUMN enrolled_never_used.last_login_at IS 'The user''s last successful login.';
COMMENT ON COLUMN enrolled_never_used.log_begins IS 'The first login with a second factor in the tenant''s log.';
COMMENT ON COLUMN enrolled_never_used.named_pct IS 'The percentage of logins with a second factor that name the authenticator. The lower it is, the less this view proves.';
