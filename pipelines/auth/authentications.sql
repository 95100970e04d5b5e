-- One row per entry.
WITH read AS (
  SELECT
    *,
    factor_name(null_if_empty(reason)) AS why,
    lower_case(null_if_empty(result)) AS ended,
    strength_of_factor(factor_name(factor)) AS factor_strength,
    null_if_empty("auth_device.name") AS device_name
  FROM objects.authentications
)
SELECT
  run_id,
  observed_at,
  tenant,
  txid,
  make_timestamptz(occurred_us) AS occurred_at,
  lower_case(null_if_empty(event_type)) AS event_type,
  ended AS result,
  why AS reason,
  null_if_empty(factor) AS factor,
  null_if_empty(remembered_factor) AS remembered_factor,
  factor_strength AS strength,
  CASE
    WHEN ended = 'success'
    THEN NOT coalesce(is_without_factor(why), false) AND coalesce(factor_strength, '') <> 'none'
  END AS used_second_factor,
  null_if_empty("user.key") AS user_id,
  null_if_empty("user.name") AS username,
  joined("user.groups") AS user_groups,
  null_if_unknown(email) AS email,
  null_if_unknown(alias) AS alias,
  null_if_empty("application.key") AS application_id,
  null_if_empty("application.name") AS application_name,
  null_if_empty("application.destination_name") AS application_destination,
  coalesce(
    null_if_empty("auth_device.key"),
    CASE WHEN regexp_full_match(device_name, '(WA|DF)[A-Z0-9]{18}') THEN device_name END
  ) AS method_id,
  device_name AS auth_device_name,
  null_if_empty("auth_device.ip") AS auth_device_ip,
  null_if_empty("auth_device.location.city") AS auth_device_city,
  null_if_empty("auth_device.location.state") AS auth_device_state,
  null_if_empty("auth_device.location.country") AS auth_device_country,
  null_if_empty("access_device.ip") AS access_device_ip,
  null_if_empty("access_device.hostname") AS access_device_hostname,
  null_if_empty("access_device.epkey") AS access_device_epkey,
  null_if_empty("access_device.location.city") AS access_device_city,
  null_if_empty("access_device.location.state") AS access_device_state,
  null_if_empty("access_device.location.country") AS access_device_country,
  null_if_empty("access_device.browser") AS browser,
  null_if_empty("access_device.browser_version") AS browser_version,
  null_if_empty("access_device.os") AS os,
  null_if_empty("access_device.os_version") AS os_version,
  "access_device.is_encryption_enabled" AS is_encrypted,
  "access_device.is_firewall_enabled" AS is_firewalled,
  "access_device.is_password_set" AS has_password,
  null_if_empty(array_to_string(
    list_transform(
      "access_device.security_agents",
      lambda agent: concat_ws(' ', null_if_empty(agent.security_agent), null_if_empty(agent.version))
    ),
    ', '
  )) AS security_agents,
  null_if_empty(trusted_endpoint_status) AS trusted_endpoint_status,
  null_if_empty(ood_software) AS out_of_date_software,
  null_if_empty("adaptive_trust_assessments.more_secure_auth.trust_level") AS trust_level,
  null_if_empty("adaptive_trust_assessments.more_secure_auth.reason") AS trust_reason,
  joined(list_transform(rbfs_triggered_attacks, lambda attack: attack.detector)) AS attacks,
  "passport_assessment.is_supported" AS has_passport
FROM read
