-- The values that this version of the program does not know, and how often they occur: one row per run and sentence.
WITH
phones AS NOT MATERIALIZED (SELECT run_id, unnest(phones) AS phone FROM objects.users),
-- materialized, so that each different value is checked only once; there are few different values
counted AS MATERIALIZED (
  SELECT run_id, 'user status' AS what, status AS field, count(*) AS times
  FROM objects.users
  GROUP BY ALL
  UNION ALL
  SELECT run_id, 'group status', g.status, count(*)
  FROM (SELECT run_id, unnest(groups) AS g FROM objects.users)
  GROUP BY ALL
  UNION ALL
  SELECT run_id, 'token type', token.type, count(*)
  FROM (SELECT run_id, unnest(tokens) AS token FROM objects.users)
  GROUP BY ALL
  UNION ALL
  SELECT run_id, 'phone type', phone.type, count(*)
  FROM phones
  GROUP BY ALL
  UNION ALL
  SELECT run_id, 'phone capability', unnest(capabilities), times
  FROM (SELECT run_id, phone.capabilities AS capabilities, count(*) AS times FROM phones GROUP BY ALL)
),
unknown AS (
  SELECT run_id, 'unknown ' || what || ': ' || shown(field) || ', kept as it is' AS what, times
  FROM counted
  WHERE field <> '' AND NOT is_known(what, field)
  UNION ALL
  SELECT run_id, 'phone last_seen is not a time, left NULL', count(*)
  FROM phones
  WHERE phone.last_seen <> '' AND from_text(phone.last_seen) IS NULL
  GROUP BY run_id
  UNION ALL
  SELECT run_id, 'bypass code without an owner, left out', count(*)
  FROM objects.bypass_codes
  WHERE "user" IS NULL
  GROUP BY run_id
)
SELECT run_id, what, sum(times)::BIGINT AS times
FROM unknown
GROUP BY run_id, what
ORDER BY times DESC, what
