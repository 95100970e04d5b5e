-- One row per administrator and factor.
WITH
owners AS (
  SELECT
    run_id,
    observed_at,
    tenant,
    admin_id,
    null_if_empty(name) AS admin_name,
    null_if_empty(email) AS email,
    null_if_empty(role) AS role,
    null_if_empty(status) AS admin_status,
    null_if_empty(phone) AS number,
    named(
      'phone',
      phone_details,
      list_transform(phone_details, lambda detail: null_if_empty(detail.phone_id))
    ) AS phones,
    hardtoken,
    named(
      'webauthn',
      webauthncredentials,
      list_transform(webauthncredentials, lambda credential: null_if_empty(credential.webauthnkey))
    ) AS credentials
  FROM objects.admins
),
phone_rows AS (
  SELECT
    run_id, observed_at, tenant, admin_id, admin_name, email, role, admin_status,
    named.id AS method_id,
    named.thing AS phone,
    phone_rank(named.thing) AS strength_rank
  FROM (SELECT *, unnest(phones) AS named FROM owners)
),
credential_rows AS (
  SELECT
    run_id, observed_at, tenant, admin_id, admin_name, email, role, admin_status,
    named.id AS method_id,
    named.thing AS credential
  FROM (SELECT *, unnest(credentials) AS named FROM owners)
)
SELECT
  * EXCLUDE (phone, strength_rank),
  'phone' AS method_kind,
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
  can_push(phone) AS can_push,
  can_otp(phone) AS can_otp,
  can_sms(phone) AS can_sms,
  can_call(phone) AS can_call,
  strength_of(strength_rank) AS strength,
  strength_rank::BIGINT AS strength_rank,
  NULL::TIMESTAMPTZ AS enrolled_at,
  from_text(phone.last_seen) AS last_seen_at,
  NULL::BIGINT AS totp_step
FROM phone_rows
UNION ALL BY NAME
-- Duo gives only the number of a phone without details, so what the phone can do is not known
SELECT
  run_id, observed_at, tenant, admin_id, admin_name, email, role, admin_status,
  'phone' AS method_kind,
  'phone' AS method_id,
  number
FROM owners
WHERE number IS NOT NULL AND coalesce(len(phones), 0) = 0
UNION ALL BY NAME
SELECT
  run_id, observed_at, tenant, admin_id, admin_name, email, role, admin_status,
  'token' AS method_kind,
  hardtoken.token_id AS method_id,
  null_if_empty(hardtoken.type) AS method_type,
  null_if_empty(hardtoken.serial) AS serial,
  false AS can_push,
  true AS can_otp,
  false AS can_sms,
  false AS can_call,
  strength_of(2) AS strength,
  2 AS strength_rank,
  hardtoken.totp_step AS totp_step
FROM owners
WHERE hardtoken IS NOT NULL
UNION ALL BY NAME
SELECT
  * EXCLUDE (credential),
  'webauthn' AS method_kind,
  null_if_empty(credential.credential_name) AS name,
  null_if_empty(credential.label) AS label,
  false AS can_push,
  false AS can_otp,
  false AS can_sms,
  false AS can_call,
  strength_of(5) AS strength,
  5 AS strength_rank,
  from_seconds(credential.date_added) AS enrolled_at
FROM credential_rows
