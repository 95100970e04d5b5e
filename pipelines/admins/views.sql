-- The view over administrators that analysts open first. It works over the ledger and over Parquet: see pipelines/mfa/views.sql.

CREATE OR REPLACE VIEW admins_at_risk AS
WITH reasons AS (
  SELECT *, list_filter([
    CASE WHEN method_count = 0 AND strongest = 'none' THEN 'no factor' END,
    CASE WHEN only_telephony THEN 'only telephony' END,
    CASE WHEN NOT has_phishing_resistant THEN 'can be phished' END,
    CASE WHEN coalesce(last_login_at, created_at) < observed_at - INTERVAL 90 DAY THEN 'not seen for 90 days' END
  ], lambda reason: reason IS NOT NULL) AS reasons
  FROM admins WHERE status = 'Active'
)
SELECT tenant, admin_id, name, email, role, array_to_string(reasons, ', ') AS reason, strongest, last_login_at, observed_at
FROM reasons WHERE len(reasons) > 0;
COMMENT ON VIEW admins_at_risk IS 'Active administrators who are not well protected, or who have not been seen for 90 days, with the reasons. A value that Duo does not give does not count as a reason.';
COMMENT ON COLUMN admins_at_risk.tenant IS 'The API host of the Duo tenant.';
COMMENT ON COLUMN admins_at_risk.admin_id IS 'Duo''s id of the administrator.';
COMMENT ON COLUMN admins_at_risk.name IS 'Full name.';
COMMENT ON COLUMN admins_at_risk.email IS 'E-mail address.';
COMMENT ON COLUMN admins_at_risk.role IS 'The administrator''s role.';
COMMENT ON COLUMN admins_at_risk.reason IS 'no factor, only telephony, can be phished, not seen for 90 days; joined by ", ".';
COMMENT ON COLUMN admins_at_risk.strongest IS 'The strength of the strongest factor.';
COMMENT ON COLUMN admins_at_risk.last_login_at IS 'The last login to the Admin Panel; NULL if there was none.';
COMMENT ON COLUMN admins_at_risk.observed_at IS 'The time of the last run that saw the administrator.'
