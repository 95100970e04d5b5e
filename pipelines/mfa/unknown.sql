-- What this version does not know in what was read, and how often: one row per run and sentence.
WITH
phones AS (SELECT run_id, unnest(phones) AS phone FROM objects.users),
enumerated AS (
  SELECT run_id, 'user status' AS what, status AS field FROM objects.users
  UNION ALL
  SELECT run_id, 'group status', unnest(list_transform(groups, lambda g: g.status)) FROM objects.users
  UNION ALL
  SELECT run_id, 'token type', unnest(list_transform(tokens, lambda token: token.type)) FROM objects.users
  UNION ALL
  SELECT run_id, 'phone type', phone.type FROM phones
  UNION ALL
  SELECT run_id, 'phone capability', unnest(phone.capabilities) FROM phones
),
counted AS (
  SELECT run_id, what, field, count(*) AS times
  FROM enumerated
  WHERE field <> ''
  GROUP BY ALL
),
unknown AS (
  SELECT run_id, 'unknown ' || what || ': ' || shown(field) || ', kept as it is' AS what, times
  FROM counted
  WHERE NOT is_known(what, field)
  UNION ALL
  SELECT run_id, 'phone last_seen that is no time, left NULL', count(*)
  FROM phones
  WHERE phone.last_seen <> '' AND from_text(phone.last_seen) IS NULL
  GROUP BY run_id
  UNION ALL
  SELECT run_id, 'bypass code of nobody, left out', count(*)
  FROM objects.bypass_codes
  WHERE "user" IS NULL
  GROUP BY run_id
)
SELECT run_id, what, sum(times)::BIGINT AS times
FROM unknown
GROUP BY run_id, what
ORDER BY times DESC, what
