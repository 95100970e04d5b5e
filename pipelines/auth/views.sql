-- The views over the logins that analysts open first. They work over the ledger, which has the logins as a view of the
-- Parquet files, and over the Parquet files alone.

CREATE OR REPLACE VIEW factor_use_daily AS
SELECT tenant, used_on::DATE AS day, factor, strength, result, reason, used_second_factor, sum(uses)::BIGINT AS uses
FROM factor_uses WHERE event_type = 'authentication'
GROUP BY ALL;
COMMENT ON VIEW factor_use_daily IS 'How often each factor was used on each day, and how the logins ended.';
COMMENT ON COLUMN factor_use_daily.tenant IS 'The API host of the Duo tenant.';
COMMENT ON COLUMN factor_use_daily.day IS 'The day (UTC).';
COMMENT ON COLUMN factor_use_daily.factor IS 'The factor as Duo names it; unknown if Duo does not say.';
COMMENT ON COLUMN factor_use_daily.strength IS 'The strength of the factor; NULL if the factor is not known.';
COMMENT ON COLUMN factor_use_daily.result IS 'success, denied or fraud.';
COMMENT ON COLUMN factor_use_daily.reason IS 'Why, in Duo''s words.';
COMMENT ON COLUMN factor_use_daily.used_second_factor IS 'Of a success: whether a second factor was used.';
COMMENT ON COLUMN factor_use_daily.uses IS 'The number of logins.';

CREATE OR REPLACE VIEW method_last_used AS
SELECT tenant, user_id, method_id, arg_max(factor, occurred_at) AS factor, max(occurred_at) AS last_used_at,
  count(*) AS uses
FROM authentications
WHERE result = 'success' AND used_second_factor AND method_id IS NOT NULL
GROUP BY tenant, user_id, method_id;
COMMENT ON VIEW method_last_used IS 'When each authenticator was last used with success, and how often.';
COMMENT ON COLUMN method_last_used.tenant IS 'The API host of the Duo tenant.';
COMMENT ON COLUMN method_last_used.user_id IS 'Duo''s id of the user.';
COMMENT ON COLUMN method_last_used.method_id IS 'Duo''s id of the authenticator, as in mfa_methods.';
COMMENT ON COLUMN method_last_used.factor IS 'The factor of the last use.';
COMMENT ON COLUMN method_last_used.last_used_at IS 'The time of the last use.';
COMMENT ON COLUMN method_last_used.uses IS 'The number of uses.'
