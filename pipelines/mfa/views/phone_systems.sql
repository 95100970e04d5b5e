-- The operating systems of phones, and how many releases each is behind.
CREATE OR REPLACE VIEW phone_systems AS
WITH phones AS (
  -- a version of three digits is none
  SELECT *, try_cast(regexp_extract(os_version, '^\s*([1-9]\d?)(\D|$)', 1) AS INTEGER) AS os_major
  FROM mfa_methods WHERE method_kind = 'phone'
), numbered AS (
  SELECT *, CASE
    WHEN platform IS DISTINCT FROM 'Apple iOS' OR os_major <= 18 THEN os_major
    -- the release after iOS 18 is iOS 26
    WHEN os_major >= 26 THEN os_major - 7
  END AS release
  FROM phones
), releases AS (
  -- one phone that claims a release which nobody else has must not make all others out of date
  SELECT platform, os_major, release
  FROM numbered WHERE platform NOT IN ('Unknown', 'Generic Smartphone') AND release IS NOT NULL
  GROUP BY platform, os_major, release HAVING count(DISTINCT method_id) >= 2
), newest AS (
  SELECT platform, max(os_major) AS newest_major, max(release) AS newest_release FROM releases GROUP BY platform
)
SELECT tenant, user_id, username, platform, model, os_version, os_major, newest_major,
  CASE WHEN release > newest_release THEN 0 ELSE newest_release - release END AS os_behind, activated, can_push, can_otp, last_seen_at, method_id, observed_at
FROM numbered LEFT JOIN newest USING (platform);
COMMENT ON VIEW phone_systems IS 'The phones of mfa_methods with the main number of their operating system, and how far it is behind. Duo learns the version from Duo Mobile, so a phone without it has none.';
COMMENT ON COLUMN phone_systems.tenant IS 'The API host of the Duo tenant.';
COMMENT ON COLUMN phone_systems.user_id IS 'Duo''s id of the user.';
COMMENT ON COLUMN phone_systems.username IS 'The name the user logs in with.';
COMMENT ON COLUMN phone_systems.platform IS 'Apple iOS, Google Android and so on.';
COMMENT ON COLUMN phone_systems.model IS 'The device''s model.';
COMMENT ON COLUMN phone_systems.os_version IS 'Version of the operating system, as Duo has it.';
COMMENT ON COLUMN phone_systems.os_major IS 'Its first number, such as 18 of 18.6.2; NULL if it is not known.';
COMMENT ON COLUMN phone_systems.newest_major IS 'The highest os_major that at least two current phones of the platform have, in all tenants; NULL if no two phones have the same.';
COMMENT ON COLUMN phone_systems.os_behind IS 'How many main releases the phone is behind that one, 0 if it has a newer one; NULL means not known, not up to date. iOS 26 is the release after iOS 18.';
COMMENT ON COLUMN phone_systems.activated IS 'Whether Duo Mobile is activated on the phone.';
COMMENT ON COLUMN phone_systems.can_push IS 'Whether it approves pushes.';
COMMENT ON COLUMN phone_systems.can_otp IS 'Whether it makes passcodes.';
COMMENT ON COLUMN phone_systems.last_seen_at IS 'When Duo Mobile last contacted Duo. NULL means not known, not stale.';
COMMENT ON COLUMN phone_systems.method_id IS 'Duo''s id of the phone.';
COMMENT ON COLUMN phone_systems.observed_at IS 'The time of the last run that saw the phone.'
