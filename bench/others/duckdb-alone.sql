-- Tables of the rows in the pages in the directory.
SET VARIABLE now = now();
SET VARIABLE run_id = uuid()::VARCHAR;

CREATE MACRO size(list) AS coalesce(len(list), 0);
CREATE MACRO filled(value) AS nullif(value, '');
CREATE MACRO joined(list) AS
  nullif(array_to_string(list_sort(list_distinct(list_filter(list, lambda x: x <> ''))), ', '), '');
CREATE MACRO strength(rank) AS
  ['none', 'telephony', 'otp', 'push', 'device_bound', 'phishing_resistant'][coalesce(rank, 0) + 1];
CREATE MACRO time_of(text) AS try_cast(nullif(text, '') AS TIMESTAMP)::TIMESTAMPTZ;

CREATE TEMP TABLE user_objects AS
SELECT unnest(response) AS u
FROM read_json(
  getvariable('directory') || '/users/*.json', format = 'unstructured', maximum_object_size = 16777216,
  columns = {response: 'STRUCT(
    user_id VARCHAR, username VARCHAR, email VARCHAR, realname VARCHAR, firstname VARCHAR, lastname VARCHAR,
    status VARCHAR, is_enrolled BOOLEAN, created BIGINT, last_login BIGINT, last_directory_sync BIGINT,
    directory_key VARCHAR, external_id VARCHAR, lockout_reason VARCHAR, notes VARCHAR,
    alias1 VARCHAR, alias2 VARCHAR, alias3 VARCHAR, alias4 VARCHAR,
    aliases STRUCT(alias1 VARCHAR, alias2 VARCHAR, alias3 VARCHAR, alias4 VARCHAR,
      alias5 VARCHAR, alias6 VARCHAR, alias7 VARCHAR, alias8 VARCHAR),
    groups STRUCT(group_id VARCHAR, name VARCHAR, status VARCHAR)[],
    phones STRUCT(phone_id VARCHAR, type VARCHAR, name VARCHAR, platform VARCHAR, model VARCHAR, number VARCHAR,
      extension VARCHAR, activated BOOLEAN, capabilities VARCHAR[], last_seen VARCHAR, app_version VARCHAR,
      os_version VARCHAR, encrypted VARCHAR, fingerprint VARCHAR, screenlock VARCHAR, tampered VARCHAR,
      sms_passcodes_sent BOOLEAN)[],
    tokens STRUCT(token_id VARCHAR, type VARCHAR, serial VARCHAR, totp_step BIGINT)[],
    webauthncredentials STRUCT(webauthnkey VARCHAR, credential_name VARCHAR, label VARCHAR, date_added BIGINT)[],
    u2ftokens STRUCT(registration_id VARCHAR, date_added BIGINT)[],
    desktop_authenticators STRUCT(daid BIGINT, dakey VARCHAR, device_name VARCHAR, duo_desktop_version VARCHAR,
      os_family VARCHAR)[],
    desktoptokens STRUCT(desktoptoken_id VARCHAR, type VARCHAR, name VARCHAR, platform VARCHAR)[]
  )[]'}
);

CREATE TABLE bypass_codes AS
SELECT getvariable('run_id') AS run_id, getvariable('now') AS observed_at, c.user.user_id AS user_id,
  filled(c.user.username) AS username, c.bypass_code_id, filled(c.admin_email) AS admin_email,
  to_timestamp(c.created) AS created_at, to_timestamp(c.expiration) AS expires_at, c.reuse_count
FROM (
  SELECT unnest(response) AS c
  FROM read_json(
    getvariable('directory') || '/bypass_codes/*.json', format = 'unstructured', maximum_object_size = 16777216,
    columns = {response: 'STRUCT(bypass_code_id VARCHAR, admin_email VARCHAR, created BIGINT, expiration BIGINT,
      reuse_count BIGINT, user STRUCT(user_id VARCHAR, username VARCHAR))[]'}
  )
);

CREATE TABLE user_groups AS
SELECT getvariable('run_id') AS run_id, getvariable('now') AS observed_at, user_id, username, g.group_id,
  filled(g.name) AS group_name, filled(g.status) AS group_status
FROM (SELECT u.user_id AS user_id, filled(u.username) AS username, unnest(u.groups) AS g FROM user_objects);

