-- One row per user.
WITH
-- The users who have a bypass code that works at the time of the run.
code_owners AS (
  SELECT DISTINCT run_id, "user".user_id AS user_id, true AS has_code
  FROM objects.bypass_codes
  WHERE "user" IS NOT NULL AND (expiration IS NULL OR from_seconds(expiration) > observed_at)
),
listed AS (
  SELECT
    users.*,
    -- if all codes were read, a user without one among them has none
    CASE WHEN has_code THEN true WHEN codes.is_whole THEN false END AS has_code,
    list_transform(phones, lambda phone: phone.phone_id) AS phone_ids,
    list_transform(groups, lambda g: g.group_id) AS group_ids,
    list_transform(groups, lambda g: lower_case(g.status)) AS group_statuses,
    all_aliases(aliases, alias1, alias2, alias3, alias4) AS all_aliases
  FROM objects.users
  LEFT JOIN code_owners USING (run_id, user_id)
  LEFT JOIN objects.lists AS codes ON codes.run_id = users.run_id AND codes.list = 'bypass_codes'
),
counted AS (
  SELECT
    * EXCLUDE (status),
    null_if_empty(status) AS status,
    lower_case(status) AS lower_status,
    list_transform(first_of_each(groups, group_ids), lambda g: g.name) AS group_names,
    list_transform(first_of_each(phones, phone_ids), lambda phone: phone_rank(phone)) AS phone_ranks,
    count_different(phone_ids) AS phone_count,
    count_different(list_transform(tokens, lambda token: token.token_id)) AS token_count,
    count_different(list_transform(webauthncredentials, lambda credential: credential.webauthnkey)) AS webauthn_count,
    count_different(list_transform(u2ftokens, lambda token: token.registration_id)) AS u2f_count,
    -- Duo lists desktops in two fields
    count_different(list_concat(
      list_transform(desktop_authenticators, lambda desktop: desktop.dakey),
      list_transform(desktoptokens, lambda token: token.desktoptoken_id)
    )) AS desktop_count
  FROM listed
),
ranked AS (
  SELECT
    *,
    coalesce(lower_status IN ('disabled', 'locked out', 'pending deletion'), false)
      OR list_contains(group_statuses, 'disabled') AS is_out,
    greatest(
      list_max(phone_ranks),
      CASE WHEN token_count > 0 THEN 2 END,
      CASE WHEN desktop_count > 0 THEN 4 END,
      CASE WHEN webauthn_count > 0 OR u2f_count > 0 THEN 5 END
    ) AS strongest_rank,
    least(
      list_min(phone_ranks),
      CASE WHEN token_count > 0 THEN 2 END,
      CASE WHEN desktop_count > 0 THEN 4 END,
      CASE WHEN webauthn_count > 0 OR u2f_count > 0 THEN 5 END
    ) AS weakest_rank
  FROM counted
),
judged AS (
  SELECT
    *,
    CASE
      WHEN NOT is_out THEN null_if_empty(concat_ws(
        ', ',
        CASE WHEN lower_status = 'bypass' THEN 'status' END,
        CASE WHEN list_contains(group_statuses, 'bypass') THEN 'group' END,
        CASE WHEN has_code THEN 'code' END
      ))
    END AS bypass_reason
  FROM ranked
)
SELECT
  run_id,
  observed_at,
  tenant,
  user_id,
  null_if_empty(username) AS username,
  null_if_empty(email) AS email,
  null_if_empty(realname) AS realname,
  null_if_empty(firstname) AS firstname,
  null_if_empty(lastname) AS lastname,
  status,
  is_enrolled,
  from_seconds(created) AS created_at,
  from_seconds(last_login) AS last_login_at,
  from_seconds(last_directory_sync) AS last_directory_sync_at,
  null_if_empty(directory_key) AS directory_key,
  null_if_empty(external_id) AS external_id,
  null_if_empty(lockout_reason) AS lockout_reason,
  null_if_empty(notes) AS notes,
  joined(all_aliases) AS aliases,
  joined(group_names) AS group_names,
  phone_count,
  token_count,
  webauthn_count,
  u2f_count,
  desktop_count,
  phone_count + token_count + webauthn_count + u2f_count + desktop_count AS method_count,
  phone_count > 0 OR token_count > 0 OR webauthn_count > 0 AS mfa_enabled,
  coalesce(strongest_rank = 5, false) AS has_phishing_resistant,
  strength_of(coalesce(strongest_rank, 0)) AS strongest,
  strength_of(coalesce(weakest_rank, 0)) AS weakest,
  coalesce(strongest_rank = 1, false) AS only_telephony,
  CASE WHEN is_out THEN false WHEN bypass_reason IS NOT NULL THEN true ELSE has_code END AS is_bypass,
  bypass_reason,
  coalesce(lower_status = 'active', false) AND NOT is_out AS is_active
FROM judged
