-- One row per administrator.
WITH
factors AS (
  SELECT
    *,
    null_if_empty(phone) AS number,
    named(
      'phone',
      phone_details,
      list_transform(phone_details, lambda detail: null_if_empty(detail.phone_id))
    ) AS phones,
    coalesce(len(phones), 0) AS phone_count,
    coalesce(len(named(
      'webauthn',
      webauthncredentials,
      list_transform(webauthncredentials, lambda credential: null_if_empty(credential.webauthnkey))
    )), 0) AS webauthn_count,
    list_transform(phones, lambda named: phone_rank(named.thing)) AS phone_ranks,
    CASE WHEN hardtoken IS NOT NULL THEN 2 END AS token_rank,
    CASE WHEN webauthn_count > 0 THEN 5 END AS webauthn_rank
  FROM objects.admins
),
ranked AS (
  SELECT
    *,
    -- Duo gives only the number of a phone without details, so what the phone can do is not known
    phone_count = 0 AND number IS NOT NULL AS is_number_only,
    -- NULL means that Duo did not list the credentials: there may be one, and it may be the strongest factor or the only one
    webauthncredentials IS NOT NULL AS is_listed,
    coalesce(greatest(list_max(phone_ranks), token_rank, webauthn_rank), 0) AS highest_rank,
    least(list_min(phone_ranks), token_rank, webauthn_rank) AS lowest_rank,
    CASE
      WHEN highest_rank = 5 OR (is_listed AND NOT is_number_only) THEN highest_rank
    END AS strongest_rank,
    CASE
      WHEN NOT is_number_only AND is_listed THEN coalesce(lowest_rank, 0)
      WHEN NOT is_number_only THEN lowest_rank
    END AS weakest_rank
  FROM factors
)
SELECT
  run_id,
  observed_at,
  tenant,
  admin_id,
  null_if_empty(name) AS name,
  null_if_empty(email) AS email,
  number AS phone,
  null_if_empty(role) AS role,
  null_if_empty(status) AS status,
  from_seconds(created) AS created_at,
  from_seconds(last_login) AS last_login_at,
  password_change_required,
  has_external_password_mgmt,
  restricted_by_admin_units,
  joined(admin_units) AS admin_units,
  phone_count + webauthn_count + (hardtoken IS NOT NULL)::BIGINT + is_number_only::BIGINT AS method_count,
  len(webauthncredentials) > 0 AS has_phishing_resistant,
  strength_of(strongest_rank) AS strongest,
  strength_of(weakest_rank) AS weakest,
  strongest_rank = 1 AS only_telephony
FROM ranked
