-- Contradictions between is_enrolled and the user's authenticators, and how often each occurs. Duo says that is_enrolled
-- counts phones, tokens, WebAuthn credentials and U2F tokens that work: https://duo.com/docs/adminapi#retrieve-users.
WITH contradictions AS (
  SELECT
    run_id,
    CASE
      WHEN is_enrolled AND len(phones) + len(tokens) + len(webauthncredentials) + len(u2ftokens)
        + len(desktoptokens) + len(desktop_authenticators) = 0
      THEN 'is_enrolled is true for a user without any authenticator'
      WHEN NOT is_enrolled AND (
        len(tokens) + len(webauthncredentials) + len(u2ftokens) > 0
        OR list_max(list_transform(
          first_of_each(phones, list_transform(phones, lambda phone: phone.phone_id)),
          lambda phone: phone_rank(phone)
        )) > 0
      )
      THEN 'is_enrolled is false for a user whose authenticator works'
    END AS what
  FROM objects.users
)
SELECT run_id, what, count(*) AS times
FROM contradictions
WHERE what IS NOT NULL
GROUP BY run_id, what
ORDER BY times DESC, what
