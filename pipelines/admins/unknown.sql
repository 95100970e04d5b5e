-- The values that this version of the program does not know, and how often they occur: one row per run and sentence.
WITH
phones AS (SELECT run_id, unnest(phone_details) AS phone FROM objects.admins),
-- roles are not checked, because customers create their own
enumerated AS (
  SELECT run_id, 'administrator status' AS what, status AS field FROM objects.admins
  UNION ALL
  SELECT run_id, 'token type', hardtoken.type FROM objects.admins
  UNION ALL
  SELECT run_id, 'phone type', phone.type FROM phones
  UNION ALL
  SELECT run_id, 'phone capability', unnest(phone.capabilities) FROM phones
),
unknown AS (
  SELECT run_id, 'unknown ' || what || ': ' || shown(field) || ', kept as it is' AS what
  FROM enumerated
  WHERE field <> '' AND NOT is_known(what, field)
  UNION ALL
  SELECT run_id, 'phone last_seen is not a time, left NULL'
  FROM phones
  WHERE phone.last_seen <> '' AND from_text(phone.last_seen) IS NULL
)
SELECT run_id, what, count(*) AS times
FROM unknown
GROUP BY run_id, what
ORDER BY times DESC, what