CREATE TABLE mfa_methods AS
WITH owned AS (
  SELECT u, u.user_id AS user_id, filled(u.username) AS username, filled(u.email) AS email, filled(u.realname) AS realname,
    filled(u.status) AS user_status
  FROM user_objects
), phones AS (
  SELECT * EXCLUDE u, unnest(u.phones) AS p FROM owned
), uses AS (
  SELECT *, coalesce(p.activated, false) AND list_contains(p.capabilities, 'push') AS can_push,
    coalesce(p.activated, false) AND list_contains(p.capabilities, 'mobile_otp') AS can_otp,
    list_contains(p.capabilities, 'sms') AS can_sms, list_contains(p.capabilities, 'phone') AS can_call
  FROM phones
), methods AS (
  SELECT * EXCLUDE p, 'phone' AS method_kind, p.phone_id AS method_id, filled(p.type) AS method_type,
    filled(p.name) AS name, NULL::VARCHAR AS label, filled(p.platform) AS platform, filled(p.model) AS model,
    filled(p.number) AS number, filled(p.extension) AS extension, NULL::VARCHAR AS serial, p.activated,
    joined(p.capabilities) AS capabilities,
    CASE WHEN can_push THEN 3 WHEN can_otp THEN 2 WHEN can_sms OR can_call THEN 1 ELSE 0 END AS strength_rank,
    NULL::TIMESTAMPTZ AS enrolled_at, time_of(p.last_seen) AS last_seen_at, filled(p.app_version) AS app_version,
    filled(p.os_version) AS os_version, filled(p.encrypted) AS encrypted, filled(p.fingerprint) AS fingerprint,
    filled(p.screenlock) AS screenlock, filled(p.tampered) AS tampered, p.sms_passcodes_sent, NULL::BIGINT AS totp_step
  FROM uses
  UNION ALL BY NAME
  SELECT * EXCLUDE t, 'token' AS method_kind, t.token_id AS method_id, filled(t.type) AS method_type,
    filled(t.serial) AS serial, true AS can_otp, t.totp_step, 2 AS strength_rank
  FROM (SELECT * EXCLUDE u, unnest(u.tokens) AS t FROM owned)
  UNION ALL BY NAME
  SELECT * EXCLUDE w, 'webauthn' AS method_kind, w.webauthnkey AS method_id, filled(w.credential_name) AS name,
    filled(w.label) AS label, to_timestamp(w.date_added) AS enrolled_at, 5 AS strength_rank
  FROM (SELECT * EXCLUDE u, unnest(u.webauthncredentials) AS w FROM owned)
  UNION ALL BY NAME
  SELECT * EXCLUDE t, 'u2f' AS method_kind, t.registration_id AS method_id, to_timestamp(t.date_added) AS enrolled_at,
    5 AS strength_rank
  FROM (SELECT * EXCLUDE u, unnest(u.u2ftokens) AS t FROM owned)
  UNION ALL BY NAME
  SELECT * EXCLUDE d, 'desktop' AS method_kind, coalesce(filled(d.dakey), d.daid::VARCHAR) AS method_id,
    filled(d.device_name) AS name, filled(d.os_family) AS platform, filled(d.duo_desktop_version) AS app_version,
    4 AS strength_rank
  FROM (SELECT * EXCLUDE u, unnest(u.desktop_authenticators) AS d FROM owned)
  UNION ALL BY NAME
  SELECT * EXCLUDE d, 'desktop' AS method_kind, d.desktoptoken_id AS method_id, filled(d.type) AS method_type,
    filled(d.name) AS name, filled(d.platform) AS platform, 4 AS strength_rank
  FROM (SELECT * EXCLUDE u, unnest(u.desktoptokens) AS d FROM owned)
)
SELECT getvariable('run_id') AS run_id, getvariable('now') AS observed_at, * REPLACE (
    coalesce(can_push, false) AS can_push, coalesce(can_otp, false) AS can_otp, coalesce(can_sms, false) AS can_sms,
    coalesce(can_call, false) AS can_call
  ), strength(strength_rank) AS strength
FROM methods;

CREATE TABLE users AS
WITH strengths AS (
  SELECT user_id, max(strength_rank) AS best, min(strength_rank) AS worst FROM mfa_methods GROUP BY user_id
), coded AS (
  SELECT DISTINCT user_id FROM bypass_codes WHERE expires_at IS NULL OR expires_at > getvariable('now')
), reasons AS (
  SELECT u, best, worst, is_out, CASE WHEN NOT is_out THEN filled(concat_ws(', ',
    CASE WHEN lower(u.status) = 'bypass' THEN 'status' END,
    CASE WHEN len(list_filter(u.groups, lambda g: lower(g.status) = 'bypass')) > 0 THEN 'group' END,
    CASE WHEN coded.user_id IS NOT NULL THEN 'code' END
  )) END AS bypass_reason
  FROM (
    SELECT *, coalesce(lower(u.status), '') IN ('disabled', 'locked out', 'pending deletion') OR
      len(list_filter(u.groups, lambda g: lower(g.status) = 'disabled')) > 0 AS is_out
    FROM user_objects
  ) user_objects
    LEFT JOIN strengths ON strengths.user_id = u.user_id
    LEFT JOIN coded ON coded.user_id = u.user_id
)
SELECT getvariable('run_id') AS run_id, getvariable('now') AS observed_at, u.user_id AS user_id,
  filled(u.username) AS username, filled(u.email) AS email, filled(u.realname) AS realname, filled(u.firstname) AS firstname,
  filled(u.lastname) AS lastname, filled(u.status) AS status, u.is_enrolled AS is_enrolled,
  to_timestamp(u.created) AS created_at, to_timestamp(u.last_login) AS last_login_at,
  to_timestamp(u.last_directory_sync) AS last_directory_sync_at, filled(u.directory_key) AS directory_key,
  filled(u.external_id) AS external_id, filled(u.lockout_reason) AS lockout_reason, filled(u.notes) AS notes,
  joined([u.alias1, u.alias2, u.alias3, u.alias4, u.aliases.alias1, u.aliases.alias2, u.aliases.alias3,
    u.aliases.alias4, u.aliases.alias5, u.aliases.alias6, u.aliases.alias7, u.aliases.alias8]) AS aliases,
  joined(list_transform(u.groups, lambda g: g.name)) AS group_names, size(u.phones) AS phone_count,
  size(u.tokens) AS token_count, size(u.webauthncredentials) AS webauthn_count, size(u.u2ftokens) AS u2f_count,
  size(u.desktop_authenticators) + size(u.desktoptokens) AS desktop_count,
  size(u.phones) + size(u.tokens) + size(u.webauthncredentials) + size(u.u2ftokens) + size(u.desktop_authenticators) +
    size(u.desktoptokens) AS method_count,
  size(u.phones) + size(u.tokens) + size(u.webauthncredentials) > 0 AS mfa_enabled,
  coalesce(best = 5, false) AS has_phishing_resistant, strength(best) AS strongest, strength(worst) AS weakest,
  coalesce(best = 1, false) AS only_telephony, bypass_reason IS NOT NULL AS is_bypass, bypass_reason,
  coalesce(lower(u.status) = 'active', false) AND NOT is_out AS is_active
FROM reasons;
