
-- "unknown" and '' stand for no value.
CREATE MACRO null_if_unknown(field) AS CASE WHEN field NOT IN ('', 'unknown') THEN field END;

-- Older entries have names such as "Duo Push".
CREATE MACRO factor_name(factor) AS regexp_replace(lower_case(factor), '[^a-z0-9]+', '_', 'g');

-- The strength of a factor by its name. Duo does not document the names of WebAuthn factors, so parts of the names decide.
CREATE MACRO strength_of_factor(name) AS CASE
  WHEN name IN ('duo_push', 'verified_duo_push', 'push') THEN 'push'
  WHEN name IN (
    'passcode', 'duo_mobile_passcode', 'hardware_token', 'yubikey_passcode', 'yubikey_code', 'digipass_go_7_token'
  ) THEN 'otp'
  WHEN name IN ('phone_call', 'sms_passcode', 'sms_refresh') THEN 'telephony'
  WHEN name IN (
    'bypass_code', 'bypass_status', 'remembered_device', 'trusted_network', 'trusted_location', 'not_available', 'n_a'
  ) THEN 'none'
  WHEN regexp_matches(name, 'webauthn|security_key|platform_auth|roaming_auth|touch_id|face_id|windows_hello|passkey|passwordless|^u2f')
  THEN 'phishing_resistant'
END;

-- The reasons with which users are let in without a second factor.
CREATE MACRO is_without_factor(reason) AS
  regexp_matches(reason, '^(bypass_user|allow|remembered_device|trusted_)');
