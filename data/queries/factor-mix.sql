-- Which methods the active users have, the strongest first.
SELECT method_kind, strength, methods, users, pct
FROM method_mix
ORDER BY tenant, methods DESC, method_kind, strength;
