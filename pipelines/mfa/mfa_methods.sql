-- One row per user and authenticator.
WITH
owners AS NOT MATERIALIZED (
  SELECT
    * EXCLUDE (username, email, realname, status),
    null_if_empty(username) AS username,
    null_if_empty(email) AS email,
    null_if_empty(realname) AS realname,
    null_if_empty(status) AS user_status
  FROM objects.users
),
phone_rows AS (
  SELECT
    run_id, observed_at, tenant, user_id, username, email, realname, user_status,
    phone,
    can_push(phone) AS can_push,
    can_otp(phone) AS can_otp,
    can_sms(phone) AS can_sms,
    can_call(phone) AS can_call,
    phone_rank(phone) AS strength_rank
  FROM (
    SELECT
      run_id, observed_at, tenant, user_id, username, email, realname, user_status,
      unnest(first_of_each(phones, list_transform(phones, lambda phone: phone.phone_id))) AS phone
    FROM owners
  )
),
token_rows AS (
  SELECT
    run_id, observed_at, tenant, user_id, username, email, realname, user_status,
    unnest(first_of_each(tokens, list_transform(tokens, lambda token: token.token_id))) AS token
  FROM owners
),
credential_rows AS (
  SELECT
    run_id, observed_at, tenant, user_id, username, email, realname, user_status,
    unnest(first_of_each(
      webauthncredentials,
      list_transform(webauthncredentials, lambda credential: credential.webauthnkey)
    )) AS credential
  FROM owners
),
u2f_rows AS (
  SELECT
    run_id, observed_at, tenant, user_id, username, email, realname, user_status,
    unnest(first_of_each(u2ftokens, list_transform(u2ftokens, lambda token: token.registration_id))) AS token
  FROM owners
),
desktop_rows AS (
  SELECT
    run_id, observed_at, tenant, user_id, username, email, realname, user_status,
    unnest(first_of_each(desktops, list_transform(desktops, lambda desktop: desktop.id))) AS desktop
  FROM (
    SELECT
      *,
      -- Duo lists desktops in two fields
      list_concat(
        list_transform(desktop_authenticators, lambda desktop: {
          id: desktop.dakey,
          type: NULL::VARCHAR,
          name: desktop.device_name,
          platform: desktop.os_family,
          version: desktop.duo_desktop_version
        }),
        list_transform(desktoptokens, lambda token: {
          id: token.desktoptoken_id,
          type: token.type,
          name: token.name,
          platform: token.platform,
          version: NULL::VARCHAR
        })
      ) AS desktops
    FROM owners
  )
)
SELECT
  run_id, observed_at, tenant, user_id, username, email, realname, user_status,
  'phone' AS method_kind,
  phone.phone_id AS method_id,
  null_if_empty(phone.type) AS method_type,
  null_if_empty(phone.name) AS name,
  NULL::VARCHAR AS label,
  null_if_empty(phone.platform) AS platform,
  null_if_empty(phone.model) AS model,
  null_if_empty(phone.number) AS number,
  null_if_empty(phone.extension) AS extension,
  NULL::VARCHAR AS serial,
  phone.activated AS activated,
  joined(phone.capabilities) AS capabilities,
  can_push,
  can_otp,
  can_sms,
  can_call,
  strength_of(strength_rank) AS strength,
  strength_rank::BIGINT AS strength_rank,
  NULL::TIMESTAMPTZ AS enrolled_at,
  from_text(phone.last_seen) AS last_seen_at,
  null_if_empty(phone.app_version) AS app_version,
  null_if_empty(phone.os_version) AS os_version,
  null_if_empty(phone.encrypted) AS encrypted,
  null_if_empty(phone.fingerprint) AS fingerprint,
  null_if_empty(phone.screenlock) AS screenlock,
  null_if_empty(phone.tampered) AS tampered,
  phone.sms_passcodes_sent AS sms_passcodes_sent,
  NULL::BIGINT AS totp_step
FROM phone_rows
UNION ALL BY NAME
SELECT
  * EXCLUDE (token),
  'token' AS method_kind,
  token.token_id AS method_id,
  null_if_empty(token.type) AS method_type,
  null_if_empty(token.serial) AS serial,
  false AS can_push,
  true AS can_otp,
  false AS can_sms,
  false AS can_call,
  'otp' AS strength,
  2 AS strength_rank,
  token.totp_step AS totp_step
FROM token_rows
UNION ALL BY NAME
SELECT
  * EXCLUDE (credential),
  'webauthn' AS method_kind,
  credential.webauthnkey AS method_id,
  null_if_empty(credential.credential_name) AS name,
  null_if_empty(credential.label) AS label,
  false AS can_push,
  false AS can_otp,
  false AS can_sms,
  false AS can_call,
  'phishing_resistant' AS strength,
  5 AS strength_rank,
  from_seconds(credential.date_added) AS enrolled_at
FROM credential_rows
UNION ALL BY NAME
SELECT
  * EXCLUDE (token),
  'u2f' AS method_kind,
  token.registration_id AS method_id,
  false AS can_push,
  false AS can_otp,
  false AS can_sms,
  false AS can_call,
  'phishing_resistant' AS strength,
  5 AS strength_rank,
  from_seconds(token.date_added) AS enrolled_at
FROM u2f_rows
UNION ALL BY NAME
SELECT
  * EXCLUDE (desktop),
  'desktop' AS method_kind,
  desktop.id AS method_id,
  null_if_empty(desktop.type) AS method_type,
  null_if_empty(desktop.name) AS name,
  null_if_empty(desktop.platform) AS platform,
  null_if_empty(desktop.version) AS app_version,
  false AS can_push,
  false AS can_otp,
  false AS can_sms,
  false AS can_call,
  'device_bound' AS strength,
  4 AS strength_rank
FROM desktop_rows
