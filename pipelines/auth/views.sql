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
COMMENT ON COLUMN method_last_used.uses IS 'The number of uses.';

CREATE OR REPLACE VIEW logins_without_second_factor AS
SELECT tenant, occurred_at, user_id, username, CASE
    WHEN regexp_matches(factor, '(?i)bypass.?code') THEN 'bypass code'
    WHEN regexp_matches(reason, '^bypass') THEN 'bypass status'
    WHEN regexp_matches(reason, '^remembered') THEN 'remembered device'
    WHEN regexp_matches(reason, 'trusted_(network|location)') THEN 'trusted network'
    WHEN regexp_matches(reason, '^allow') THEN 'not enrolled'
    ELSE 'other'
  END AS why, reason, factor, application_id, application_name, access_device_ip, access_device_country
FROM authentications
WHERE event_type = 'authentication' AND result = 'success' AND NOT used_second_factor;
COMMENT ON VIEW logins_without_second_factor IS 'Logins that Duo let in without a second factor, each with the reason. A login whose factor is not known is left out.';
COMMENT ON COLUMN logins_without_second_factor.tenant IS 'The API host of the Duo tenant.';
COMMENT ON COLUMN logins_without_second_factor.occurred_at IS 'The time of the login.';
COMMENT ON COLUMN logins_without_second_factor.user_id IS 'Duo''s id of the user.';
COMMENT ON COLUMN logins_without_second_factor.username IS 'The name the user logged in with.';
COMMENT ON COLUMN logins_without_second_factor.why IS 'bypass code, bypass status, remembered device, trusted network (or trusted location), not enrolled, or other.';
COMMENT ON COLUMN logins_without_second_factor.reason IS 'The reason in Duo''s words.';
COMMENT ON COLUMN logins_without_second_factor.factor IS 'The factor as Duo names it.';
COMMENT ON COLUMN logins_without_second_factor.application_id IS 'Duo''s id of the application.';
COMMENT ON COLUMN logins_without_second_factor.application_name IS 'The application''s name.';
COMMENT ON COLUMN logins_without_second_factor.access_device_ip IS 'The IP address of the access device.';
COMMENT ON COLUMN logins_without_second_factor.access_device_country IS 'Its country, as Duo locates it.';

CREATE OR REPLACE VIEW bypass_used AS
SELECT tenant, occurred_at, user_id, username, why, application_id, application_name, access_device_ip, access_device_country
FROM logins_without_second_factor WHERE why IN ('bypass code', 'bypass status');
COMMENT ON VIEW bypass_used IS 'Logins that a bypass let in: by a code, or by the status of the user or a group.';
COMMENT ON COLUMN bypass_used.tenant IS 'The API host of the Duo tenant.';
COMMENT ON COLUMN bypass_used.occurred_at IS 'The time of the login.';
COMMENT ON COLUMN bypass_used.user_id IS 'Duo''s id of the user.';
COMMENT ON COLUMN bypass_used.username IS 'The name the user logged in with.';
COMMENT ON COLUMN bypass_used.why IS 'bypass code or bypass status.';
COMMENT ON COLUMN bypass_used.application_id IS 'Duo''s id of the application.';
COMMENT ON COLUMN bypass_used.application_name IS 'The application''s name.';
COMMENT ON COLUMN bypass_used.access_device_ip IS 'The IP address of the access device.';
COMMENT ON COLUMN bypass_used.access_device_country IS 'Its country, as Duo locates it.';

CREATE OR REPLACE VIEW push_fatigue AS
WITH pushes AS (
  FROM authentications
  WHERE event_type = 'authentication' AND regexp_matches(factor, '(?i)push') AND user_id IS NOT NULL
)
SELECT approved.tenant, approved.occurred_at, approved.user_id, approved.username, approved.application_name,
  count(*) FILTER (refused.result = 'denied') AS denied, count(*) FILTER (refused.result = 'fraud') AS fraud,
  approved.access_device_ip, approved.access_device_country, approved.txid
FROM pushes approved
JOIN pushes refused ON refused.tenant = approved.tenant AND refused.user_id = approved.user_id
  AND refused.result IN ('denied', 'fraud')
  AND refused.occurred_at BETWEEN approved.occurred_at - INTERVAL 1 HOUR AND approved.occurred_at
WHERE approved.result = 'success'
GROUP BY ALL;
COMMENT ON VIEW push_fatigue IS 'Approved pushes that followed pushes which the same user had refused, or reported as fraud, within the hour before: an attacker who has the password may have tired the user out.';
COMMENT ON COLUMN push_fatigue.tenant IS 'The API host of the Duo tenant.';
COMMENT ON COLUMN push_fatigue.occurred_at IS 'The time of the approved push.';
COMMENT ON COLUMN push_fatigue.user_id IS 'Duo''s id of the user.';
COMMENT ON COLUMN push_fatigue.username IS 'The name the user logged in with.';
COMMENT ON COLUMN push_fatigue.application_name IS 'The application''s name.';
COMMENT ON COLUMN push_fatigue.denied IS 'How many pushes were refused in the hour before.';
COMMENT ON COLUMN push_fatigue.fraud IS 'How many were reported as fraud.';
COMMENT ON COLUMN push_fatigue.access_device_ip IS 'The IP address of the device that logged in.';
COMMENT ON COLUMN push_fatigue.access_device_country IS 'Its country, as Duo locates it.';
COMMENT ON COLUMN push_fatigue.txid IS 'Duo''s id of the transaction.';
