-- What happened to users and methods.
CREATE OR REPLACE VIEW mfa_events AS
SELECT tenant, user_id, username, 'user_' || event AS event, attribute, before_text, after_text,
  NULL::TEXT AS method_kind, NULL::TEXT AS method_id, happened_after, happened_by
FROM users_changes
UNION ALL
SELECT tenant, user_id, username, 'method_' || event, attribute, before_text, after_text, method_kind, method_id,
  happened_after, happened_by
FROM mfa_methods_changes;
COMMENT ON VIEW mfa_events IS 'Changes of users and of their methods, each between two runs. A user or a method that changed in several attributes has an event for each. Users and methods that a tenant''s first complete run adds are not events.';
COMMENT ON COLUMN mfa_events.tenant IS 'The API host of the Duo tenant.';
COMMENT ON COLUMN mfa_events.user_id IS 'Duo''s id of the user.';
COMMENT ON COLUMN mfa_events.username IS 'The name that the user logged in with at that time.';
COMMENT ON COLUMN mfa_events.event IS 'user_ or method_, followed by added, removed, changed, or reappeared (added again after it was removed).';
COMMENT ON COLUMN mfa_events.attribute IS 'The name of the column of users or mfa_methods that changed; NULL unless the event is a change.';
COMMENT ON COLUMN mfa_events.before_text IS 'The value of this column before the change, as text: true and false for booleans, RFC 3339 in UTC for times; NULL if it had none.';
COMMENT ON COLUMN mfa_events.after_text IS 'The value of this column after the change, in the same form; NULL if it has none.';
COMMENT ON COLUMN mfa_events.method_kind IS 'phone, token, webauthn, u2f or desktop; NULL for an event of a user.';
COMMENT ON COLUMN mfa_events.method_id IS 'Duo''s id of the authenticator; NULL for an event of a user.';
COMMENT ON COLUMN mfa_events.happened_after IS 'The time of the last run before the change.';
COMMENT ON COLUMN mfa_events.happened_by IS 'The time of the first run after the change.'
