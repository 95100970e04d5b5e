-- The names of the ledger over these Parquet files, for any DuckDB: .read views.sql
-- Made anew by every run. If the files have moved, say here where they are.
SET VARIABLE duo_mfa_parquet = '/srv/duo-mfa/data/parquet';
SET TimeZone = 'UTC';
CREATE OR REPLACE VIEW "runs" AS SELECT DISTINCT ON (run_id) "run_id", "pipeline", "tenant", "started_at", "finished_at", "observed_at", "complete", "incomplete_reason", "users", "methods", "total_objects", "pages", "sweeps", "requests", "retries", "duplicates", "unknown_values", "tool_version", "tables_collected" FROM (
    SELECT unnest(from_json(CASE WHEN key = encode('duo_mfa.run') THEN decode(value) END,
      '{"run_id":"VARCHAR","pipeline":"VARCHAR","tenant":"VARCHAR","started_at":"TIMESTAMPTZ","finished_at":"TIMESTAMPTZ","observed_at":"TIMESTAMPTZ","complete":"BOOLEAN","incomplete_reason":"VARCHAR","users":"BIGINT","methods":"BIGINT","total_objects":"BIGINT","pages":"BIGINT","sweeps":"BIGINT","requests":"BIGINT","retries":"BIGINT","duplicates":"BIGINT","unknown_values":"BIGINT","tool_version":"VARCHAR","tables_collected":"VARCHAR"}'))
    FROM parquet_kv_metadata(getvariable('duo_mfa_parquet') || '/*/run_date=*/*.parquet')
  ) WHERE run_id IS NOT NULL;
COMMENT ON VIEW "runs" IS 'One row a published run: when it was, what it saw, and whether it was proved complete.';
COMMENT ON COLUMN "runs"."run_id" IS 'The run; sorts by time.';
COMMENT ON COLUMN "runs"."pipeline" IS 'What was extracted.';
COMMENT ON COLUMN "runs"."tenant" IS 'The API host of the Duo tenant.';
COMMENT ON COLUMN "runs"."started_at" IS 'When the run began.';
COMMENT ON COLUMN "runs"."finished_at" IS 'When the last answer of its source was in.';
COMMENT ON COLUMN "runs"."observed_at" IS 'The instant that its rows carry.';
COMMENT ON COLUMN "runs"."complete" IS 'Whether the snapshot was proved to hold everything of one moment.';
COMMENT ON COLUMN "runs"."incomplete_reason" IS 'Why it could not be proved; NULL when complete.';
COMMENT ON COLUMN "runs"."users" IS 'Distinct users seen; NULL in a run of another pipeline than mfa.';
COMMENT ON COLUMN "runs"."methods" IS 'Rows of mfa_methods; NULL in a run of another pipeline than mfa.';
COMMENT ON COLUMN "runs"."total_objects" IS 'How many users, or what else was extracted, Duo said there are; NULL when it did not say.';
COMMENT ON COLUMN "runs"."pages" IS 'Pages read.';
COMMENT ON COLUMN "runs"."sweeps" IS 'Times the list was read from its start.';
COMMENT ON COLUMN "runs"."requests" IS 'HTTP requests sent, retries included.';
COMMENT ON COLUMN "runs"."retries" IS 'Requests sent again after a failure.';
COMMENT ON COLUMN "runs"."duplicates" IS 'Objects that came twice and were kept once.';
COMMENT ON COLUMN "runs"."unknown_values" IS 'Values that this version does not know; kept as they came.';
COMMENT ON COLUMN "runs"."tool_version" IS 'The version of duo-mfa.';
COMMENT ON COLUMN "runs"."tables_collected" IS 'The tables that the key may read, joined by ", ".';
-- The tables of the pipeline admins, and its views.
CREATE OR REPLACE VIEW "admins_snapshots" AS SELECT "run_id"::VARCHAR AS "run_id", "observed_at"::TIMESTAMPTZ AS "observed_at", "tenant"::VARCHAR AS "tenant", "admin_id"::VARCHAR AS "admin_id", "name"::VARCHAR AS "name", "email"::VARCHAR AS "email", "phone"::VARCHAR AS "phone", "role"::VARCHAR AS "role", "status"::VARCHAR AS "status", "created_at"::TIMESTAMPTZ AS "created_at", "last_login_at"::TIMESTAMPTZ AS "last_login_at", "password_change_required"::BOOLEAN AS "password_change_required", "has_external_password_mgmt"::BOOLEAN AS "has_external_password_mgmt", "restricted_by_admin_units"::BOOLEAN AS "restricted_by_admin_units", "admin_units"::VARCHAR AS "admin_units", "method_count"::BIGINT AS "method_count", "has_phishing_resistant"::BOOLEAN AS "has_phishing_resistant", "strongest"::VARCHAR AS "strongest", "weakest"::VARCHAR AS "weakest", "only_telephony"::BOOLEAN AS "only_telephony" FROM (SELECT NULL::VARCHAR AS "run_id", NULL::TIMESTAMPTZ AS "observed_at", NULL::VARCHAR AS "tenant", NULL::VARCHAR AS "admin_id", NULL::VARCHAR AS "name", NULL::VARCHAR AS "email", NULL::VARCHAR AS "phone", NULL::VARCHAR AS "role", NULL::VARCHAR AS "status", NULL::TIMESTAMPTZ AS "created_at", NULL::TIMESTAMPTZ AS "last_login_at", NULL::BOOLEAN AS "password_change_required", NULL::BOOLEAN AS "has_external_password_mgmt", NULL::BOOLEAN AS "restricted_by_admin_units", NULL::VARCHAR AS "admin_units", NULL::BIGINT AS "method_count", NULL::BOOLEAN AS "has_phishing_resistant", NULL::VARCHAR AS "strongest", NULL::VARCHAR AS "weakest", NULL::BOOLEAN AS "only_telephony" WHERE false UNION ALL BY NAME FROM read_parquet(getvariable('duo_mfa_parquet') || '/admins/run_date=*/*.parquet', union_by_name = true, hive_partitioning = false));
COMMENT ON VIEW "admins_snapshots" IS 'The rows of admins as every run saw them.';
CREATE OR REPLACE VIEW "admins_history" AS WITH placed AS (
    SELECT run_id, tenant, observed_at, complete,
      row_number() OVER (PARTITION BY tenant ORDER BY observed_at, run_id) AS place
    FROM runs WHERE 'admins' = ANY(string_to_array(tables_collected, ', '))
  ), collected AS (
    SELECT *, min(CASE WHEN complete THEN place END) OVER (
      PARTITION BY tenant ORDER BY place ROWS BETWEEN 1 FOLLOWING AND UNBOUNDED FOLLOWING) AS next_complete
    FROM placed
  ), sightings AS (
    SELECT "tenant", "admin_id", run_id, place, next_complete, hash("name", "email", "phone", "role", "status", "created_at", "password_change_required", "has_external_password_mgmt", "restricted_by_admin_units", "admin_units", "method_count", "has_phishing_resistant", "strongest", "weakest", "only_telephony") AS fingerprint
    FROM "admins_snapshots" JOIN collected USING (run_id, tenant)
  ), steps AS (
    SELECT *, lead(place) OVER sighting AS next_place,
      coalesce(lag(next_complete) OVER sighting < place OR lag(fingerprint) OVER sighting <> fingerprint,
        lag(place) OVER sighting IS NULL) AS begins,
      coalesce(next_complete < lead(place) OVER sighting OR lead(fingerprint) OVER sighting <> fingerprint,
        lead(place) OVER sighting IS NULL) AS ends
    FROM sightings WINDOW sighting AS (PARTITION BY "tenant", "admin_id" ORDER BY place)
  ), versions AS (
    SELECT *, max(CASE WHEN begins THEN place END) OVER sighting AS first_place
    FROM steps WINDOW sighting AS (PARTITION BY "tenant", "admin_id" ORDER BY place ROWS UNBOUNDED PRECEDING)
  )
  SELECT seen."run_id", seen."observed_at", seen."tenant", seen."admin_id", seen."name", seen."email", seen."phone", seen."role", seen."status", seen."created_at", seen."last_login_at", seen."password_change_required", seen."has_external_password_mgmt", seen."restricted_by_admin_units", seen."admin_units", seen."method_count", seen."has_phishing_resistant", seen."strongest", seen."weakest", seen."only_telephony", begun.observed_at AS valid_from, ended.observed_at AS valid_to, begun.run_id AS first_run_id,
    seen.run_id AS last_run_id
  FROM versions JOIN "admins_snapshots" seen USING ("tenant", "admin_id", run_id)
  JOIN collected begun ON begun.tenant = versions.tenant AND begun.place = versions.first_place
  LEFT JOIN collected ended ON ended.tenant = versions.tenant
    AND ended.place = least(versions.next_complete, versions.next_place)
  WHERE versions.ends AND begun.observed_at IS DISTINCT FROM ended.observed_at;
COMMENT ON VIEW "admins_history" IS 'Every version of every row of admins, from valid_from on and until valid_to, which is no longer of it.';
COMMENT ON COLUMN "admins_history"."run_id" IS 'The run that saw this row; its facts are in `runs`.';
COMMENT ON COLUMN "admins_history"."observed_at" IS 'When the run saw it: one instant for the whole run.';
COMMENT ON COLUMN "admins_history"."tenant" IS 'The API host of the Duo tenant.';
COMMENT ON COLUMN "admins_history"."admin_id" IS 'Duo''s id of the administrator.';
COMMENT ON COLUMN "admins_history"."name" IS 'Full name.';
COMMENT ON COLUMN "admins_history"."email" IS 'E-mail address, with which the administrator logs in to the Admin Panel.';
COMMENT ON COLUMN "admins_history"."phone" IS 'The phone number that Duo has of the administrator.';
COMMENT ON COLUMN "admins_history"."role" IS 'Owner, Administrator, Help Desk, Read-only and so on, or a role that the customer made.';
COMMENT ON COLUMN "admins_history"."status" IS 'Active, Disabled, Expired (not seen for too long), Pending Activation, or what Duo invents next.';
COMMENT ON COLUMN "admins_history"."created_at" IS 'When the administrator was created.';
COMMENT ON COLUMN "admins_history"."last_login_at" IS 'The last login to the Admin Panel; NULL for never.';
COMMENT ON COLUMN "admins_history"."password_change_required" IS 'Whether the next login has to change the password.';
COMMENT ON COLUMN "admins_history"."has_external_password_mgmt" IS 'Whether another system sets the password; NULL where Duo''s list of administrators does not say it.';
COMMENT ON COLUMN "admins_history"."restricted_by_admin_units" IS 'Whether the administrator may act within some administrative units only.';
COMMENT ON COLUMN "admins_history"."admin_units" IS 'Duo''s ids of these units, sorted, joined by ", ".';
COMMENT ON COLUMN "admins_history"."method_count" IS 'Rows of this administrator in admin_methods.';
COMMENT ON COLUMN "admins_history"."has_phishing_resistant" IS 'Whether there is a WebAuthn credential; NULL where Duo does not list them.';
COMMENT ON COLUMN "admins_history"."strongest" IS 'The strength of the strongest factor, none without one; NULL where Duo does not say enough to tell.';
COMMENT ON COLUMN "admins_history"."weakest" IS 'The strength of the weakest factor, none without one; NULL where Duo does not say enough to tell.';
COMMENT ON COLUMN "admins_history"."only_telephony" IS 'Whether text messages or calls are the strongest factor; NULL where strongest is.';
COMMENT ON COLUMN "admins_history"."valid_from" IS 'When a run first saw this version.';
COMMENT ON COLUMN "admins_history"."valid_to" IS 'When a run saw that it was no longer so; NULL while it is.';
COMMENT ON COLUMN "admins_history"."first_run_id" IS 'The run that first saw this version.';
COMMENT ON COLUMN "admins_history"."last_run_id" IS 'The run that saw it last.';
CREATE OR REPLACE VIEW "admins" AS SELECT "run_id", "observed_at", "tenant", "admin_id", "name", "email", "phone", "role", "status", "created_at", "last_login_at", "password_change_required", "has_external_password_mgmt", "restricted_by_admin_units", "admin_units", "method_count", "has_phishing_resistant", "strongest", "weakest", "only_telephony" FROM "admins_history" WHERE valid_to IS NULL;
COMMENT ON VIEW "admins" IS 'One row an administrator of Duo: who it is, what it may do, and how strong its factors are.';
COMMENT ON COLUMN "admins"."run_id" IS 'The run that saw this row; its facts are in `runs`.';
COMMENT ON COLUMN "admins"."observed_at" IS 'When the run saw it: one instant for the whole run.';
COMMENT ON COLUMN "admins"."tenant" IS 'The API host of the Duo tenant.';
COMMENT ON COLUMN "admins"."admin_id" IS 'Duo''s id of the administrator.';
COMMENT ON COLUMN "admins"."name" IS 'Full name.';
COMMENT ON COLUMN "admins"."email" IS 'E-mail address, with which the administrator logs in to the Admin Panel.';
COMMENT ON COLUMN "admins"."phone" IS 'The phone number that Duo has of the administrator.';
COMMENT ON COLUMN "admins"."role" IS 'Owner, Administrator, Help Desk, Read-only and so on, or a role that the customer made.';
COMMENT ON COLUMN "admins"."status" IS 'Active, Disabled, Expired (not seen for too long), Pending Activation, or what Duo invents next.';
COMMENT ON COLUMN "admins"."created_at" IS 'When the administrator was created.';
COMMENT ON COLUMN "admins"."last_login_at" IS 'The last login to the Admin Panel; NULL for never.';
COMMENT ON COLUMN "admins"."password_change_required" IS 'Whether the next login has to change the password.';
COMMENT ON COLUMN "admins"."has_external_password_mgmt" IS 'Whether another system sets the password; NULL where Duo''s list of administrators does not say it.';
COMMENT ON COLUMN "admins"."restricted_by_admin_units" IS 'Whether the administrator may act within some administrative units only.';
COMMENT ON COLUMN "admins"."admin_units" IS 'Duo''s ids of these units, sorted, joined by ", ".';
COMMENT ON COLUMN "admins"."method_count" IS 'Rows of this administrator in admin_methods.';
COMMENT ON COLUMN "admins"."has_phishing_resistant" IS 'Whether there is a WebAuthn credential; NULL where Duo does not list them.';
COMMENT ON COLUMN "admins"."strongest" IS 'The strength of the strongest factor, none without one; NULL where Duo does not say enough to tell.';
COMMENT ON COLUMN "admins"."weakest" IS 'The strength of the weakest factor, none without one; NULL where Duo does not say enough to tell.';
COMMENT ON COLUMN "admins"."only_telephony" IS 'Whether text messages or calls are the strongest factor; NULL where strongest is.';
CREATE OR REPLACE MACRO "admins_asof"(ts) AS TABLE SELECT "run_id", "observed_at", "tenant", "admin_id", "name", "email", "phone", "role", "status", "created_at", "last_login_at", "password_change_required", "has_external_password_mgmt", "restricted_by_admin_units", "admin_units", "method_count", "has_phishing_resistant", "strongest", "weakest", "only_telephony" FROM "admins_history" WHERE valid_from <= ts AND (valid_to IS NULL OR valid_to > ts);
COMMENT ON MACRO TABLE "admins_asof" IS 'The rows of admins as they were at an instant, as far as the runs know.';
CREATE OR REPLACE VIEW "admins_changes" AS WITH versions AS (FROM "admins_history"), missed AS (
    SELECT begun.tenant, valid_from, observed_at AS missed_at
    FROM (SELECT DISTINCT tenant, valid_from FROM versions) begun
    ASOF JOIN (
      SELECT tenant, observed_at FROM runs
      WHERE complete AND list_contains(string_split(tables_collected, ', '), 'admins')
    ) complete ON begun.tenant = complete.tenant AND begun.valid_from > complete.observed_at
  ), happened AS (
    SELECT missed_at AS happened_after, now.valid_from AS happened_by,
      CASE WHEN first_end < now.valid_from THEN 'reappeared' ELSE 'added' END AS event, NULL AS different, now."run_id", now."observed_at", now."tenant", now."admin_id", now."name", now."email", now."phone", now."role", now."status", now."created_at", now."last_login_at", now."password_change_required", now."has_external_password_mgmt", now."restricted_by_admin_units", now."admin_units", now."method_count", now."has_phishing_resistant", now."strongest", now."weakest", now."only_telephony"
    FROM versions now
    JOIN missed ON now.tenant = missed.tenant AND now.valid_from = missed.valid_from
    JOIN (SELECT "tenant", "admin_id", min(valid_to) AS first_end FROM versions GROUP BY ALL) known ON now."tenant" = known."tenant" AND now."admin_id" = known."admin_id"
    ANTI JOIN versions was ON now."tenant" = was."tenant" AND now."admin_id" = was."admin_id" AND was.valid_to = now.valid_from
    UNION ALL
    SELECT was.observed_at, now.valid_from, 'changed', list_filter([{'name': 'name', 'before': was."name"::VARCHAR, 'after': now."name"::VARCHAR}, {'name': 'email', 'before': was."email"::VARCHAR, 'after': now."email"::VARCHAR}, {'name': 'phone', 'before': was."phone"::VARCHAR, 'after': now."phone"::VARCHAR}, {'name': 'role', 'before': was."role"::VARCHAR, 'after': now."role"::VARCHAR}, {'name': 'status', 'before': was."status"::VARCHAR, 'after': now."status"::VARCHAR}, {'name': 'created_at', 'before': replace(strftime(was."created_at" AT TIME ZONE 'UTC', '%Y-%m-%dT%H:%M:%S.%fZ'), '.000000Z', 'Z'), 'after': replace(strftime(now."created_at" AT TIME ZONE 'UTC', '%Y-%m-%dT%H:%M:%S.%fZ'), '.000000Z', 'Z')}, {'name': 'password_change_required', 'before': was."password_change_required"::VARCHAR, 'after': now."password_change_required"::VARCHAR}, {'name': 'has_external_password_mgmt', 'before': was."has_external_password_mgmt"::VARCHAR, 'after': now."has_external_password_mgmt"::VARCHAR}, {'name': 'restricted_by_admin_units', 'before': was."restricted_by_admin_units"::VARCHAR, 'after': now."restricted_by_admin_units"::VARCHAR}, {'name': 'admin_units', 'before': was."admin_units"::VARCHAR, 'after': now."admin_units"::VARCHAR}, {'name': 'method_count', 'before': was."method_count"::VARCHAR, 'after': now."method_count"::VARCHAR}, {'name': 'has_phishing_resistant', 'before': was."has_phishing_resistant"::VARCHAR, 'after': now."has_phishing_resistant"::VARCHAR}, {'name': 'strongest', 'before': was."strongest"::VARCHAR, 'after': now."strongest"::VARCHAR}, {'name': 'weakest', 'before': was."weakest"::VARCHAR, 'after': now."weakest"::VARCHAR}, {'name': 'only_telephony', 'before': was."only_telephony"::VARCHAR, 'after': now."only_telephony"::VARCHAR}], lambda c: c.before IS DISTINCT FROM c.after), now."run_id", now."observed_at", now."tenant", now."admin_id", now."name", now."email", now."phone", now."role", now."status", now."created_at", now."last_login_at", now."password_change_required", now."has_external_password_mgmt", now."restricted_by_admin_units", now."admin_units", now."method_count", now."has_phishing_resistant", now."strongest", now."weakest", now."only_telephony"
    FROM versions now JOIN versions was ON now."tenant" = was."tenant" AND now."admin_id" = was."admin_id" AND was.valid_to = now.valid_from
    UNION ALL
    SELECT now.observed_at, now.valid_to, 'removed', NULL, now."run_id", now."observed_at", now."tenant", now."admin_id", now."name", now."email", now."phone", now."role", now."status", now."created_at", now."last_login_at", now."password_change_required", now."has_external_password_mgmt", now."restricted_by_admin_units", now."admin_units", now."method_count", now."has_phishing_resistant", now."strongest", now."weakest", now."only_telephony"
    FROM versions now ANTI JOIN versions next ON now."tenant" = next."tenant" AND now."admin_id" = next."admin_id" AND next.valid_from = now.valid_to
    WHERE now.valid_to IS NOT NULL
  )
  SELECT happened_after, happened_by, event,
    CASE WHEN event = 'changed' THEN array_to_string(list_transform(different, lambda c: c.name), ', ') END AS changed,
    CASE WHEN event = 'changed' THEN to_json(map(list_transform(different, lambda c: c.name), list_transform(different, lambda c: c.before)))::VARCHAR END AS before,
    CASE WHEN event = 'changed' THEN to_json(map(list_transform(different, lambda c: c.name), list_transform(different, lambda c: c.after)))::VARCHAR END AS after,
    "run_id", "observed_at", "tenant", "admin_id", "name", "email", "phone", "role", "status", "created_at", "last_login_at", "password_change_required", "has_external_password_mgmt", "restricted_by_admin_units", "admin_units", "method_count", "has_phishing_resistant", "strongest", "weakest", "only_telephony"
  FROM happened WHERE event <> 'changed' OR len(different) > 0;
COMMENT ON VIEW "admins_changes" IS 'What happened to the rows of admins between two runs. What a tenant''s first complete run found is no news.';
COMMENT ON COLUMN "admins_changes"."happened_after" IS 'The last run before it happened.';
COMMENT ON COLUMN "admins_changes"."happened_by" IS 'The first run after it happened.';
COMMENT ON COLUMN "admins_changes"."event" IS 'added, removed, changed, or reappeared: it had been removed before.';
COMMENT ON COLUMN "admins_changes"."changed" IS 'The names of the columns that changed, joined by ", ".';
COMMENT ON COLUMN "admins_changes"."before" IS 'What they were, as a JSON object of text.';
COMMENT ON COLUMN "admins_changes"."after" IS 'What they became.';
COMMENT ON COLUMN "admins_changes"."run_id" IS 'The run that saw this row; its facts are in `runs`.';
COMMENT ON COLUMN "admins_changes"."observed_at" IS 'When the run saw it: one instant for the whole run.';
COMMENT ON COLUMN "admins_changes"."tenant" IS 'The API host of the Duo tenant.';
COMMENT ON COLUMN "admins_changes"."admin_id" IS 'Duo''s id of the administrator.';
COMMENT ON COLUMN "admins_changes"."name" IS 'Full name.';
COMMENT ON COLUMN "admins_changes"."email" IS 'E-mail address, with which the administrator logs in to the Admin Panel.';
COMMENT ON COLUMN "admins_changes"."phone" IS 'The phone number that Duo has of the administrator.';
COMMENT ON COLUMN "admins_changes"."role" IS 'Owner, Administrator, Help Desk, Read-only and so on, or a role that the customer made.';
COMMENT ON COLUMN "admins_changes"."status" IS 'Active, Disabled, Expired (not seen for too long), Pending Activation, or what Duo invents next.';
COMMENT ON COLUMN "admins_changes"."created_at" IS 'When the administrator was created.';
COMMENT ON COLUMN "admins_changes"."last_login_at" IS 'The last login to the Admin Panel; NULL for never.';
COMMENT ON COLUMN "admins_changes"."password_change_required" IS 'Whether the next login has to change the password.';
COMMENT ON COLUMN "admins_changes"."has_external_password_mgmt" IS 'Whether another system sets the password; NULL where Duo''s list of administrators does not say it.';
COMMENT ON COLUMN "admins_changes"."restricted_by_admin_units" IS 'Whether the administrator may act within some administrative units only.';
COMMENT ON COLUMN "admins_changes"."admin_units" IS 'Duo''s ids of these units, sorted, joined by ", ".';
COMMENT ON COLUMN "admins_changes"."method_count" IS 'Rows of this administrator in admin_methods.';
COMMENT ON COLUMN "admins_changes"."has_phishing_resistant" IS 'Whether there is a WebAuthn credential; NULL where Duo does not list them.';
COMMENT ON COLUMN "admins_changes"."strongest" IS 'The strength of the strongest factor, none without one; NULL where Duo does not say enough to tell.';
COMMENT ON COLUMN "admins_changes"."weakest" IS 'The strength of the weakest factor, none without one; NULL where Duo does not say enough to tell.';
COMMENT ON COLUMN "admins_changes"."only_telephony" IS 'Whether text messages or calls are the strongest factor; NULL where strongest is.';
CREATE OR REPLACE VIEW "admin_methods_snapshots" AS SELECT "run_id"::VARCHAR AS "run_id", "observed_at"::TIMESTAMPTZ AS "observed_at", "tenant"::VARCHAR AS "tenant", "admin_id"::VARCHAR AS "admin_id", "admin_name"::VARCHAR AS "admin_name", "email"::VARCHAR AS "email", "role"::VARCHAR AS "role", "admin_status"::VARCHAR AS "admin_status", "method_kind"::VARCHAR AS "method_kind", "method_id"::VARCHAR AS "method_id", "method_type"::VARCHAR AS "method_type", "name"::VARCHAR AS "name", "label"::VARCHAR AS "label", "platform"::VARCHAR AS "platform", "model"::VARCHAR AS "model", "number"::VARCHAR AS "number", "extension"::VARCHAR AS "extension", "serial"::VARCHAR AS "serial", "activated"::BOOLEAN AS "activated", "capabilities"::VARCHAR AS "capabilities", "can_push"::BOOLEAN AS "can_push", "can_otp"::BOOLEAN AS "can_otp", "can_sms"::BOOLEAN AS "can_sms", "can_call"::BOOLEAN AS "can_call", "strength"::VARCHAR AS "strength", "strength_rank"::BIGINT AS "strength_rank", "enrolled_at"::TIMESTAMPTZ AS "enrolled_at", "last_seen_at"::TIMESTAMPTZ AS "last_seen_at", "totp_step"::BIGINT AS "totp_step" FROM (SELECT NULL::VARCHAR AS "run_id", NULL::TIMESTAMPTZ AS "observed_at", NULL::VARCHAR AS "tenant", NULL::VARCHAR AS "admin_id", NULL::VARCHAR AS "admin_name", NULL::VARCHAR AS "email", NULL::VARCHAR AS "role", NULL::VARCHAR AS "admin_status", NULL::VARCHAR AS "method_kind", NULL::VARCHAR AS "method_id", NULL::VARCHAR AS "method_type", NULL::VARCHAR AS "name", NULL::VARCHAR AS "label", NULL::VARCHAR AS "platform", NULL::VARCHAR AS "model", NULL::VARCHAR AS "number", NULL::VARCHAR AS "extension", NULL::VARCHAR AS "serial", NULL::BOOLEAN AS "activated", NULL::VARCHAR AS "capabilities", NULL::BOOLEAN AS "can_push", NULL::BOOLEAN AS "can_otp", NULL::BOOLEAN AS "can_sms", NULL::BOOLEAN AS "can_call", NULL::VARCHAR AS "strength", NULL::BIGINT AS "strength_rank", NULL::TIMESTAMPTZ AS "enrolled_at", NULL::TIMESTAMPTZ AS "last_seen_at", NULL::BIGINT AS "totp_step" WHERE false UNION ALL BY NAME FROM read_parquet(getvariable('duo_mfa_parquet') || '/admin_methods/run_date=*/*.parquet', union_by_name = true, hive_partitioning = false));
COMMENT ON VIEW "admin_methods_snapshots" IS 'The rows of admin_methods as every run saw them.';
CREATE OR REPLACE VIEW "admin_methods_history" AS WITH placed AS (
    SELECT run_id, tenant, observed_at, complete,
      row_number() OVER (PARTITION BY tenant ORDER BY observed_at, run_id) AS place
    FROM runs WHERE 'admin_methods' = ANY(string_to_array(tables_collected, ', '))
  ), collected AS (
    SELECT *, min(CASE WHEN complete THEN place END) OVER (
      PARTITION BY tenant ORDER BY place ROWS BETWEEN 1 FOLLOWING AND UNBOUNDED FOLLOWING) AS next_complete
    FROM placed
  ), sightings AS (
    SELECT "tenant", "admin_id", "method_kind", "method_id", run_id, place, next_complete, hash("admin_name", "email", "role", "admin_status", "method_type", "name", "label", "platform", "model", "number", "extension", "serial", "activated", "capabilities", "can_push", "can_otp", "can_sms", "can_call", "strength", "strength_rank", "enrolled_at", "totp_step") AS fingerprint
    FROM "admin_methods_snapshots" JOIN collected USING (run_id, tenant)
  ), steps AS (
    SELECT *, lead(place) OVER sighting AS next_place,
      coalesce(lag(next_complete) OVER sighting < place OR lag(fingerprint) OVER sighting <> fingerprint,
        lag(place) OVER sighting IS NULL) AS begins,
      coalesce(next_complete < lead(place) OVER sighting OR lead(fingerprint) OVER sighting <> fingerprint,
        lead(place) OVER sighting IS NULL) AS ends
    FROM sightings WINDOW sighting AS (PARTITION BY "tenant", "admin_id", "method_kind", "method_id" ORDER BY place)
  ), versions AS (
    SELECT *, max(CASE WHEN begins THEN place END) OVER sighting AS first_place
    FROM steps WINDOW sighting AS (PARTITION BY "tenant", "admin_id", "method_kind", "method_id" ORDER BY place ROWS UNBOUNDED PRECEDING)
  )
  SELECT seen."run_id", seen."observed_at", seen."tenant", seen."admin_id", seen."admin_name", seen."email", seen."role", seen."admin_status", seen."method_kind", seen."method_id", seen."method_type", seen."name", seen."label", seen."platform", seen."model", seen."number", seen."extension", seen."serial", seen."activated", seen."capabilities", seen."can_push", seen."can_otp", seen."can_sms", seen."can_call", seen."strength", seen."strength_rank", seen."enrolled_at", seen."last_seen_at", seen."totp_step", begun.observed_at AS valid_from, ended.observed_at AS valid_to, begun.run_id AS first_run_id,
    seen.run_id AS last_run_id
  FROM versions JOIN "admin_methods_snapshots" seen USING ("tenant", "admin_id", "method_kind", "method_id", run_id)
  JOIN collected begun ON begun.tenant = versions.tenant AND begun.place = versions.first_place
  LEFT JOIN collected ended ON ended.tenant = versions.tenant
    AND ended.place = least(versions.next_complete, versions.next_place)
  WHERE versions.ends AND begun.observed_at IS DISTINCT FROM ended.observed_at;
COMMENT ON VIEW "admin_methods_history" IS 'Every version of every row of admin_methods, from valid_from on and until valid_to, which is no longer of it.';
COMMENT ON COLUMN "admin_methods_history"."run_id" IS 'The run that saw this row; its facts are in `runs`.';
COMMENT ON COLUMN "admin_methods_history"."observed_at" IS 'When the run saw it: one instant for the whole run.';
COMMENT ON COLUMN "admin_methods_history"."tenant" IS 'The API host of the Duo tenant.';
COMMENT ON COLUMN "admin_methods_history"."admin_id" IS 'Duo''s id of the administrator.';
COMMENT ON COLUMN "admin_methods_history"."admin_name" IS 'Full name of the administrator.';
COMMENT ON COLUMN "admin_methods_history"."email" IS 'E-mail address of the administrator.';
COMMENT ON COLUMN "admin_methods_history"."role" IS 'The administrator''s role.';
COMMENT ON COLUMN "admin_methods_history"."admin_status" IS 'The administrator''s status.';
COMMENT ON COLUMN "admin_methods_history"."method_kind" IS 'phone, token or webauthn.';
COMMENT ON COLUMN "admin_methods_history"."method_id" IS 'Duo''s id of the factor; where it gives none, the kind, and a number from the second on.';
COMMENT ON COLUMN "admin_methods_history"."method_type" IS 'Duo''s type of it: Mobile, Landline, h6, t6, yk and so on.';
COMMENT ON COLUMN "admin_methods_history"."name" IS 'The name somebody gave it.';
COMMENT ON COLUMN "admin_methods_history"."label" IS 'Duo''s label of a WebAuthn credential.';
COMMENT ON COLUMN "admin_methods_history"."platform" IS 'Apple iOS, Google Android and so on.';
COMMENT ON COLUMN "admin_methods_history"."model" IS 'The device''s model.';
COMMENT ON COLUMN "admin_methods_history"."number" IS 'Phone number.';
COMMENT ON COLUMN "admin_methods_history"."extension" IS 'Phone extension.';
COMMENT ON COLUMN "admin_methods_history"."serial" IS 'A token''s serial number.';
COMMENT ON COLUMN "admin_methods_history"."activated" IS 'Whether Duo Mobile is activated on the phone.';
COMMENT ON COLUMN "admin_methods_history"."capabilities" IS 'What the phone can do in Duo''s words (auto, push, sms, phone, mobile_otp), sorted.';
COMMENT ON COLUMN "admin_methods_history"."can_push" IS 'Activated and capable of push; NULL for a phone of which Duo gives only the number.';
COMMENT ON COLUMN "admin_methods_history"."can_otp" IS 'Makes passcodes: an activated phone with mobile_otp, or a hardware token.';
COMMENT ON COLUMN "admin_methods_history"."can_sms" IS 'Gets passcodes by text message.';
COMMENT ON COLUMN "admin_methods_history"."can_call" IS 'Is called.';
COMMENT ON COLUMN "admin_methods_history"."strength" IS 'phishing_resistant (webauthn), push, otp, telephony, none: the strongest use of it; NULL for a phone of which Duo gives only the number.';
COMMENT ON COLUMN "admin_methods_history"."strength_rank" IS '5 for phishing_resistant down to 0 for none, as in mfa_methods.';
COMMENT ON COLUMN "admin_methods_history"."enrolled_at" IS 'When a WebAuthn credential was added.';
COMMENT ON COLUMN "admin_methods_history"."last_seen_at" IS 'When Duo Mobile last spoke to Duo.';
COMMENT ON COLUMN "admin_methods_history"."totp_step" IS 'Seconds a time-based token''s passcode lives.';
COMMENT ON COLUMN "admin_methods_history"."valid_from" IS 'When a run first saw this version.';
COMMENT ON COLUMN "admin_methods_history"."valid_to" IS 'When a run saw that it was no longer so; NULL while it is.';
COMMENT ON COLUMN "admin_methods_history"."first_run_id" IS 'The run that first saw this version.';
COMMENT ON COLUMN "admin_methods_history"."last_run_id" IS 'The run that saw it last.';
CREATE OR REPLACE VIEW "admin_methods" AS SELECT "run_id", "observed_at", "tenant", "admin_id", "admin_name", "email", "role", "admin_status", "method_kind", "method_id", "method_type", "name", "label", "platform", "model", "number", "extension", "serial", "activated", "capabilities", "can_push", "can_otp", "can_sms", "can_call", "strength", "strength_rank", "enrolled_at", "last_seen_at", "totp_step" FROM "admin_methods_history" WHERE valid_to IS NULL;
COMMENT ON VIEW "admin_methods" IS 'One row an administrator and factor.';
COMMENT ON COLUMN "admin_methods"."run_id" IS 'The run that saw this row; its facts are in `runs`.';
COMMENT ON COLUMN "admin_methods"."observed_at" IS 'When the run saw it: one instant for the whole run.';
COMMENT ON COLUMN "admin_methods"."tenant" IS 'The API host of the Duo tenant.';
COMMENT ON COLUMN "admin_methods"."admin_id" IS 'Duo''s id of the administrator.';
COMMENT ON COLUMN "admin_methods"."admin_name" IS 'Full name of the administrator.';
COMMENT ON COLUMN "admin_methods"."email" IS 'E-mail address of the administrator.';
COMMENT ON COLUMN "admin_methods"."role" IS 'The administrator''s role.';
COMMENT ON COLUMN "admin_methods"."admin_status" IS 'The administrator''s status.';
COMMENT ON COLUMN "admin_methods"."method_kind" IS 'phone, token or webauthn.';
COMMENT ON COLUMN "admin_methods"."method_id" IS 'Duo''s id of the factor; where it gives none, the kind, and a number from the second on.';
COMMENT ON COLUMN "admin_methods"."method_type" IS 'Duo''s type of it: Mobile, Landline, h6, t6, yk and so on.';
COMMENT ON COLUMN "admin_methods"."name" IS 'The name somebody gave it.';
COMMENT ON COLUMN "admin_methods"."label" IS 'Duo''s label of a WebAuthn credential.';
COMMENT ON COLUMN "admin_methods"."platform" IS 'Apple iOS, Google Android and so on.';
COMMENT ON COLUMN "admin_methods"."model" IS 'The device''s model.';
COMMENT ON COLUMN "admin_methods"."number" IS 'Phone number.';
COMMENT ON COLUMN "admin_methods"."extension" IS 'Phone extension.';
COMMENT ON COLUMN "admin_methods"."serial" IS 'A token''s serial number.';
COMMENT ON COLUMN "admin_methods"."activated" IS 'Whether Duo Mobile is activated on the phone.';
COMMENT ON COLUMN "admin_methods"."capabilities" IS 'What the phone can do in Duo''s words (auto, push, sms, phone, mobile_otp), sorted.';
COMMENT ON COLUMN "admin_methods"."can_push" IS 'Activated and capable of push; NULL for a phone of which Duo gives only the number.';
COMMENT ON COLUMN "admin_methods"."can_otp" IS 'Makes passcodes: an activated phone with mobile_otp, or a hardware token.';
COMMENT ON COLUMN "admin_methods"."can_sms" IS 'Gets passcodes by text message.';
COMMENT ON COLUMN "admin_methods"."can_call" IS 'Is called.';
COMMENT ON COLUMN "admin_methods"."strength" IS 'phishing_resistant (webauthn), push, otp, telephony, none: the strongest use of it; NULL for a phone of which Duo gives only the number.';
COMMENT ON COLUMN "admin_methods"."strength_rank" IS '5 for phishing_resistant down to 0 for none, as in mfa_methods.';
COMMENT ON COLUMN "admin_methods"."enrolled_at" IS 'When a WebAuthn credential was added.';
COMMENT ON COLUMN "admin_methods"."last_seen_at" IS 'When Duo Mobile last spoke to Duo.';
COMMENT ON COLUMN "admin_methods"."totp_step" IS 'Seconds a time-based token''s passcode lives.';
CREATE OR REPLACE MACRO "admin_methods_asof"(ts) AS TABLE SELECT "run_id", "observed_at", "tenant", "admin_id", "admin_name", "email", "role", "admin_status", "method_kind", "method_id", "method_type", "name", "label", "platform", "model", "number", "extension", "serial", "activated", "capabilities", "can_push", "can_otp", "can_sms", "can_call", "strength", "strength_rank", "enrolled_at", "last_seen_at", "totp_step" FROM "admin_methods_history" WHERE valid_from <= ts AND (valid_to IS NULL OR valid_to > ts);
COMMENT ON MACRO TABLE "admin_methods_asof" IS 'The rows of admin_methods as they were at an instant, as far as the runs know.';
CREATE OR REPLACE VIEW "admin_methods_changes" AS WITH versions AS (FROM "admin_methods_history"), missed AS (
    SELECT begun.tenant, valid_from, observed_at AS missed_at
    FROM (SELECT DISTINCT tenant, valid_from FROM versions) begun
    ASOF JOIN (
      SELECT tenant, observed_at FROM runs
      WHERE complete AND list_contains(string_split(tables_collected, ', '), 'admin_methods')
    ) complete ON begun.tenant = complete.tenant AND begun.valid_from > complete.observed_at
  ), happened AS (
    SELECT missed_at AS happened_after, now.valid_from AS happened_by,
      CASE WHEN first_end < now.valid_from THEN 'reappeared' ELSE 'added' END AS event, NULL AS different, now."run_id", now."observed_at", now."tenant", now."admin_id", now."admin_name", now."email", now."role", now."admin_status", now."method_kind", now."method_id", now."method_type", now."name", now."label", now."platform", now."model", now."number", now."extension", now."serial", now."activated", now."capabilities", now."can_push", now."can_otp", now."can_sms", now."can_call", now."strength", now."strength_rank", now."enrolled_at", now."last_seen_at", now."totp_step"
    FROM versions now
    JOIN missed ON now.tenant = missed.tenant AND now.valid_from = missed.valid_from
    JOIN (SELECT "tenant", "admin_id", "method_kind", "method_id", min(valid_to) AS first_end FROM versions GROUP BY ALL) known ON now."tenant" = known."tenant" AND now."admin_id" = known."admin_id" AND now."method_kind" = known."method_kind" AND now."method_id" = known."method_id"
    ANTI JOIN versions was ON now."tenant" = was."tenant" AND now."admin_id" = was."admin_id" AND now."method_kind" = was."method_kind" AND now."method_id" = was."method_id" AND was.valid_to = now.valid_from
    UNION ALL
    SELECT was.observed_at, now.valid_from, 'changed', list_filter([{'name': 'method_type', 'before': was."method_type"::VARCHAR, 'after': now."method_type"::VARCHAR}, {'name': 'name', 'before': was."name"::VARCHAR, 'after': now."name"::VARCHAR}, {'name': 'label', 'before': was."label"::VARCHAR, 'after': now."label"::VARCHAR}, {'name': 'platform', 'before': was."platform"::VARCHAR, 'after': now."platform"::VARCHAR}, {'name': 'model', 'before': was."model"::VARCHAR, 'after': now."model"::VARCHAR}, {'name': 'number', 'before': was."number"::VARCHAR, 'after': now."number"::VARCHAR}, {'name': 'extension', 'before': was."extension"::VARCHAR, 'after': now."extension"::VARCHAR}, {'name': 'serial', 'before': was."serial"::VARCHAR, 'after': now."serial"::VARCHAR}, {'name': 'activated', 'before': was."activated"::VARCHAR, 'after': now."activated"::VARCHAR}, {'name': 'capabilities', 'before': was."capabilities"::VARCHAR, 'after': now."capabilities"::VARCHAR}, {'name': 'can_push', 'before': was."can_push"::VARCHAR, 'after': now."can_push"::VARCHAR}, {'name': 'can_otp', 'before': was."can_otp"::VARCHAR, 'after': now."can_otp"::VARCHAR}, {'name': 'can_sms', 'before': was."can_sms"::VARCHAR, 'after': now."can_sms"::VARCHAR}, {'name': 'can_call', 'before': was."can_call"::VARCHAR, 'after': now."can_call"::VARCHAR}, {'name': 'strength', 'before': was."strength"::VARCHAR, 'after': now."strength"::VARCHAR}, {'name': 'strength_rank', 'before': was."strength_rank"::VARCHAR, 'after': now."strength_rank"::VARCHAR}, {'name': 'enrolled_at', 'before': replace(strftime(was."enrolled_at" AT TIME ZONE 'UTC', '%Y-%m-%dT%H:%M:%S.%fZ'), '.000000Z', 'Z'), 'after': replace(strftime(now."enrolled_at" AT TIME ZONE 'UTC', '%Y-%m-%dT%H:%M:%S.%fZ'), '.000000Z', 'Z')}, {'name': 'totp_step', 'before': was."totp_step"::VARCHAR, 'after': now."totp_step"::VARCHAR}], lambda c: c.before IS DISTINCT FROM c.after), now."run_id", now."observed_at", now."tenant", now."admin_id", now."admin_name", now."email", now."role", now."admin_status", now."method_kind", now."method_id", now."method_type", now."name", now."label", now."platform", now."model", now."number", now."extension", now."serial", now."activated", now."capabilities", now."can_push", now."can_otp", now."can_sms", now."can_call", now."strength", now."strength_rank", now."enrolled_at", now."last_seen_at", now."totp_step"
    FROM versions now JOIN versions was ON now."tenant" = was."tenant" AND now."admin_id" = was."admin_id" AND now."method_kind" = was."method_kind" AND now."method_id" = was."method_id" AND was.valid_to = now.valid_from
    UNION ALL
    SELECT now.observed_at, now.valid_to, 'removed', NULL, now."run_id", now."observed_at", now."tenant", now."admin_id", now."admin_name", now."email", now."role", now."admin_status", now."method_kind", now."method_id", now."method_type", now."name", now."label", now."platform", now."model", now."number", now."extension", now."serial", now."activated", now."capabilities", now."can_push", now."can_otp", now."can_sms", now."can_call", now."strength", now."strength_rank", now."enrolled_at", now."last_seen_at", now."totp_step"
    FROM versions now ANTI JOIN versions next ON now."tenant" = next."tenant" AND now."admin_id" = next."admin_id" AND now."method_kind" = next."method_kind" AND now."method_id" = next."method_id" AND next.valid_from = now.valid_to
    WHERE now.valid_to IS NOT NULL
  )
  SELECT happened_after, happened_by, event,
    CASE WHEN event = 'changed' THEN array_to_string(list_transform(different, lambda c: c.name), ', ') END AS changed,
    CASE WHEN event = 'changed' THEN to_json(map(list_transform(different, lambda c: c.name), list_transform(different, lambda c: c.before)))::VARCHAR END AS before,
    CASE WHEN event = 'changed' THEN to_json(map(list_transform(different, lambda c: c.name), list_transform(different, lambda c: c.after)))::VARCHAR END AS after,
    "run_id", "observed_at", "tenant", "admin_id", "admin_name", "email", "role", "admin_status", "method_kind", "method_id", "method_type", "name", "label", "platform", "model", "number", "extension", "serial", "activated", "capabilities", "can_push", "can_otp", "can_sms", "can_call", "strength", "strength_rank", "enrolled_at", "last_seen_at", "totp_step"
  FROM happened WHERE event <> 'changed' OR len(different) > 0;
COMMENT ON VIEW "admin_methods_changes" IS 'What happened to the rows of admin_methods between two runs. What a tenant''s first complete run found is no news.';
COMMENT ON COLUMN "admin_methods_changes"."happened_after" IS 'The last run before it happened.';
COMMENT ON COLUMN "admin_methods_changes"."happened_by" IS 'The first run after it happened.';
COMMENT ON COLUMN "admin_methods_changes"."event" IS 'added, removed, changed, or reappeared: it had been removed before.';
COMMENT ON COLUMN "admin_methods_changes"."changed" IS 'The names of the columns that changed, joined by ", ".';
COMMENT ON COLUMN "admin_methods_changes"."before" IS 'What they were, as a JSON object of text.';
COMMENT ON COLUMN "admin_methods_changes"."after" IS 'What they became.';
COMMENT ON COLUMN "admin_methods_changes"."run_id" IS 'The run that saw this row; its facts are in `runs`.';
COMMENT ON COLUMN "admin_methods_changes"."observed_at" IS 'When the run saw it: one instant for the whole run.';
COMMENT ON COLUMN "admin_methods_changes"."tenant" IS 'The API host of the Duo tenant.';
COMMENT ON COLUMN "admin_methods_changes"."admin_id" IS 'Duo''s id of the administrator.';
COMMENT ON COLUMN "admin_methods_changes"."admin_name" IS 'Full name of the administrator.';
COMMENT ON COLUMN "admin_methods_changes"."email" IS 'E-mail address of the administrator.';
COMMENT ON COLUMN "admin_methods_changes"."role" IS 'The administrator''s role.';
COMMENT ON COLUMN "admin_methods_changes"."admin_status" IS 'The administrator''s status.';
COMMENT ON COLUMN "admin_methods_changes"."method_kind" IS 'phone, token or webauthn.';
COMMENT ON COLUMN "admin_methods_changes"."method_id" IS 'Duo''s id of the factor; where it gives none, the kind, and a number from the second on.';
COMMENT ON COLUMN "admin_methods_changes"."method_type" IS 'Duo''s type of it: Mobile, Landline, h6, t6, yk and so on.';
COMMENT ON COLUMN "admin_methods_changes"."name" IS 'The name somebody gave it.';
COMMENT ON COLUMN "admin_methods_changes"."label" IS 'Duo''s label of a WebAuthn credential.';
COMMENT ON COLUMN "admin_methods_changes"."platform" IS 'Apple iOS, Google Android and so on.';
COMMENT ON COLUMN "admin_methods_changes"."model" IS 'The device''s model.';
COMMENT ON COLUMN "admin_methods_changes"."number" IS 'Phone number.';
COMMENT ON COLUMN "admin_methods_changes"."extension" IS 'Phone extension.';
COMMENT ON COLUMN "admin_methods_changes"."serial" IS 'A token''s serial number.';
COMMENT ON COLUMN "admin_methods_changes"."activated" IS 'Whether Duo Mobile is activated on the phone.';
COMMENT ON COLUMN "admin_methods_changes"."capabilities" IS 'What the phone can do in Duo''s words (auto, push, sms, phone, mobile_otp), sorted.';
COMMENT ON COLUMN "admin_methods_changes"."can_push" IS 'Activated and capable of push; NULL for a phone of which Duo gives only the number.';
COMMENT ON COLUMN "admin_methods_changes"."can_otp" IS 'Makes passcodes: an activated phone with mobile_otp, or a hardware token.';
COMMENT ON COLUMN "admin_methods_changes"."can_sms" IS 'Gets passcodes by text message.';
COMMENT ON COLUMN "admin_methods_changes"."can_call" IS 'Is called.';
COMMENT ON COLUMN "admin_methods_changes"."strength" IS 'phishing_resistant (webauthn), push, otp, telephony, none: the strongest use of it; NULL for a phone of which Duo gives only the number.';
COMMENT ON COLUMN "admin_methods_changes"."strength_rank" IS '5 for phishing_resistant down to 0 for none, as in mfa_methods.';
COMMENT ON COLUMN "admin_methods_changes"."enrolled_at" IS 'When a WebAuthn credential was added.';
COMMENT ON COLUMN "admin_methods_changes"."last_seen_at" IS 'When Duo Mobile last spoke to Duo.';
COMMENT ON COLUMN "admin_methods_changes"."totp_step" IS 'Seconds a time-based token''s passcode lives.';
-- The views over administrators that analysts open first, on what every table has of its own: see mfa.sql.

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
COMMENT ON VIEW admins_at_risk IS 'Active administrators who are not well protected or not seen any more, with the reasons. What Duo does not say is no reason.';
COMMENT ON COLUMN admins_at_risk.tenant IS 'The API host of the Duo tenant.';
COMMENT ON COLUMN admins_at_risk.admin_id IS 'Duo''s id of the administrator.';
COMMENT ON COLUMN admins_at_risk.name IS 'Full name.';
COMMENT ON COLUMN admins_at_risk.email IS 'E-mail address.';
COMMENT ON COLUMN admins_at_risk.role IS 'The administrator''s role.';
COMMENT ON COLUMN admins_at_risk.reason IS 'no factor, only telephony, can be phished, not seen for 90 days; joined by ", ".';
COMMENT ON COLUMN admins_at_risk.strongest IS 'The strength of the strongest factor.';
COMMENT ON COLUMN admins_at_risk.last_login_at IS 'The last login to the Admin Panel; NULL for never.';
COMMENT ON COLUMN admins_at_risk.observed_at IS 'When the administrator was last seen by a run.';
-- The tables of the pipeline mfa, and its views.
CREATE OR REPLACE VIEW "users_snapshots" AS SELECT "run_id"::VARCHAR AS "run_id", "observed_at"::TIMESTAMPTZ AS "observed_at", "tenant"::VARCHAR AS "tenant", "user_id"::VARCHAR AS "user_id", "username"::VARCHAR AS "username", "email"::VARCHAR AS "email", "realname"::VARCHAR AS "realname", "firstname"::VARCHAR AS "firstname", "lastname"::VARCHAR AS "lastname", "status"::VARCHAR AS "status", "is_enrolled"::BOOLEAN AS "is_enrolled", "created_at"::TIMESTAMPTZ AS "created_at", "last_login_at"::TIMESTAMPTZ AS "last_login_at", "last_directory_sync_at"::TIMESTAMPTZ AS "last_directory_sync_at", "directory_key"::VARCHAR AS "directory_key", "external_id"::VARCHAR AS "external_id", "lockout_reason"::VARCHAR AS "lockout_reason", "notes"::VARCHAR AS "notes", "aliases"::VARCHAR AS "aliases", "group_names"::VARCHAR AS "group_names", "phone_count"::BIGINT AS "phone_count", "token_count"::BIGINT AS "token_count", "webauthn_count"::BIGINT AS "webauthn_count", "u2f_count"::BIGINT AS "u2f_count", "desktop_count"::BIGINT AS "desktop_count", "method_count"::BIGINT AS "method_count", "mfa_enabled"::BOOLEAN AS "mfa_enabled", "has_phishing_resistant"::BOOLEAN AS "has_phishing_resistant", "strongest"::VARCHAR AS "strongest", "weakest"::VARCHAR AS "weakest", "only_telephony"::BOOLEAN AS "only_telephony", "is_bypass"::BOOLEAN AS "is_bypass", "bypass_reason"::VARCHAR AS "bypass_reason" FROM (SELECT NULL::VARCHAR AS "run_id", NULL::TIMESTAMPTZ AS "observed_at", NULL::VARCHAR AS "tenant", NULL::VARCHAR AS "user_id", NULL::VARCHAR AS "username", NULL::VARCHAR AS "email", NULL::VARCHAR AS "realname", NULL::VARCHAR AS "firstname", NULL::VARCHAR AS "lastname", NULL::VARCHAR AS "status", NULL::BOOLEAN AS "is_enrolled", NULL::TIMESTAMPTZ AS "created_at", NULL::TIMESTAMPTZ AS "last_login_at", NULL::TIMESTAMPTZ AS "last_directory_sync_at", NULL::VARCHAR AS "directory_key", NULL::VARCHAR AS "external_id", NULL::VARCHAR AS "lockout_reason", NULL::VARCHAR AS "notes", NULL::VARCHAR AS "aliases", NULL::VARCHAR AS "group_names", NULL::BIGINT AS "phone_count", NULL::BIGINT AS "token_count", NULL::BIGINT AS "webauthn_count", NULL::BIGINT AS "u2f_count", NULL::BIGINT AS "desktop_count", NULL::BIGINT AS "method_count", NULL::BOOLEAN AS "mfa_enabled", NULL::BOOLEAN AS "has_phishing_resistant", NULL::VARCHAR AS "strongest", NULL::VARCHAR AS "weakest", NULL::BOOLEAN AS "only_telephony", NULL::BOOLEAN AS "is_bypass", NULL::VARCHAR AS "bypass_reason" WHERE false UNION ALL BY NAME FROM read_parquet(getvariable('duo_mfa_parquet') || '/users/run_date=*/*.parquet', union_by_name = true, hive_partitioning = false));
COMMENT ON VIEW "users_snapshots" IS 'The rows of users as every run saw them.';
CREATE OR REPLACE VIEW "users_history" AS WITH placed AS (
    SELECT run_id, tenant, observed_at, complete,
      row_number() OVER (PARTITION BY tenant ORDER BY observed_at, run_id) AS place
    FROM runs WHERE 'users' = ANY(string_to_array(tables_collected, ', '))
  ), collected AS (
    SELECT *, min(CASE WHEN complete THEN place END) OVER (
      PARTITION BY tenant ORDER BY place ROWS BETWEEN 1 FOLLOWING AND UNBOUNDED FOLLOWING) AS next_complete
    FROM placed
  ), sightings AS (
    SELECT "tenant", "user_id", run_id, place, next_complete, hash("username", "email", "realname", "firstname", "lastname", "status", "is_enrolled", "created_at", "directory_key", "external_id", "lockout_reason", "notes", "aliases", "group_names", "phone_count", "token_count", "webauthn_count", "u2f_count", "desktop_count", "method_count", "mfa_enabled", "has_phishing_resistant", "strongest", "weakest", "only_telephony", "is_bypass", "bypass_reason") AS fingerprint
    FROM "users_snapshots" JOIN collected USING (run_id, tenant)
  ), steps AS (
    SELECT *, lead(place) OVER sighting AS next_place,
      coalesce(lag(next_complete) OVER sighting < place OR lag(fingerprint) OVER sighting <> fingerprint,
        lag(place) OVER sighting IS NULL) AS begins,
      coalesce(next_complete < lead(place) OVER sighting OR lead(fingerprint) OVER sighting <> fingerprint,
        lead(place) OVER sighting IS NULL) AS ends
    FROM sightings WINDOW sighting AS (PARTITION BY "tenant", "user_id" ORDER BY place)
  ), versions AS (
    SELECT *, max(CASE WHEN begins THEN place END) OVER sighting AS first_place
    FROM steps WINDOW sighting AS (PARTITION BY "tenant", "user_id" ORDER BY place ROWS UNBOUNDED PRECEDING)
  )
  SELECT seen."run_id", seen."observed_at", seen."tenant", seen."user_id", seen."username", seen."email", seen."realname", seen."firstname", seen."lastname", seen."status", seen."is_enrolled", seen."created_at", seen."last_login_at", seen."last_directory_sync_at", seen."directory_key", seen."external_id", seen."lockout_reason", seen."notes", seen."aliases", seen."group_names", seen."phone_count", seen."token_count", seen."webauthn_count", seen."u2f_count", seen."desktop_count", seen."method_count", seen."mfa_enabled", seen."has_phishing_resistant", seen."strongest", seen."weakest", seen."only_telephony", seen."is_bypass", seen."bypass_reason", begun.observed_at AS valid_from, ended.observed_at AS valid_to, begun.run_id AS first_run_id,
    seen.run_id AS last_run_id
  FROM versions JOIN "users_snapshots" seen USING ("tenant", "user_id", run_id)
  JOIN collected begun ON begun.tenant = versions.tenant AND begun.place = versions.first_place
  LEFT JOIN collected ended ON ended.tenant = versions.tenant
    AND ended.place = least(versions.next_complete, versions.next_place)
  WHERE versions.ends AND begun.observed_at IS DISTINCT FROM ended.observed_at;
COMMENT ON VIEW "users_history" IS 'Every version of every row of users, from valid_from on and until valid_to, which is no longer of it.';
COMMENT ON COLUMN "users_history"."run_id" IS 'The run that saw this row; its facts are in `runs`.';
COMMENT ON COLUMN "users_history"."observed_at" IS 'When the run saw it: one instant for the whole run.';
COMMENT ON COLUMN "users_history"."tenant" IS 'The API host of the Duo tenant.';
COMMENT ON COLUMN "users_history"."user_id" IS 'Duo''s id of the user.';
COMMENT ON COLUMN "users_history"."username" IS 'The name the user logs in with.';
COMMENT ON COLUMN "users_history"."email" IS 'E-mail address.';
COMMENT ON COLUMN "users_history"."realname" IS 'Full name.';
COMMENT ON COLUMN "users_history"."firstname" IS 'Given name.';
COMMENT ON COLUMN "users_history"."lastname" IS 'Family name.';
COMMENT ON COLUMN "users_history"."status" IS 'active, bypass, disabled, locked out, pending deletion, or what Duo invents next.';
COMMENT ON COLUMN "users_history"."is_enrolled" IS 'Whether Duo counts at least one usable authenticator.';
COMMENT ON COLUMN "users_history"."created_at" IS 'When the user was created.';
COMMENT ON COLUMN "users_history"."last_login_at" IS 'The last successful login; NULL for never.';
COMMENT ON COLUMN "users_history"."last_directory_sync_at" IS 'The last directory sync; NULL for a user who is not synced.';
COMMENT ON COLUMN "users_history"."directory_key" IS 'The directory that manages the user.';
COMMENT ON COLUMN "users_history"."external_id" IS 'The user''s id in that directory.';
COMMENT ON COLUMN "users_history"."lockout_reason" IS 'Why the user is locked out or disabled.';
COMMENT ON COLUMN "users_history"."notes" IS 'An administrator''s note.';
COMMENT ON COLUMN "users_history"."aliases" IS 'Other names the user logs in with, sorted, joined by ", ".';
COMMENT ON COLUMN "users_history"."group_names" IS 'The names of the user''s groups, sorted, joined by ", "; membership proper is user_groups.';
COMMENT ON COLUMN "users_history"."phone_count" IS 'Phones and tablets.';
COMMENT ON COLUMN "users_history"."token_count" IS 'Hardware tokens.';
COMMENT ON COLUMN "users_history"."webauthn_count" IS 'WebAuthn credentials: security keys, passkeys, platform authenticators.';
COMMENT ON COLUMN "users_history"."u2f_count" IS 'U2F tokens, which Duo no longer offers.';
COMMENT ON COLUMN "users_history"."desktop_count" IS 'Duo Desktop authenticators and legacy desktop tokens.';
COMMENT ON COLUMN "users_history"."method_count" IS 'Rows of this user in mfa_methods.';
COMMENT ON COLUMN "users_history"."mfa_enabled" IS 'Duo''s integration rule: phones, tokens or webauthncredentials is not empty.';
COMMENT ON COLUMN "users_history"."has_phishing_resistant" IS 'Whether any method is phishing resistant.';
COMMENT ON COLUMN "users_history"."strongest" IS 'The strength of the strongest method; none without one.';
COMMENT ON COLUMN "users_history"."weakest" IS 'The strength of the weakest method, the one an attacker would choose; none without one.';
COMMENT ON COLUMN "users_history"."only_telephony" IS 'Whether text messages or calls are the strongest thing the user has.';
COMMENT ON COLUMN "users_history"."is_bypass" IS 'Whether the user can log in without any method now, for one of bypass_reason.';
COMMENT ON COLUMN "users_history"."bypass_reason" IS 'status (the user''s), group (the status of a group), code (a bypass code that has not expired), joined by ", ".';
COMMENT ON COLUMN "users_history"."valid_from" IS 'When a run first saw this version.';
COMMENT ON COLUMN "users_history"."valid_to" IS 'When a run saw that it was no longer so; NULL while it is.';
COMMENT ON COLUMN "users_history"."first_run_id" IS 'The run that first saw this version.';
COMMENT ON COLUMN "users_history"."last_run_id" IS 'The run that saw it last.';
CREATE OR REPLACE VIEW "users" AS SELECT "run_id", "observed_at", "tenant", "user_id", "username", "email", "realname", "firstname", "lastname", "status", "is_enrolled", "created_at", "last_login_at", "last_directory_sync_at", "directory_key", "external_id", "lockout_reason", "notes", "aliases", "group_names", "phone_count", "token_count", "webauthn_count", "u2f_count", "desktop_count", "method_count", "mfa_enabled", "has_phishing_resistant", "strongest", "weakest", "only_telephony", "is_bypass", "bypass_reason" FROM "users_history" WHERE valid_to IS NULL;
COMMENT ON VIEW "users" IS 'One row a user: who it is, which authenticators it has, how strong they are, and whether something bypasses them.';
COMMENT ON COLUMN "users"."run_id" IS 'The run that saw this row; its facts are in `runs`.';
COMMENT ON COLUMN "users"."observed_at" IS 'When the run saw it: one instant for the whole run.';
COMMENT ON COLUMN "users"."tenant" IS 'The API host of the Duo tenant.';
COMMENT ON COLUMN "users"."user_id" IS 'Duo''s id of the user.';
COMMENT ON COLUMN "users"."username" IS 'The name the user logs in with.';
COMMENT ON COLUMN "users"."email" IS 'E-mail address.';
COMMENT ON COLUMN "users"."realname" IS 'Full name.';
COMMENT ON COLUMN "users"."firstname" IS 'Given name.';
COMMENT ON COLUMN "users"."lastname" IS 'Family name.';
COMMENT ON COLUMN "users"."status" IS 'active, bypass, disabled, locked out, pending deletion, or what Duo invents next.';
COMMENT ON COLUMN "users"."is_enrolled" IS 'Whether Duo counts at least one usable authenticator.';
COMMENT ON COLUMN "users"."created_at" IS 'When the user was created.';
COMMENT ON COLUMN "users"."last_login_at" IS 'The last successful login; NULL for never.';
COMMENT ON COLUMN "users"."last_directory_sync_at" IS 'The last directory sync; NULL for a user who is not synced.';
COMMENT ON COLUMN "users"."directory_key" IS 'The directory that manages the user.';
COMMENT ON COLUMN "users"."external_id" IS 'The user''s id in that directory.';
COMMENT ON COLUMN "users"."lockout_reason" IS 'Why the user is locked out or disabled.';
COMMENT ON COLUMN "users"."notes" IS 'An administrator''s note.';
COMMENT ON COLUMN "users"."aliases" IS 'Other names the user logs in with, sorted, joined by ", ".';
COMMENT ON COLUMN "users"."group_names" IS 'The names of the user''s groups, sorted, joined by ", "; membership proper is user_groups.';
COMMENT ON COLUMN "users"."phone_count" IS 'Phones and tablets.';
COMMENT ON COLUMN "users"."token_count" IS 'Hardware tokens.';
COMMENT ON COLUMN "users"."webauthn_count" IS 'WebAuthn credentials: security keys, passkeys, platform authenticators.';
COMMENT ON COLUMN "users"."u2f_count" IS 'U2F tokens, which Duo no longer offers.';
COMMENT ON COLUMN "users"."desktop_count" IS 'Duo Desktop authenticators and legacy desktop tokens.';
COMMENT ON COLUMN "users"."method_count" IS 'Rows of this user in mfa_methods.';
COMMENT ON COLUMN "users"."mfa_enabled" IS 'Duo''s integration rule: phones, tokens or webauthncredentials is not empty.';
COMMENT ON COLUMN "users"."has_phishing_resistant" IS 'Whether any method is phishing resistant.';
COMMENT ON COLUMN "users"."strongest" IS 'The strength of the strongest method; none without one.';
COMMENT ON COLUMN "users"."weakest" IS 'The strength of the weakest method, the one an attacker would choose; none without one.';
COMMENT ON COLUMN "users"."only_telephony" IS 'Whether text messages or calls are the strongest thing the user has.';
COMMENT ON COLUMN "users"."is_bypass" IS 'Whether the user can log in without any method now, for one of bypass_reason.';
COMMENT ON COLUMN "users"."bypass_reason" IS 'status (the user''s), group (the status of a group), code (a bypass code that has not expired), joined by ", ".';
CREATE OR REPLACE MACRO "users_asof"(ts) AS TABLE SELECT "run_id", "observed_at", "tenant", "user_id", "username", "email", "realname", "firstname", "lastname", "status", "is_enrolled", "created_at", "last_login_at", "last_directory_sync_at", "directory_key", "external_id", "lockout_reason", "notes", "aliases", "group_names", "phone_count", "token_count", "webauthn_count", "u2f_count", "desktop_count", "method_count", "mfa_enabled", "has_phishing_resistant", "strongest", "weakest", "only_telephony", "is_bypass", "bypass_reason" FROM "users_history" WHERE valid_from <= ts AND (valid_to IS NULL OR valid_to > ts);
COMMENT ON MACRO TABLE "users_asof" IS 'The rows of users as they were at an instant, as far as the runs know.';
CREATE OR REPLACE VIEW "users_changes" AS WITH versions AS (FROM "users_history"), missed AS (
    SELECT begun.tenant, valid_from, observed_at AS missed_at
    FROM (SELECT DISTINCT tenant, valid_from FROM versions) begun
    ASOF JOIN (
      SELECT tenant, observed_at FROM runs
      WHERE complete AND list_contains(string_split(tables_collected, ', '), 'users')
    ) complete ON begun.tenant = complete.tenant AND begun.valid_from > complete.observed_at
  ), happened AS (
    SELECT missed_at AS happened_after, now.valid_from AS happened_by,
      CASE WHEN first_end < now.valid_from THEN 'reappeared' ELSE 'added' END AS event, NULL AS different, now."run_id", now."observed_at", now."tenant", now."user_id", now."username", now."email", now."realname", now."firstname", now."lastname", now."status", now."is_enrolled", now."created_at", now."last_login_at", now."last_directory_sync_at", now."directory_key", now."external_id", now."lockout_reason", now."notes", now."aliases", now."group_names", now."phone_count", now."token_count", now."webauthn_count", now."u2f_count", now."desktop_count", now."method_count", now."mfa_enabled", now."has_phishing_resistant", now."strongest", now."weakest", now."only_telephony", now."is_bypass", now."bypass_reason"
    FROM versions now
    JOIN missed ON now.tenant = missed.tenant AND now.valid_from = missed.valid_from
    JOIN (SELECT "tenant", "user_id", min(valid_to) AS first_end FROM versions GROUP BY ALL) known ON now."tenant" = known."tenant" AND now."user_id" = known."user_id"
    ANTI JOIN versions was ON now."tenant" = was."tenant" AND now."user_id" = was."user_id" AND was.valid_to = now.valid_from
    UNION ALL
    SELECT was.observed_at, now.valid_from, 'changed', list_filter([{'name': 'username', 'before': was."username"::VARCHAR, 'after': now."username"::VARCHAR}, {'name': 'email', 'before': was."email"::VARCHAR, 'after': now."email"::VARCHAR}, {'name': 'realname', 'before': was."realname"::VARCHAR, 'after': now."realname"::VARCHAR}, {'name': 'firstname', 'before': was."firstname"::VARCHAR, 'after': now."firstname"::VARCHAR}, {'name': 'lastname', 'before': was."lastname"::VARCHAR, 'after': now."lastname"::VARCHAR}, {'name': 'status', 'before': was."status"::VARCHAR, 'after': now."status"::VARCHAR}, {'name': 'is_enrolled', 'before': was."is_enrolled"::VARCHAR, 'after': now."is_enrolled"::VARCHAR}, {'name': 'created_at', 'before': replace(strftime(was."created_at" AT TIME ZONE 'UTC', '%Y-%m-%dT%H:%M:%S.%fZ'), '.000000Z', 'Z'), 'after': replace(strftime(now."created_at" AT TIME ZONE 'UTC', '%Y-%m-%dT%H:%M:%S.%fZ'), '.000000Z', 'Z')}, {'name': 'directory_key', 'before': was."directory_key"::VARCHAR, 'after': now."directory_key"::VARCHAR}, {'name': 'external_id', 'before': was."external_id"::VARCHAR, 'after': now."external_id"::VARCHAR}, {'name': 'lockout_reason', 'before': was."lockout_reason"::VARCHAR, 'after': now."lockout_reason"::VARCHAR}, {'name': 'notes', 'before': was."notes"::VARCHAR, 'after': now."notes"::VARCHAR}, {'name': 'aliases', 'before': was."aliases"::VARCHAR, 'after': now."aliases"::VARCHAR}, {'name': 'group_names', 'before': was."group_names"::VARCHAR, 'after': now."group_names"::VARCHAR}, {'name': 'phone_count', 'before': was."phone_count"::VARCHAR, 'after': now."phone_count"::VARCHAR}, {'name': 'token_count', 'before': was."token_count"::VARCHAR, 'after': now."token_count"::VARCHAR}, {'name': 'webauthn_count', 'before': was."webauthn_count"::VARCHAR, 'after': now."webauthn_count"::VARCHAR}, {'name': 'u2f_count', 'before': was."u2f_count"::VARCHAR, 'after': now."u2f_count"::VARCHAR}, {'name': 'desktop_count', 'before': was."desktop_count"::VARCHAR, 'after': now."desktop_count"::VARCHAR}, {'name': 'method_count', 'before': was."method_count"::VARCHAR, 'after': now."method_count"::VARCHAR}, {'name': 'mfa_enabled', 'before': was."mfa_enabled"::VARCHAR, 'after': now."mfa_enabled"::VARCHAR}, {'name': 'has_phishing_resistant', 'before': was."has_phishing_resistant"::VARCHAR, 'after': now."has_phishing_resistant"::VARCHAR}, {'name': 'strongest', 'before': was."strongest"::VARCHAR, 'after': now."strongest"::VARCHAR}, {'name': 'weakest', 'before': was."weakest"::VARCHAR, 'after': now."weakest"::VARCHAR}, {'name': 'only_telephony', 'before': was."only_telephony"::VARCHAR, 'after': now."only_telephony"::VARCHAR}, {'name': 'is_bypass', 'before': was."is_bypass"::VARCHAR, 'after': now."is_bypass"::VARCHAR}, {'name': 'bypass_reason', 'before': was."bypass_reason"::VARCHAR, 'after': now."bypass_reason"::VARCHAR}], lambda c: c.before IS DISTINCT FROM c.after), now."run_id", now."observed_at", now."tenant", now."user_id", now."username", now."email", now."realname", now."firstname", now."lastname", now."status", now."is_enrolled", now."created_at", now."last_login_at", now."last_directory_sync_at", now."directory_key", now."external_id", now."lockout_reason", now."notes", now."aliases", now."group_names", now."phone_count", now."token_count", now."webauthn_count", now."u2f_count", now."desktop_count", now."method_count", now."mfa_enabled", now."has_phishing_resistant", now."strongest", now."weakest", now."only_telephony", now."is_bypass", now."bypass_reason"
    FROM versions now JOIN versions was ON now."tenant" = was."tenant" AND now."user_id" = was."user_id" AND was.valid_to = now.valid_from
    UNION ALL
    SELECT now.observed_at, now.valid_to, 'removed', NULL, now."run_id", now."observed_at", now."tenant", now."user_id", now."username", now."email", now."realname", now."firstname", now."lastname", now."status", now."is_enrolled", now."created_at", now."last_login_at", now."last_directory_sync_at", now."directory_key", now."external_id", now."lockout_reason", now."notes", now."aliases", now."group_names", now."phone_count", now."token_count", now."webauthn_count", now."u2f_count", now."desktop_count", now."method_count", now."mfa_enabled", now."has_phishing_resistant", now."strongest", now."weakest", now."only_telephony", now."is_bypass", now."bypass_reason"
    FROM versions now ANTI JOIN versions next ON now."tenant" = next."tenant" AND now."user_id" = next."user_id" AND next.valid_from = now.valid_to
    WHERE now.valid_to IS NOT NULL
  )
  SELECT happened_after, happened_by, event,
    CASE WHEN event = 'changed' THEN array_to_string(list_transform(different, lambda c: c.name), ', ') END AS changed,
    CASE WHEN event = 'changed' THEN to_json(map(list_transform(different, lambda c: c.name), list_transform(different, lambda c: c.before)))::VARCHAR END AS before,
    CASE WHEN event = 'changed' THEN to_json(map(list_transform(different, lambda c: c.name), list_transform(different, lambda c: c.after)))::VARCHAR END AS after,
    "run_id", "observed_at", "tenant", "user_id", "username", "email", "realname", "firstname", "lastname", "status", "is_enrolled", "created_at", "last_login_at", "last_directory_sync_at", "directory_key", "external_id", "lockout_reason", "notes", "aliases", "group_names", "phone_count", "token_count", "webauthn_count", "u2f_count", "desktop_count", "method_count", "mfa_enabled", "has_phishing_resistant", "strongest", "weakest", "only_telephony", "is_bypass", "bypass_reason"
  FROM happened WHERE event <> 'changed' OR len(different) > 0;
COMMENT ON VIEW "users_changes" IS 'What happened to the rows of users between two runs. What a tenant''s first complete run found is no news.';
COMMENT ON COLUMN "users_changes"."happened_after" IS 'The last run before it happened.';
COMMENT ON COLUMN "users_changes"."happened_by" IS 'The first run after it happened.';
COMMENT ON COLUMN "users_changes"."event" IS 'added, removed, changed, or reappeared: it had been removed before.';
COMMENT ON COLUMN "users_changes"."changed" IS 'The names of the columns that changed, joined by ", ".';
COMMENT ON COLUMN "users_changes"."before" IS 'What they were, as a JSON object of text.';
COMMENT ON COLUMN "users_changes"."after" IS 'What they became.';
COMMENT ON COLUMN "users_changes"."run_id" IS 'The run that saw this row; its facts are in `runs`.';
COMMENT ON COLUMN "users_changes"."observed_at" IS 'When the run saw it: one instant for the whole run.';
COMMENT ON COLUMN "users_changes"."tenant" IS 'The API host of the Duo tenant.';
COMMENT ON COLUMN "users_changes"."user_id" IS 'Duo''s id of the user.';
COMMENT ON COLUMN "users_changes"."username" IS 'The name the user logs in with.';
COMMENT ON COLUMN "users_changes"."email" IS 'E-mail address.';
COMMENT ON COLUMN "users_changes"."realname" IS 'Full name.';
COMMENT ON COLUMN "users_changes"."firstname" IS 'Given name.';
COMMENT ON COLUMN "users_changes"."lastname" IS 'Family name.';
COMMENT ON COLUMN "users_changes"."status" IS 'active, bypass, disabled, locked out, pending deletion, or what Duo invents next.';
COMMENT ON COLUMN "users_changes"."is_enrolled" IS 'Whether Duo counts at least one usable authenticator.';
COMMENT ON COLUMN "users_changes"."created_at" IS 'When the user was created.';
COMMENT ON COLUMN "users_changes"."last_login_at" IS 'The last successful login; NULL for never.';
COMMENT ON COLUMN "users_changes"."last_directory_sync_at" IS 'The last directory sync; NULL for a user who is not synced.';
COMMENT ON COLUMN "users_changes"."directory_key" IS 'The directory that manages the user.';
COMMENT ON COLUMN "users_changes"."external_id" IS 'The user''s id in that directory.';
COMMENT ON COLUMN "users_changes"."lockout_reason" IS 'Why the user is locked out or disabled.';
COMMENT ON COLUMN "users_changes"."notes" IS 'An administrator''s note.';
COMMENT ON COLUMN "users_changes"."aliases" IS 'Other names the user logs in with, sorted, joined by ", ".';
COMMENT ON COLUMN "users_changes"."group_names" IS 'The names of the user''s groups, sorted, joined by ", "; membership proper is user_groups.';
COMMENT ON COLUMN "users_changes"."phone_count" IS 'Phones and tablets.';
COMMENT ON COLUMN "users_changes"."token_count" IS 'Hardware tokens.';
COMMENT ON COLUMN "users_changes"."webauthn_count" IS 'WebAuthn credentials: security keys, passkeys, platform authenticators.';
COMMENT ON COLUMN "users_changes"."u2f_count" IS 'U2F tokens, which Duo no longer offers.';
COMMENT ON COLUMN "users_changes"."desktop_count" IS 'Duo Desktop authenticators and legacy desktop tokens.';
COMMENT ON COLUMN "users_changes"."method_count" IS 'Rows of this user in mfa_methods.';
COMMENT ON COLUMN "users_changes"."mfa_enabled" IS 'Duo''s integration rule: phones, tokens or webauthncredentials is not empty.';
COMMENT ON COLUMN "users_changes"."has_phishing_resistant" IS 'Whether any method is phishing resistant.';
COMMENT ON COLUMN "users_changes"."strongest" IS 'The strength of the strongest method; none without one.';
COMMENT ON COLUMN "users_changes"."weakest" IS 'The strength of the weakest method, the one an attacker would choose; none without one.';
COMMENT ON COLUMN "users_changes"."only_telephony" IS 'Whether text messages or calls are the strongest thing the user has.';
COMMENT ON COLUMN "users_changes"."is_bypass" IS 'Whether the user can log in without any method now, for one of bypass_reason.';
COMMENT ON COLUMN "users_changes"."bypass_reason" IS 'status (the user''s), group (the status of a group), code (a bypass code that has not expired), joined by ", ".';
CREATE OR REPLACE VIEW "mfa_methods_snapshots" AS SELECT "run_id"::VARCHAR AS "run_id", "observed_at"::TIMESTAMPTZ AS "observed_at", "tenant"::VARCHAR AS "tenant", "user_id"::VARCHAR AS "user_id", "username"::VARCHAR AS "username", "email"::VARCHAR AS "email", "realname"::VARCHAR AS "realname", "user_status"::VARCHAR AS "user_status", "method_kind"::VARCHAR AS "method_kind", "method_id"::VARCHAR AS "method_id", "method_type"::VARCHAR AS "method_type", "name"::VARCHAR AS "name", "label"::VARCHAR AS "label", "platform"::VARCHAR AS "platform", "model"::VARCHAR AS "model", "number"::VARCHAR AS "number", "extension"::VARCHAR AS "extension", "serial"::VARCHAR AS "serial", "activated"::BOOLEAN AS "activated", "capabilities"::VARCHAR AS "capabilities", "can_push"::BOOLEAN AS "can_push", "can_otp"::BOOLEAN AS "can_otp", "can_sms"::BOOLEAN AS "can_sms", "can_call"::BOOLEAN AS "can_call", "strength"::VARCHAR AS "strength", "strength_rank"::BIGINT AS "strength_rank", "enrolled_at"::TIMESTAMPTZ AS "enrolled_at", "last_seen_at"::TIMESTAMPTZ AS "last_seen_at", "app_version"::VARCHAR AS "app_version", "os_version"::VARCHAR AS "os_version", "encrypted"::VARCHAR AS "encrypted", "fingerprint"::VARCHAR AS "fingerprint", "screenlock"::VARCHAR AS "screenlock", "tampered"::VARCHAR AS "tampered", "sms_passcodes_sent"::BOOLEAN AS "sms_passcodes_sent", "totp_step"::BIGINT AS "totp_step" FROM (SELECT NULL::VARCHAR AS "run_id", NULL::TIMESTAMPTZ AS "observed_at", NULL::VARCHAR AS "tenant", NULL::VARCHAR AS "user_id", NULL::VARCHAR AS "username", NULL::VARCHAR AS "email", NULL::VARCHAR AS "realname", NULL::VARCHAR AS "user_status", NULL::VARCHAR AS "method_kind", NULL::VARCHAR AS "method_id", NULL::VARCHAR AS "method_type", NULL::VARCHAR AS "name", NULL::VARCHAR AS "label", NULL::VARCHAR AS "platform", NULL::VARCHAR AS "model", NULL::VARCHAR AS "number", NULL::VARCHAR AS "extension", NULL::VARCHAR AS "serial", NULL::BOOLEAN AS "activated", NULL::VARCHAR AS "capabilities", NULL::BOOLEAN AS "can_push", NULL::BOOLEAN AS "can_otp", NULL::BOOLEAN AS "can_sms", NULL::BOOLEAN AS "can_call", NULL::VARCHAR AS "strength", NULL::BIGINT AS "strength_rank", NULL::TIMESTAMPTZ AS "enrolled_at", NULL::TIMESTAMPTZ AS "last_seen_at", NULL::VARCHAR AS "app_version", NULL::VARCHAR AS "os_version", NULL::VARCHAR AS "encrypted", NULL::VARCHAR AS "fingerprint", NULL::VARCHAR AS "screenlock", NULL::VARCHAR AS "tampered", NULL::BOOLEAN AS "sms_passcodes_sent", NULL::BIGINT AS "totp_step" WHERE false UNION ALL BY NAME FROM read_parquet(getvariable('duo_mfa_parquet') || '/mfa_methods/run_date=*/*.parquet', union_by_name = true, hive_partitioning = false));
COMMENT ON VIEW "mfa_methods_snapshots" IS 'The rows of mfa_methods as every run saw them.';
CREATE OR REPLACE VIEW "mfa_methods_history" AS WITH placed AS (
    SELECT run_id, tenant, observed_at, complete,
      row_number() OVER (PARTITION BY tenant ORDER BY observed_at, run_id) AS place
    FROM runs WHERE 'mfa_methods' = ANY(string_to_array(tables_collected, ', '))
  ), collected AS (
    SELECT *, min(CASE WHEN complete THEN place END) OVER (
      PARTITION BY tenant ORDER BY place ROWS BETWEEN 1 FOLLOWING AND UNBOUNDED FOLLOWING) AS next_complete
    FROM placed
  ), sightings AS (
    SELECT "tenant", "user_id", "method_kind", "method_id", run_id, place, next_complete, hash("username", "email", "realname", "user_status", "method_type", "name", "label", "platform", "model", "number", "extension", "serial", "activated", "capabilities", "can_push", "can_otp", "can_sms", "can_call", "strength", "strength_rank", "enrolled_at", "app_version", "os_version", "encrypted", "fingerprint", "screenlock", "tampered", "sms_passcodes_sent", "totp_step") AS fingerprint
    FROM "mfa_methods_snapshots" JOIN collected USING (run_id, tenant)
  ), steps AS (
    SELECT *, lead(place) OVER sighting AS next_place,
      coalesce(lag(next_complete) OVER sighting < place OR lag(fingerprint) OVER sighting <> fingerprint,
        lag(place) OVER sighting IS NULL) AS begins,
      coalesce(next_complete < lead(place) OVER sighting OR lead(fingerprint) OVER sighting <> fingerprint,
        lead(place) OVER sighting IS NULL) AS ends
    FROM sightings WINDOW sighting AS (PARTITION BY "tenant", "user_id", "method_kind", "method_id" ORDER BY place)
  ), versions AS (
    SELECT *, max(CASE WHEN begins THEN place END) OVER sighting AS first_place
    FROM steps WINDOW sighting AS (PARTITION BY "tenant", "user_id", "method_kind", "method_id" ORDER BY place ROWS UNBOUNDED PRECEDING)
  )
  SELECT seen."run_id", seen."observed_at", seen."tenant", seen."user_id", seen."username", seen."email", seen."realname", seen."user_status", seen."method_kind", seen."method_id", seen."method_type", seen."name", seen."label", seen."platform", seen."model", seen."number", seen."extension", seen."serial", seen."activated", seen."capabilities", seen."can_push", seen."can_otp", seen."can_sms", seen."can_call", seen."strength", seen."strength_rank", seen."enrolled_at", seen."last_seen_at", seen."app_version", seen."os_version", seen."encrypted", seen."fingerprint", seen."screenlock", seen."tampered", seen."sms_passcodes_sent", seen."totp_step", begun.observed_at AS valid_from, ended.observed_at AS valid_to, begun.run_id AS first_run_id,
    seen.run_id AS last_run_id
  FROM versions JOIN "mfa_methods_snapshots" seen USING ("tenant", "user_id", "method_kind", "method_id", run_id)
  JOIN collected begun ON begun.tenant = versions.tenant AND begun.place = versions.first_place
  LEFT JOIN collected ended ON ended.tenant = versions.tenant
    AND ended.place = least(versions.next_complete, versions.next_place)
  WHERE versions.ends AND begun.observed_at IS DISTINCT FROM ended.observed_at;
COMMENT ON VIEW "mfa_methods_history" IS 'Every version of every row of mfa_methods, from valid_from on and until valid_to, which is no longer of it.';
COMMENT ON COLUMN "mfa_methods_history"."run_id" IS 'The run that saw this row; its facts are in `runs`.';
COMMENT ON COLUMN "mfa_methods_history"."observed_at" IS 'When the run saw it: one instant for the whole run.';
COMMENT ON COLUMN "mfa_methods_history"."tenant" IS 'The API host of the Duo tenant.';
COMMENT ON COLUMN "mfa_methods_history"."user_id" IS 'Duo''s id of the user.';
COMMENT ON COLUMN "mfa_methods_history"."username" IS 'The name the user logs in with.';
COMMENT ON COLUMN "mfa_methods_history"."email" IS 'E-mail address.';
COMMENT ON COLUMN "mfa_methods_history"."realname" IS 'Full name.';
COMMENT ON COLUMN "mfa_methods_history"."user_status" IS 'The user''s status.';
COMMENT ON COLUMN "mfa_methods_history"."method_kind" IS 'phone, token, webauthn, u2f or desktop.';
COMMENT ON COLUMN "mfa_methods_history"."method_id" IS 'Duo''s id of the authenticator.';
COMMENT ON COLUMN "mfa_methods_history"."method_type" IS 'Duo''s type of it: Mobile, Landline, h6, t6, yk, Security Key, Desktop Token and so on.';
COMMENT ON COLUMN "mfa_methods_history"."name" IS 'The name somebody gave it.';
COMMENT ON COLUMN "mfa_methods_history"."label" IS 'Duo''s label of a WebAuthn credential.';
COMMENT ON COLUMN "mfa_methods_history"."platform" IS 'Apple iOS, Google Android and so on; the OS family for a desktop.';
COMMENT ON COLUMN "mfa_methods_history"."model" IS 'The device''s model.';
COMMENT ON COLUMN "mfa_methods_history"."number" IS 'Phone number.';
COMMENT ON COLUMN "mfa_methods_history"."extension" IS 'Phone extension.';
COMMENT ON COLUMN "mfa_methods_history"."serial" IS 'A token''s serial number.';
COMMENT ON COLUMN "mfa_methods_history"."activated" IS 'Whether Duo Mobile is activated on the phone.';
COMMENT ON COLUMN "mfa_methods_history"."capabilities" IS 'What the phone can do in Duo''s words (auto, push, sms, phone, mobile_otp), sorted.';
COMMENT ON COLUMN "mfa_methods_history"."can_push" IS 'Activated and capable of push.';
COMMENT ON COLUMN "mfa_methods_history"."can_otp" IS 'Makes passcodes: an activated phone with mobile_otp, or a hardware token.';
COMMENT ON COLUMN "mfa_methods_history"."can_sms" IS 'Gets passcodes by text message.';
COMMENT ON COLUMN "mfa_methods_history"."can_call" IS 'Is called.';
COMMENT ON COLUMN "mfa_methods_history"."strength" IS 'phishing_resistant (webauthn, u2f), device_bound (Duo Desktop), push, otp, telephony, none: the strongest use of it.';
COMMENT ON COLUMN "mfa_methods_history"."strength_rank" IS '5 for phishing_resistant down to 0 for none.';
COMMENT ON COLUMN "mfa_methods_history"."enrolled_at" IS 'When a WebAuthn credential or U2F token was added; Duo does not say it of others.';
COMMENT ON COLUMN "mfa_methods_history"."last_seen_at" IS 'When Duo Mobile last spoke to Duo.';
COMMENT ON COLUMN "mfa_methods_history"."app_version" IS 'Version of Duo Mobile or Duo Desktop.';
COMMENT ON COLUMN "mfa_methods_history"."os_version" IS 'Version of the operating system.';
COMMENT ON COLUMN "mfa_methods_history"."encrypted" IS 'Disk encryption of the phone: Encrypted, Unencrypted, Unknown.';
COMMENT ON COLUMN "mfa_methods_history"."fingerprint" IS 'Biometrics of the phone: Configured, Disabled, Unknown.';
COMMENT ON COLUMN "mfa_methods_history"."screenlock" IS 'Screen lock of the phone: Locked, Unlocked, Unknown.';
COMMENT ON COLUMN "mfa_methods_history"."tampered" IS 'Whether the phone is rooted or jailbroken: Not tampered, Tampered, Unknown.';
COMMENT ON COLUMN "mfa_methods_history"."sms_passcodes_sent" IS 'Whether passcodes were sent to the phone by text message.';
COMMENT ON COLUMN "mfa_methods_history"."totp_step" IS 'Seconds a time-based token''s passcode lives.';
COMMENT ON COLUMN "mfa_methods_history"."valid_from" IS 'When a run first saw this version.';
COMMENT ON COLUMN "mfa_methods_history"."valid_to" IS 'When a run saw that it was no longer so; NULL while it is.';
COMMENT ON COLUMN "mfa_methods_history"."first_run_id" IS 'The run that first saw this version.';
COMMENT ON COLUMN "mfa_methods_history"."last_run_id" IS 'The run that saw it last.';
CREATE OR REPLACE VIEW "mfa_methods" AS SELECT "run_id", "observed_at", "tenant", "user_id", "username", "email", "realname", "user_status", "method_kind", "method_id", "method_type", "name", "label", "platform", "model", "number", "extension", "serial", "activated", "capabilities", "can_push", "can_otp", "can_sms", "can_call", "strength", "strength_rank", "enrolled_at", "last_seen_at", "app_version", "os_version", "encrypted", "fingerprint", "screenlock", "tampered", "sms_passcodes_sent", "totp_step" FROM "mfa_methods_history" WHERE valid_to IS NULL;
COMMENT ON VIEW "mfa_methods" IS 'One row a user and authenticator. An authenticator shared by two users is two rows.';
COMMENT ON COLUMN "mfa_methods"."run_id" IS 'The run that saw this row; its facts are in `runs`.';
COMMENT ON COLUMN "mfa_methods"."observed_at" IS 'When the run saw it: one instant for the whole run.';
COMMENT ON COLUMN "mfa_methods"."tenant" IS 'The API host of the Duo tenant.';
COMMENT ON COLUMN "mfa_methods"."user_id" IS 'Duo''s id of the user.';
COMMENT ON COLUMN "mfa_methods"."username" IS 'The name the user logs in with.';
COMMENT ON COLUMN "mfa_methods"."email" IS 'E-mail address.';
COMMENT ON COLUMN "mfa_methods"."realname" IS 'Full name.';
COMMENT ON COLUMN "mfa_methods"."user_status" IS 'The user''s status.';
COMMENT ON COLUMN "mfa_methods"."method_kind" IS 'phone, token, webauthn, u2f or desktop.';
COMMENT ON COLUMN "mfa_methods"."method_id" IS 'Duo''s id of the authenticator.';
COMMENT ON COLUMN "mfa_methods"."method_type" IS 'Duo''s type of it: Mobile, Landline, h6, t6, yk, Security Key, Desktop Token and so on.';
COMMENT ON COLUMN "mfa_methods"."name" IS 'The name somebody gave it.';
COMMENT ON COLUMN "mfa_methods"."label" IS 'Duo''s label of a WebAuthn credential.';
COMMENT ON COLUMN "mfa_methods"."platform" IS 'Apple iOS, Google Android and so on; the OS family for a desktop.';
COMMENT ON COLUMN "mfa_methods"."model" IS 'The device''s model.';
COMMENT ON COLUMN "mfa_methods"."number" IS 'Phone number.';
COMMENT ON COLUMN "mfa_methods"."extension" IS 'Phone extension.';
COMMENT ON COLUMN "mfa_methods"."serial" IS 'A token''s serial number.';
COMMENT ON COLUMN "mfa_methods"."activated" IS 'Whether Duo Mobile is activated on the phone.';
COMMENT ON COLUMN "mfa_methods"."capabilities" IS 'What the phone can do in Duo''s words (auto, push, sms, phone, mobile_otp), sorted.';
COMMENT ON COLUMN "mfa_methods"."can_push" IS 'Activated and capable of push.';
COMMENT ON COLUMN "mfa_methods"."can_otp" IS 'Makes passcodes: an activated phone with mobile_otp, or a hardware token.';
COMMENT ON COLUMN "mfa_methods"."can_sms" IS 'Gets passcodes by text message.';
COMMENT ON COLUMN "mfa_methods"."can_call" IS 'Is called.';
COMMENT ON COLUMN "mfa_methods"."strength" IS 'phishing_resistant (webauthn, u2f), device_bound (Duo Desktop), push, otp, telephony, none: the strongest use of it.';
COMMENT ON COLUMN "mfa_methods"."strength_rank" IS '5 for phishing_resistant down to 0 for none.';
COMMENT ON COLUMN "mfa_methods"."enrolled_at" IS 'When a WebAuthn credential or U2F token was added; Duo does not say it of others.';
COMMENT ON COLUMN "mfa_methods"."last_seen_at" IS 'When Duo Mobile last spoke to Duo.';
COMMENT ON COLUMN "mfa_methods"."app_version" IS 'Version of Duo Mobile or Duo Desktop.';
COMMENT ON COLUMN "mfa_methods"."os_version" IS 'Version of the operating system.';
COMMENT ON COLUMN "mfa_methods"."encrypted" IS 'Disk encryption of the phone: Encrypted, Unencrypted, Unknown.';
COMMENT ON COLUMN "mfa_methods"."fingerprint" IS 'Biometrics of the phone: Configured, Disabled, Unknown.';
COMMENT ON COLUMN "mfa_methods"."screenlock" IS 'Screen lock of the phone: Locked, Unlocked, Unknown.';
COMMENT ON COLUMN "mfa_methods"."tampered" IS 'Whether the phone is rooted or jailbroken: Not tampered, Tampered, Unknown.';
COMMENT ON COLUMN "mfa_methods"."sms_passcodes_sent" IS 'Whether passcodes were sent to the phone by text message.';
COMMENT ON COLUMN "mfa_methods"."totp_step" IS 'Seconds a time-based token''s passcode lives.';
CREATE OR REPLACE MACRO "mfa_methods_asof"(ts) AS TABLE SELECT "run_id", "observed_at", "tenant", "user_id", "username", "email", "realname", "user_status", "method_kind", "method_id", "method_type", "name", "label", "platform", "model", "number", "extension", "serial", "activated", "capabilities", "can_push", "can_otp", "can_sms", "can_call", "strength", "strength_rank", "enrolled_at", "last_seen_at", "app_version", "os_version", "encrypted", "fingerprint", "screenlock", "tampered", "sms_passcodes_sent", "totp_step" FROM "mfa_methods_history" WHERE valid_from <= ts AND (valid_to IS NULL OR valid_to > ts);
COMMENT ON MACRO TABLE "mfa_methods_asof" IS 'The rows of mfa_methods as they were at an instant, as far as the runs know.';
CREATE OR REPLACE VIEW "mfa_methods_changes" AS WITH versions AS (FROM "mfa_methods_history"), missed AS (
    SELECT begun.tenant, valid_from, observed_at AS missed_at
    FROM (SELECT DISTINCT tenant, valid_from FROM versions) begun
    ASOF JOIN (
      SELECT tenant, observed_at FROM runs
      WHERE complete AND list_contains(string_split(tables_collected, ', '), 'mfa_methods')
    ) complete ON begun.tenant = complete.tenant AND begun.valid_from > complete.observed_at
  ), happened AS (
    SELECT missed_at AS happened_after, now.valid_from AS happened_by,
      CASE WHEN first_end < now.valid_from THEN 'reappeared' ELSE 'added' END AS event, NULL AS different, now."run_id", now."observed_at", now."tenant", now."user_id", now."username", now."email", now."realname", now."user_status", now."method_kind", now."method_id", now."method_type", now."name", now."label", now."platform", now."model", now."number", now."extension", now."serial", now."activated", now."capabilities", now."can_push", now."can_otp", now."can_sms", now."can_call", now."strength", now."strength_rank", now."enrolled_at", now."last_seen_at", now."app_version", now."os_version", now."encrypted", now."fingerprint", now."screenlock", now."tampered", now."sms_passcodes_sent", now."totp_step"
    FROM versions now
    JOIN missed ON now.tenant = missed.tenant AND now.valid_from = missed.valid_from
    JOIN (SELECT "tenant", "user_id", "method_kind", "method_id", min(valid_to) AS first_end FROM versions GROUP BY ALL) known ON now."tenant" = known."tenant" AND now."user_id" = known."user_id" AND now."method_kind" = known."method_kind" AND now."method_id" = known."method_id"
    ANTI JOIN versions was ON now."tenant" = was."tenant" AND now."user_id" = was."user_id" AND now."method_kind" = was."method_kind" AND now."method_id" = was."method_id" AND was.valid_to = now.valid_from
    UNION ALL
    SELECT was.observed_at, now.valid_from, 'changed', list_filter([{'name': 'method_type', 'before': was."method_type"::VARCHAR, 'after': now."method_type"::VARCHAR}, {'name': 'name', 'before': was."name"::VARCHAR, 'after': now."name"::VARCHAR}, {'name': 'label', 'before': was."label"::VARCHAR, 'after': now."label"::VARCHAR}, {'name': 'platform', 'before': was."platform"::VARCHAR, 'after': now."platform"::VARCHAR}, {'name': 'model', 'before': was."model"::VARCHAR, 'after': now."model"::VARCHAR}, {'name': 'number', 'before': was."number"::VARCHAR, 'after': now."number"::VARCHAR}, {'name': 'extension', 'before': was."extension"::VARCHAR, 'after': now."extension"::VARCHAR}, {'name': 'serial', 'before': was."serial"::VARCHAR, 'after': now."serial"::VARCHAR}, {'name': 'activated', 'before': was."activated"::VARCHAR, 'after': now."activated"::VARCHAR}, {'name': 'capabilities', 'before': was."capabilities"::VARCHAR, 'after': now."capabilities"::VARCHAR}, {'name': 'can_push', 'before': was."can_push"::VARCHAR, 'after': now."can_push"::VARCHAR}, {'name': 'can_otp', 'before': was."can_otp"::VARCHAR, 'after': now."can_otp"::VARCHAR}, {'name': 'can_sms', 'before': was."can_sms"::VARCHAR, 'after': now."can_sms"::VARCHAR}, {'name': 'can_call', 'before': was."can_call"::VARCHAR, 'after': now."can_call"::VARCHAR}, {'name': 'strength', 'before': was."strength"::VARCHAR, 'after': now."strength"::VARCHAR}, {'name': 'strength_rank', 'before': was."strength_rank"::VARCHAR, 'after': now."strength_rank"::VARCHAR}, {'name': 'enrolled_at', 'before': replace(strftime(was."enrolled_at" AT TIME ZONE 'UTC', '%Y-%m-%dT%H:%M:%S.%fZ'), '.000000Z', 'Z'), 'after': replace(strftime(now."enrolled_at" AT TIME ZONE 'UTC', '%Y-%m-%dT%H:%M:%S.%fZ'), '.000000Z', 'Z')}, {'name': 'app_version', 'before': was."app_version"::VARCHAR, 'after': now."app_version"::VARCHAR}, {'name': 'os_version', 'before': was."os_version"::VARCHAR, 'after': now."os_version"::VARCHAR}, {'name': 'encrypted', 'before': was."encrypted"::VARCHAR, 'after': now."encrypted"::VARCHAR}, {'name': 'fingerprint', 'before': was."fingerprint"::VARCHAR, 'after': now."fingerprint"::VARCHAR}, {'name': 'screenlock', 'before': was."screenlock"::VARCHAR, 'after': now."screenlock"::VARCHAR}, {'name': 'tampered', 'before': was."tampered"::VARCHAR, 'after': now."tampered"::VARCHAR}, {'name': 'sms_passcodes_sent', 'before': was."sms_passcodes_sent"::VARCHAR, 'after': now."sms_passcodes_sent"::VARCHAR}, {'name': 'totp_step', 'before': was."totp_step"::VARCHAR, 'after': now."totp_step"::VARCHAR}], lambda c: c.before IS DISTINCT FROM c.after), now."run_id", now."observed_at", now."tenant", now."user_id", now."username", now."email", now."realname", now."user_status", now."method_kind", now."method_id", now."method_type", now."name", now."label", now."platform", now."model", now."number", now."extension", now."serial", now."activated", now."capabilities", now."can_push", now."can_otp", now."can_sms", now."can_call", now."strength", now."strength_rank", now."enrolled_at", now."last_seen_at", now."app_version", now."os_version", now."encrypted", now."fingerprint", now."screenlock", now."tampered", now."sms_passcodes_sent", now."totp_step"
    FROM versions now JOIN versions was ON now."tenant" = was."tenant" AND now."user_id" = was."user_id" AND now."method_kind" = was."method_kind" AND now."method_id" = was."method_id" AND was.valid_to = now.valid_from
    UNION ALL
    SELECT now.observed_at, now.valid_to, 'removed', NULL, now."run_id", now."observed_at", now."tenant", now."user_id", now."username", now."email", now."realname", now."user_status", now."method_kind", now."method_id", now."method_type", now."name", now."label", now."platform", now."model", now."number", now."extension", now."serial", now."activated", now."capabilities", now."can_push", now."can_otp", now."can_sms", now."can_call", now."strength", now."strength_rank", now."enrolled_at", now."last_seen_at", now."app_version", now."os_version", now."encrypted", now."fingerprint", now."screenlock", now."tampered", now."sms_passcodes_sent", now."totp_step"
    FROM versions now ANTI JOIN versions next ON now."tenant" = next."tenant" AND now."user_id" = next."user_id" AND now."method_kind" = next."method_kind" AND now."method_id" = next."method_id" AND next.valid_from = now.valid_to
    WHERE now.valid_to IS NOT NULL
  )
  SELECT happened_after, happened_by, event,
    CASE WHEN event = 'changed' THEN array_to_string(list_transform(different, lambda c: c.name), ', ') END AS changed,
    CASE WHEN event = 'changed' THEN to_json(map(list_transform(different, lambda c: c.name), list_transform(different, lambda c: c.before)))::VARCHAR END AS before,
    CASE WHEN event = 'changed' THEN to_json(map(list_transform(different, lambda c: c.name), list_transform(different, lambda c: c.after)))::VARCHAR END AS after,
    "run_id", "observed_at", "tenant", "user_id", "username", "email", "realname", "user_status", "method_kind", "method_id", "method_type", "name", "label", "platform", "model", "number", "extension", "serial", "activated", "capabilities", "can_push", "can_otp", "can_sms", "can_call", "strength", "strength_rank", "enrolled_at", "last_seen_at", "app_version", "os_version", "encrypted", "fingerprint", "screenlock", "tampered", "sms_passcodes_sent", "totp_step"
  FROM happened WHERE event <> 'changed' OR len(different) > 0;
COMMENT ON VIEW "mfa_methods_changes" IS 'What happened to the rows of mfa_methods between two runs. What a tenant''s first complete run found is no news.';
COMMENT ON COLUMN "mfa_methods_changes"."happened_after" IS 'The last run before it happened.';
COMMENT ON COLUMN "mfa_methods_changes"."happened_by" IS 'The first run after it happened.';
COMMENT ON COLUMN "mfa_methods_changes"."event" IS 'added, removed, changed, or reappeared: it had been removed before.';
COMMENT ON COLUMN "mfa_methods_changes"."changed" IS 'The names of the columns that changed, joined by ", ".';
COMMENT ON COLUMN "mfa_methods_changes"."before" IS 'What they were, as a JSON object of text.';
COMMENT ON COLUMN "mfa_methods_changes"."after" IS 'What they became.';
COMMENT ON COLUMN "mfa_methods_changes"."run_id" IS 'The run that saw this row; its facts are in `runs`.';
COMMENT ON COLUMN "mfa_methods_changes"."observed_at" IS 'When the run saw it: one instant for the whole run.';
COMMENT ON COLUMN "mfa_methods_changes"."tenant" IS 'The API host of the Duo tenant.';
COMMENT ON COLUMN "mfa_methods_changes"."user_id" IS 'Duo''s id of the user.';
COMMENT ON COLUMN "mfa_methods_changes"."username" IS 'The name the user logs in with.';
COMMENT ON COLUMN "mfa_methods_changes"."email" IS 'E-mail address.';
COMMENT ON COLUMN "mfa_methods_changes"."realname" IS 'Full name.';
COMMENT ON COLUMN "mfa_methods_changes"."user_status" IS 'The user''s status.';
COMMENT ON COLUMN "mfa_methods_changes"."method_kind" IS 'phone, token, webauthn, u2f or desktop.';
COMMENT ON COLUMN "mfa_methods_changes"."method_id" IS 'Duo''s id of the authenticator.';
COMMENT ON COLUMN "mfa_methods_changes"."method_type" IS 'Duo''s type of it: Mobile, Landline, h6, t6, yk, Security Key, Desktop Token and so on.';
COMMENT ON COLUMN "mfa_methods_changes"."name" IS 'The name somebody gave it.';
COMMENT ON COLUMN "mfa_methods_changes"."label" IS 'Duo''s label of a WebAuthn credential.';
COMMENT ON COLUMN "mfa_methods_changes"."platform" IS 'Apple iOS, Google Android and so on; the OS family for a desktop.';
COMMENT ON COLUMN "mfa_methods_changes"."model" IS 'The device''s model.';
COMMENT ON COLUMN "mfa_methods_changes"."number" IS 'Phone number.';
COMMENT ON COLUMN "mfa_methods_changes"."extension" IS 'Phone extension.';
COMMENT ON COLUMN "mfa_methods_changes"."serial" IS 'A token''s serial number.';
COMMENT ON COLUMN "mfa_methods_changes"."activated" IS 'Whether Duo Mobile is activated on the phone.';
COMMENT ON COLUMN "mfa_methods_changes"."capabilities" IS 'What the phone can do in Duo''s words (auto, push, sms, phone, mobile_otp), sorted.';
COMMENT ON COLUMN "mfa_methods_changes"."can_push" IS 'Activated and capable of push.';
COMMENT ON COLUMN "mfa_methods_changes"."can_otp" IS 'Makes passcodes: an activated phone with mobile_otp, or a hardware token.';
COMMENT ON COLUMN "mfa_methods_changes"."can_sms" IS 'Gets passcodes by text message.';
COMMENT ON COLUMN "mfa_methods_changes"."can_call" IS 'Is called.';
COMMENT ON COLUMN "mfa_methods_changes"."strength" IS 'phishing_resistant (webauthn, u2f), device_bound (Duo Desktop), push, otp, telephony, none: the strongest use of it.';
COMMENT ON COLUMN "mfa_methods_changes"."strength_rank" IS '5 for phishing_resistant down to 0 for none.';
COMMENT ON COLUMN "mfa_methods_changes"."enrolled_at" IS 'When a WebAuthn credential or U2F token was added; Duo does not say it of others.';
COMMENT ON COLUMN "mfa_methods_changes"."last_seen_at" IS 'When Duo Mobile last spoke to Duo.';
COMMENT ON COLUMN "mfa_methods_changes"."app_version" IS 'Version of Duo Mobile or Duo Desktop.';
COMMENT ON COLUMN "mfa_methods_changes"."os_version" IS 'Version of the operating system.';
COMMENT ON COLUMN "mfa_methods_changes"."encrypted" IS 'Disk encryption of the phone: Encrypted, Unencrypted, Unknown.';
COMMENT ON COLUMN "mfa_methods_changes"."fingerprint" IS 'Biometrics of the phone: Configured, Disabled, Unknown.';
COMMENT ON COLUMN "mfa_methods_changes"."screenlock" IS 'Screen lock of the phone: Locked, Unlocked, Unknown.';
COMMENT ON COLUMN "mfa_methods_changes"."tampered" IS 'Whether the phone is rooted or jailbroken: Not tampered, Tampered, Unknown.';
COMMENT ON COLUMN "mfa_methods_changes"."sms_passcodes_sent" IS 'Whether passcodes were sent to the phone by text message.';
COMMENT ON COLUMN "mfa_methods_changes"."totp_step" IS 'Seconds a time-based token''s passcode lives.';
CREATE OR REPLACE VIEW "user_groups_snapshots" AS SELECT "run_id"::VARCHAR AS "run_id", "observed_at"::TIMESTAMPTZ AS "observed_at", "tenant"::VARCHAR AS "tenant", "user_id"::VARCHAR AS "user_id", "username"::VARCHAR AS "username", "group_id"::VARCHAR AS "group_id", "group_name"::VARCHAR AS "group_name", "group_status"::VARCHAR AS "group_status" FROM (SELECT NULL::VARCHAR AS "run_id", NULL::TIMESTAMPTZ AS "observed_at", NULL::VARCHAR AS "tenant", NULL::VARCHAR AS "user_id", NULL::VARCHAR AS "username", NULL::VARCHAR AS "group_id", NULL::VARCHAR AS "group_name", NULL::VARCHAR AS "group_status" WHERE false UNION ALL BY NAME FROM read_parquet(getvariable('duo_mfa_parquet') || '/user_groups/run_date=*/*.parquet', union_by_name = true, hive_partitioning = false));
COMMENT ON VIEW "user_groups_snapshots" IS 'The rows of user_groups as every run saw them.';
CREATE OR REPLACE VIEW "user_groups_history" AS WITH placed AS (
    SELECT run_id, tenant, observed_at, complete,
      row_number() OVER (PARTITION BY tenant ORDER BY observed_at, run_id) AS place
    FROM runs WHERE 'user_groups' = ANY(string_to_array(tables_collected, ', '))
  ), collected AS (
    SELECT *, min(CASE WHEN complete THEN place END) OVER (
      PARTITION BY tenant ORDER BY place ROWS BETWEEN 1 FOLLOWING AND UNBOUNDED FOLLOWING) AS next_complete
    FROM placed
  ), sightings AS (
    SELECT "tenant", "user_id", "group_id", run_id, place, next_complete, hash("username", "group_name", "group_status") AS fingerprint
    FROM "user_groups_snapshots" JOIN collected USING (run_id, tenant)
  ), steps AS (
    SELECT *, lead(place) OVER sighting AS next_place,
      coalesce(lag(next_complete) OVER sighting < place OR lag(fingerprint) OVER sighting <> fingerprint,
        lag(place) OVER sighting IS NULL) AS begins,
      coalesce(next_complete < lead(place) OVER sighting OR lead(fingerprint) OVER sighting <> fingerprint,
        lead(place) OVER sighting IS NULL) AS ends
    FROM sightings WINDOW sighting AS (PARTITION BY "tenant", "user_id", "group_id" ORDER BY place)
  ), versions AS (
    SELECT *, max(CASE WHEN begins THEN place END) OVER sighting AS first_place
    FROM steps WINDOW sighting AS (PARTITION BY "tenant", "user_id", "group_id" ORDER BY place ROWS UNBOUNDED PRECEDING)
  )
  SELECT seen."run_id", seen."observed_at", seen."tenant", seen."user_id", seen."username", seen."group_id", seen."group_name", seen."group_status", begun.observed_at AS valid_from, ended.observed_at AS valid_to, begun.run_id AS first_run_id,
    seen.run_id AS last_run_id
  FROM versions JOIN "user_groups_snapshots" seen USING ("tenant", "user_id", "group_id", run_id)
  JOIN collected begun ON begun.tenant = versions.tenant AND begun.place = versions.first_place
  LEFT JOIN collected ended ON ended.tenant = versions.tenant
    AND ended.place = least(versions.next_complete, versions.next_place)
  WHERE versions.ends AND begun.observed_at IS DISTINCT FROM ended.observed_at;
COMMENT ON VIEW "user_groups_history" IS 'Every version of every row of user_groups, from valid_from on and until valid_to, which is no longer of it.';
COMMENT ON COLUMN "user_groups_history"."run_id" IS 'The run that saw this row; its facts are in `runs`.';
COMMENT ON COLUMN "user_groups_history"."observed_at" IS 'When the run saw it: one instant for the whole run.';
COMMENT ON COLUMN "user_groups_history"."tenant" IS 'The API host of the Duo tenant.';
COMMENT ON COLUMN "user_groups_history"."user_id" IS 'Duo''s id of the user.';
COMMENT ON COLUMN "user_groups_history"."username" IS 'The name the user logs in with.';
COMMENT ON COLUMN "user_groups_history"."group_id" IS 'Duo''s id of the group.';
COMMENT ON COLUMN "user_groups_history"."group_name" IS 'The group''s name.';
COMMENT ON COLUMN "user_groups_history"."group_status" IS 'Active, Bypass or Disabled; it overrides the status of the user.';
COMMENT ON COLUMN "user_groups_history"."valid_from" IS 'When a run first saw this version.';
COMMENT ON COLUMN "user_groups_history"."valid_to" IS 'When a run saw that it was no longer so; NULL while it is.';
COMMENT ON COLUMN "user_groups_history"."first_run_id" IS 'The run that first saw this version.';
COMMENT ON COLUMN "user_groups_history"."last_run_id" IS 'The run that saw it last.';
CREATE OR REPLACE VIEW "user_groups" AS SELECT "run_id", "observed_at", "tenant", "user_id", "username", "group_id", "group_name", "group_status" FROM "user_groups_history" WHERE valid_to IS NULL;
COMMENT ON VIEW "user_groups" IS 'One row a user and group it is in.';
COMMENT ON COLUMN "user_groups"."run_id" IS 'The run that saw this row; its facts are in `runs`.';
COMMENT ON COLUMN "user_groups"."observed_at" IS 'When the run saw it: one instant for the whole run.';
COMMENT ON COLUMN "user_groups"."tenant" IS 'The API host of the Duo tenant.';
COMMENT ON COLUMN "user_groups"."user_id" IS 'Duo''s id of the user.';
COMMENT ON COLUMN "user_groups"."username" IS 'The name the user logs in with.';
COMMENT ON COLUMN "user_groups"."group_id" IS 'Duo''s id of the group.';
COMMENT ON COLUMN "user_groups"."group_name" IS 'The group''s name.';
COMMENT ON COLUMN "user_groups"."group_status" IS 'Active, Bypass or Disabled; it overrides the status of the user.';
CREATE OR REPLACE MACRO "user_groups_asof"(ts) AS TABLE SELECT "run_id", "observed_at", "tenant", "user_id", "username", "group_id", "group_name", "group_status" FROM "user_groups_history" WHERE valid_from <= ts AND (valid_to IS NULL OR valid_to > ts);
COMMENT ON MACRO TABLE "user_groups_asof" IS 'The rows of user_groups as they were at an instant, as far as the runs know.';
CREATE OR REPLACE VIEW "user_groups_changes" AS WITH versions AS (FROM "user_groups_history"), missed AS (
    SELECT begun.tenant, valid_from, observed_at AS missed_at
    FROM (SELECT DISTINCT tenant, valid_from FROM versions) begun
    ASOF JOIN (
      SELECT tenant, observed_at FROM runs
      WHERE complete AND list_contains(string_split(tables_collected, ', '), 'user_groups')
    ) complete ON begun.tenant = complete.tenant AND begun.valid_from > complete.observed_at
  ), happened AS (
    SELECT missed_at AS happened_after, now.valid_from AS happened_by,
      CASE WHEN first_end < now.valid_from THEN 'reappeared' ELSE 'added' END AS event, NULL AS different, now."run_id", now."observed_at", now."tenant", now."user_id", now."username", now."group_id", now."group_name", now."group_status"
    FROM versions now
    JOIN missed ON now.tenant = missed.tenant AND now.valid_from = missed.valid_from
    JOIN (SELECT "tenant", "user_id", "group_id", min(valid_to) AS first_end FROM versions GROUP BY ALL) known ON now."tenant" = known."tenant" AND now."user_id" = known."user_id" AND now."group_id" = known."group_id"
    ANTI JOIN versions was ON now."tenant" = was."tenant" AND now."user_id" = was."user_id" AND now."group_id" = was."group_id" AND was.valid_to = now.valid_from
    UNION ALL
    SELECT was.observed_at, now.valid_from, 'changed', list_filter([{'name': 'group_name', 'before': was."group_name"::VARCHAR, 'after': now."group_name"::VARCHAR}, {'name': 'group_status', 'before': was."group_status"::VARCHAR, 'after': now."group_status"::VARCHAR}], lambda c: c.before IS DISTINCT FROM c.after), now."run_id", now."observed_at", now."tenant", now."user_id", now."username", now."group_id", now."group_name", now."group_status"
    FROM versions now JOIN versions was ON now."tenant" = was."tenant" AND now."user_id" = was."user_id" AND now."group_id" = was."group_id" AND was.valid_to = now.valid_from
    UNION ALL
    SELECT now.observed_at, now.valid_to, 'removed', NULL, now."run_id", now."observed_at", now."tenant", now."user_id", now."username", now."group_id", now."group_name", now."group_status"
    FROM versions now ANTI JOIN versions next ON now."tenant" = next."tenant" AND now."user_id" = next."user_id" AND now."group_id" = next."group_id" AND next.valid_from = now.valid_to
    WHERE now.valid_to IS NOT NULL
  )
  SELECT happened_after, happened_by, event,
    CASE WHEN event = 'changed' THEN array_to_string(list_transform(different, lambda c: c.name), ', ') END AS changed,
    CASE WHEN event = 'changed' THEN to_json(map(list_transform(different, lambda c: c.name), list_transform(different, lambda c: c.before)))::VARCHAR END AS before,
    CASE WHEN event = 'changed' THEN to_json(map(list_transform(different, lambda c: c.name), list_transform(different, lambda c: c.after)))::VARCHAR END AS after,
    "run_id", "observed_at", "tenant", "user_id", "username", "group_id", "group_name", "group_status"
  FROM happened WHERE event <> 'changed' OR len(different) > 0;
COMMENT ON VIEW "user_groups_changes" IS 'What happened to the rows of user_groups between two runs. What a tenant''s first complete run found is no news.';
COMMENT ON COLUMN "user_groups_changes"."happened_after" IS 'The last run before it happened.';
COMMENT ON COLUMN "user_groups_changes"."happened_by" IS 'The first run after it happened.';
COMMENT ON COLUMN "user_groups_changes"."event" IS 'added, removed, changed, or reappeared: it had been removed before.';
COMMENT ON COLUMN "user_groups_changes"."changed" IS 'The names of the columns that changed, joined by ", ".';
COMMENT ON COLUMN "user_groups_changes"."before" IS 'What they were, as a JSON object of text.';
COMMENT ON COLUMN "user_groups_changes"."after" IS 'What they became.';
COMMENT ON COLUMN "user_groups_changes"."run_id" IS 'The run that saw this row; its facts are in `runs`.';
COMMENT ON COLUMN "user_groups_changes"."observed_at" IS 'When the run saw it: one instant for the whole run.';
COMMENT ON COLUMN "user_groups_changes"."tenant" IS 'The API host of the Duo tenant.';
COMMENT ON COLUMN "user_groups_changes"."user_id" IS 'Duo''s id of the user.';
COMMENT ON COLUMN "user_groups_changes"."username" IS 'The name the user logs in with.';
COMMENT ON COLUMN "user_groups_changes"."group_id" IS 'Duo''s id of the group.';
COMMENT ON COLUMN "user_groups_changes"."group_name" IS 'The group''s name.';
COMMENT ON COLUMN "user_groups_changes"."group_status" IS 'Active, Bypass or Disabled; it overrides the status of the user.';
CREATE OR REPLACE VIEW "bypass_codes_snapshots" AS SELECT "run_id"::VARCHAR AS "run_id", "observed_at"::TIMESTAMPTZ AS "observed_at", "tenant"::VARCHAR AS "tenant", "user_id"::VARCHAR AS "user_id", "username"::VARCHAR AS "username", "bypass_code_id"::VARCHAR AS "bypass_code_id", "admin_email"::VARCHAR AS "admin_email", "created_at"::TIMESTAMPTZ AS "created_at", "expires_at"::TIMESTAMPTZ AS "expires_at", "reuse_count"::BIGINT AS "reuse_count" FROM (SELECT NULL::VARCHAR AS "run_id", NULL::TIMESTAMPTZ AS "observed_at", NULL::VARCHAR AS "tenant", NULL::VARCHAR AS "user_id", NULL::VARCHAR AS "username", NULL::VARCHAR AS "bypass_code_id", NULL::VARCHAR AS "admin_email", NULL::TIMESTAMPTZ AS "created_at", NULL::TIMESTAMPTZ AS "expires_at", NULL::BIGINT AS "reuse_count" WHERE false UNION ALL BY NAME FROM read_parquet(getvariable('duo_mfa_parquet') || '/bypass_codes/run_date=*/*.parquet', union_by_name = true, hive_partitioning = false));
COMMENT ON VIEW "bypass_codes_snapshots" IS 'The rows of bypass_codes as every run saw them.';
CREATE OR REPLACE VIEW "bypass_codes_history" AS WITH placed AS (
    SELECT run_id, tenant, observed_at, complete,
      row_number() OVER (PARTITION BY tenant ORDER BY observed_at, run_id) AS place
    FROM runs WHERE 'bypass_codes' = ANY(string_to_array(tables_collected, ', '))
  ), collected AS (
    SELECT *, min(CASE WHEN complete THEN place END) OVER (
      PARTITION BY tenant ORDER BY place ROWS BETWEEN 1 FOLLOWING AND UNBOUNDED FOLLOWING) AS next_complete
    FROM placed
  ), sightings AS (
    SELECT "tenant", "user_id", "bypass_code_id", run_id, place, next_complete, hash("username", "admin_email", "created_at", "expires_at") AS fingerprint
    FROM "bypass_codes_snapshots" JOIN collected USING (run_id, tenant)
  ), steps AS (
    SELECT *, lead(place) OVER sighting AS next_place,
      coalesce(lag(next_complete) OVER sighting < place OR lag(fingerprint) OVER sighting <> fingerprint,
        lag(place) OVER sighting IS NULL) AS begins,
      coalesce(next_complete < lead(place) OVER sighting OR lead(fingerprint) OVER sighting <> fingerprint,
        lead(place) OVER sighting IS NULL) AS ends
    FROM sightings WINDOW sighting AS (PARTITION BY "tenant", "user_id", "bypass_code_id" ORDER BY place)
  ), versions AS (
    SELECT *, max(CASE WHEN begins THEN place END) OVER sighting AS first_place
    FROM steps WINDOW sighting AS (PARTITION BY "tenant", "user_id", "bypass_code_id" ORDER BY place ROWS UNBOUNDED PRECEDING)
  )
  SELECT seen."run_id", seen."observed_at", seen."tenant", seen."user_id", seen."username", seen."bypass_code_id", seen."admin_email", seen."created_at", seen."expires_at", seen."reuse_count", begun.observed_at AS valid_from, ended.observed_at AS valid_to, begun.run_id AS first_run_id,
    seen.run_id AS last_run_id
  FROM versions JOIN "bypass_codes_snapshots" seen USING ("tenant", "user_id", "bypass_code_id", run_id)
  JOIN collected begun ON begun.tenant = versions.tenant AND begun.place = versions.first_place
  LEFT JOIN collected ended ON ended.tenant = versions.tenant
    AND ended.place = least(versions.next_complete, versions.next_place)
  WHERE versions.ends AND begun.observed_at IS DISTINCT FROM ended.observed_at;
COMMENT ON VIEW "bypass_codes_history" IS 'Every version of every row of bypass_codes, from valid_from on and until valid_to, which is no longer of it.';
COMMENT ON COLUMN "bypass_codes_history"."run_id" IS 'The run that saw this row; its facts are in `runs`.';
COMMENT ON COLUMN "bypass_codes_history"."observed_at" IS 'When the run saw it: one instant for the whole run.';
COMMENT ON COLUMN "bypass_codes_history"."tenant" IS 'The API host of the Duo tenant.';
COMMENT ON COLUMN "bypass_codes_history"."user_id" IS 'Duo''s id of the user.';
COMMENT ON COLUMN "bypass_codes_history"."username" IS 'The name the user logs in with.';
COMMENT ON COLUMN "bypass_codes_history"."bypass_code_id" IS 'Duo''s id of the code.';
COMMENT ON COLUMN "bypass_codes_history"."admin_email" IS 'The administrator who made it.';
COMMENT ON COLUMN "bypass_codes_history"."created_at" IS 'When it was made.';
COMMENT ON COLUMN "bypass_codes_history"."expires_at" IS 'When it stops working; NULL for never.';
COMMENT ON COLUMN "bypass_codes_history"."reuse_count" IS 'How often it can still be used; NULL for without limit.';
COMMENT ON COLUMN "bypass_codes_history"."valid_from" IS 'When a run first saw this version.';
COMMENT ON COLUMN "bypass_codes_history"."valid_to" IS 'When a run saw that it was no longer so; NULL while it is.';
COMMENT ON COLUMN "bypass_codes_history"."first_run_id" IS 'The run that first saw this version.';
COMMENT ON COLUMN "bypass_codes_history"."last_run_id" IS 'The run that saw it last.';
CREATE OR REPLACE VIEW "bypass_codes" AS SELECT "run_id", "observed_at", "tenant", "user_id", "username", "bypass_code_id", "admin_email", "created_at", "expires_at", "reuse_count" FROM "bypass_codes_history" WHERE valid_to IS NULL;
COMMENT ON VIEW "bypass_codes" IS 'One row a bypass code; the code itself is never given by Duo. Needs a permission of its own.';
COMMENT ON COLUMN "bypass_codes"."run_id" IS 'The run that saw this row; its facts are in `runs`.';
COMMENT ON COLUMN "bypass_codes"."observed_at" IS 'When the run saw it: one instant for the whole run.';
COMMENT ON COLUMN "bypass_codes"."tenant" IS 'The API host of the Duo tenant.';
COMMENT ON COLUMN "bypass_codes"."user_id" IS 'Duo''s id of the user.';
COMMENT ON COLUMN "bypass_codes"."username" IS 'The name the user logs in with.';
COMMENT ON COLUMN "bypass_codes"."bypass_code_id" IS 'Duo''s id of the code.';
COMMENT ON COLUMN "bypass_codes"."admin_email" IS 'The administrator who made it.';
COMMENT ON COLUMN "bypass_codes"."created_at" IS 'When it was made.';
COMMENT ON COLUMN "bypass_codes"."expires_at" IS 'When it stops working; NULL for never.';
COMMENT ON COLUMN "bypass_codes"."reuse_count" IS 'How often it can still be used; NULL for without limit.';
CREATE OR REPLACE MACRO "bypass_codes_asof"(ts) AS TABLE SELECT "run_id", "observed_at", "tenant", "user_id", "username", "bypass_code_id", "admin_email", "created_at", "expires_at", "reuse_count" FROM "bypass_codes_history" WHERE valid_from <= ts AND (valid_to IS NULL OR valid_to > ts);
COMMENT ON MACRO TABLE "bypass_codes_asof" IS 'The rows of bypass_codes as they were at an instant, as far as the runs know.';
CREATE OR REPLACE VIEW "bypass_codes_changes" AS WITH versions AS (FROM "bypass_codes_history"), missed AS (
    SELECT begun.tenant, valid_from, observed_at AS missed_at
    FROM (SELECT DISTINCT tenant, valid_from FROM versions) begun
    ASOF JOIN (
      SELECT tenant, observed_at FROM runs
      WHERE complete AND list_contains(string_split(tables_collected, ', '), 'bypass_codes')
    ) complete ON begun.tenant = complete.tenant AND begun.valid_from > complete.observed_at
  ), happened AS (
    SELECT missed_at AS happened_after, now.valid_from AS happened_by,
      CASE WHEN first_end < now.valid_from THEN 'reappeared' ELSE 'added' END AS event, NULL AS different, now."run_id", now."observed_at", now."tenant", now."user_id", now."username", now."bypass_code_id", now."admin_email", now."created_at", now."expires_at", now."reuse_count"
    FROM versions now
    JOIN missed ON now.tenant = missed.tenant AND now.valid_from = missed.valid_from
    JOIN (SELECT "tenant", "user_id", "bypass_code_id", min(valid_to) AS first_end FROM versions GROUP BY ALL) known ON now."tenant" = known."tenant" AND now."user_id" = known."user_id" AND now."bypass_code_id" = known."bypass_code_id"
    ANTI JOIN versions was ON now."tenant" = was."tenant" AND now."user_id" = was."user_id" AND now."bypass_code_id" = was."bypass_code_id" AND was.valid_to = now.valid_from
    UNION ALL
    SELECT was.observed_at, now.valid_from, 'changed', list_filter([{'name': 'admin_email', 'before': was."admin_email"::VARCHAR, 'after': now."admin_email"::VARCHAR}, {'name': 'created_at', 'before': replace(strftime(was."created_at" AT TIME ZONE 'UTC', '%Y-%m-%dT%H:%M:%S.%fZ'), '.000000Z', 'Z'), 'after': replace(strftime(now."created_at" AT TIME ZONE 'UTC', '%Y-%m-%dT%H:%M:%S.%fZ'), '.000000Z', 'Z')}, {'name': 'expires_at', 'before': replace(strftime(was."expires_at" AT TIME ZONE 'UTC', '%Y-%m-%dT%H:%M:%S.%fZ'), '.000000Z', 'Z'), 'after': replace(strftime(now."expires_at" AT TIME ZONE 'UTC', '%Y-%m-%dT%H:%M:%S.%fZ'), '.000000Z', 'Z')}], lambda c: c.before IS DISTINCT FROM c.after), now."run_id", now."observed_at", now."tenant", now."user_id", now."username", now."bypass_code_id", now."admin_email", now."created_at", now."expires_at", now."reuse_count"
    FROM versions now JOIN versions was ON now."tenant" = was."tenant" AND now."user_id" = was."user_id" AND now."bypass_code_id" = was."bypass_code_id" AND was.valid_to = now.valid_from
    UNION ALL
    SELECT now.observed_at, now.valid_to, 'removed', NULL, now."run_id", now."observed_at", now."tenant", now."user_id", now."username", now."bypass_code_id", now."admin_email", now."created_at", now."expires_at", now."reuse_count"
    FROM versions now ANTI JOIN versions next ON now."tenant" = next."tenant" AND now."user_id" = next."user_id" AND now."bypass_code_id" = next."bypass_code_id" AND next.valid_from = now.valid_to
    WHERE now.valid_to IS NOT NULL
  )
  SELECT happened_after, happened_by, event,
    CASE WHEN event = 'changed' THEN array_to_string(list_transform(different, lambda c: c.name), ', ') END AS changed,
    CASE WHEN event = 'changed' THEN to_json(map(list_transform(different, lambda c: c.name), list_transform(different, lambda c: c.before)))::VARCHAR END AS before,
    CASE WHEN event = 'changed' THEN to_json(map(list_transform(different, lambda c: c.name), list_transform(different, lambda c: c.after)))::VARCHAR END AS after,
    "run_id", "observed_at", "tenant", "user_id", "username", "bypass_code_id", "admin_email", "created_at", "expires_at", "reuse_count"
  FROM happened WHERE event <> 'changed' OR len(different) > 0;
COMMENT ON VIEW "bypass_codes_changes" IS 'What happened to the rows of bypass_codes between two runs. What a tenant''s first complete run found is no news.';
COMMENT ON COLUMN "bypass_codes_changes"."happened_after" IS 'The last run before it happened.';
COMMENT ON COLUMN "bypass_codes_changes"."happened_by" IS 'The first run after it happened.';
COMMENT ON COLUMN "bypass_codes_changes"."event" IS 'added, removed, changed, or reappeared: it had been removed before.';
COMMENT ON COLUMN "bypass_codes_changes"."changed" IS 'The names of the columns that changed, joined by ", ".';
COMMENT ON COLUMN "bypass_codes_changes"."before" IS 'What they were, as a JSON object of text.';
COMMENT ON COLUMN "bypass_codes_changes"."after" IS 'What they became.';
COMMENT ON COLUMN "bypass_codes_changes"."run_id" IS 'The run that saw this row; its facts are in `runs`.';
COMMENT ON COLUMN "bypass_codes_changes"."observed_at" IS 'When the run saw it: one instant for the whole run.';
COMMENT ON COLUMN "bypass_codes_changes"."tenant" IS 'The API host of the Duo tenant.';
COMMENT ON COLUMN "bypass_codes_changes"."user_id" IS 'Duo''s id of the user.';
COMMENT ON COLUMN "bypass_codes_changes"."username" IS 'The name the user logs in with.';
COMMENT ON COLUMN "bypass_codes_changes"."bypass_code_id" IS 'Duo''s id of the code.';
COMMENT ON COLUMN "bypass_codes_changes"."admin_email" IS 'The administrator who made it.';
COMMENT ON COLUMN "bypass_codes_changes"."created_at" IS 'When it was made.';
COMMENT ON COLUMN "bypass_codes_changes"."expires_at" IS 'When it stops working; NULL for never.';
COMMENT ON COLUMN "bypass_codes_changes"."reuse_count" IS 'How often it can still be used; NULL for without limit.';
-- The views that analysts open first. They stand on what every table has of its own: T (the current rows), T_history (all
-- versions), T_asof(ts) and T_changes (what happened between two runs); so they work over the ledger and over Parquet.

CREATE OR REPLACE VIEW mfa_events AS
SELECT happened_after, happened_by, tenant, user_id, username, 'user_' || event AS event,
  NULL::VARCHAR AS method_kind, NULL::VARCHAR AS method_id, changed, before, after
FROM users_changes
UNION ALL
SELECT happened_after, happened_by, tenant, user_id, username, 'method_' || event,
  method_kind, method_id, changed, before, after
FROM mfa_methods_changes;
COMMENT ON VIEW mfa_events IS 'What happened to users and their methods, between the last run before it and the first run after it. What a tenant''s first complete run found is no news.';
COMMENT ON COLUMN mfa_events.happened_after IS 'The last run before it happened.';
COMMENT ON COLUMN mfa_events.happened_by IS 'The first run after it happened.';
COMMENT ON COLUMN mfa_events.tenant IS 'The API host of the Duo tenant.';
COMMENT ON COLUMN mfa_events.user_id IS 'Duo''s id of the user.';
COMMENT ON COLUMN mfa_events.username IS 'The name the user logged in with then.';
COMMENT ON COLUMN mfa_events.event IS 'user_ or method_, then added, removed, changed, or reappeared: it had been removed before.';
COMMENT ON COLUMN mfa_events.method_kind IS 'phone, token, webauthn, u2f or desktop; NULL for an event of a user.';
COMMENT ON COLUMN mfa_events.method_id IS 'Duo''s id of the authenticator; NULL for an event of a user.';
COMMENT ON COLUMN mfa_events.changed IS 'The names of the columns that changed, joined by ", "; NULL if it was not a change.';
COMMENT ON COLUMN mfa_events.before IS 'What they were, as a JSON object of text.';
COMMENT ON COLUMN mfa_events.after IS 'What they became, as a JSON object of text.';

CREATE OR REPLACE VIEW coverage_daily AS
WITH marks AS (
  SELECT tenant, valid_from, valid_to, status = 'active' AS is_active, mfa_enabled, has_phishing_resistant,
    only_telephony, strongest = 'none' AS is_unprotected, is_bypass AND status IN ('active', 'bypass') AS is_bypass
  FROM users_history
), steps AS (
  SELECT tenant, valid_from AS instant, 1 AS step, * EXCLUDE (tenant, valid_from, valid_to) FROM marks
  UNION ALL
  SELECT tenant, valid_to, -1, * EXCLUDE (tenant, valid_from, valid_to) FROM marks WHERE valid_to IS NOT NULL
), instants AS (
  SELECT tenant, instant,
    sum(step) FILTER (is_active) AS users,
    sum(step) FILTER (is_active AND mfa_enabled) AS mfa_enabled,
    sum(step) FILTER (is_active AND has_phishing_resistant) AS phishing_resistant,
    sum(step) FILTER (is_active AND only_telephony) AS only_telephony,
    sum(step) FILTER (is_bypass) AS bypass,
    sum(step) FILTER (is_active AND is_unprotected) AS unprotected
  FROM steps GROUP BY ALL
), totals AS (
  SELECT tenant, instant,
    coalesce(sum(users) OVER upto, 0)::BIGINT AS users,
    coalesce(sum(mfa_enabled) OVER upto, 0)::BIGINT AS mfa_enabled,
    coalesce(sum(phishing_resistant) OVER upto, 0)::BIGINT AS phishing_resistant,
    coalesce(sum(only_telephony) OVER upto, 0)::BIGINT AS only_telephony,
    coalesce(sum(bypass) OVER upto, 0)::BIGINT AS bypass,
    coalesce(sum(unprotected) OVER upto, 0)::BIGINT AS unprotected
  FROM instants WINDOW upto AS (PARTITION BY tenant ORDER BY instant)
), days AS (
  SELECT tenant, unnest(generate_series(min(day), max(day), INTERVAL 1 DAY))::DATE AS day
  FROM (SELECT tenant, (observed_at AT TIME ZONE 'UTC')::DATE AS day FROM runs WHERE pipeline = 'mfa') GROUP BY tenant
), seen AS (
  SELECT days.tenant, days.day, runs.observed_at AS known_at
  FROM days ASOF JOIN (FROM runs WHERE pipeline = 'mfa') runs
    ON days.tenant = runs.tenant AND (days.day + 1)::TIMESTAMP AT TIME ZONE 'UTC' > runs.observed_at
)
SELECT seen.day, seen.tenant, coalesce(totals.users, 0) AS users, coalesce(totals.mfa_enabled, 0) AS mfa_enabled,
  coalesce(totals.phishing_resistant, 0) AS phishing_resistant, coalesce(totals.only_telephony, 0) AS only_telephony,
  coalesce(totals.bypass, 0) AS bypass, coalesce(totals.unprotected, 0) AS unprotected,
  round(100.0 * totals.mfa_enabled / nullif(totals.users, 0), 1)::DOUBLE AS coverage_pct,
  round(100.0 * totals.phishing_resistant / nullif(totals.users, 0), 1)::DOUBLE AS phishing_resistant_pct,
  seen.known_at
FROM seen ASOF LEFT JOIN totals ON seen.tenant = totals.tenant AND seen.known_at >= totals.instant;
COMMENT ON VIEW coverage_daily IS 'How well the active users were protected at the end of every day from the first run to the last. A day without a run has what was last known, and known_at says so.';
COMMENT ON COLUMN coverage_daily.day IS 'The day, in UTC.';
COMMENT ON COLUMN coverage_daily.tenant IS 'The API host of the Duo tenant.';
COMMENT ON COLUMN coverage_daily.users IS 'Users whose status was active: the denominator.';
COMMENT ON COLUMN coverage_daily.mfa_enabled IS 'Of them, those with a phone, a token or a WebAuthn credential.';
COMMENT ON COLUMN coverage_daily.phishing_resistant IS 'Of them, those with a phishing-resistant method.';
COMMENT ON COLUMN coverage_daily.only_telephony IS 'Of them, those for whom text messages or calls were the strongest.';
COMMENT ON COLUMN coverage_daily.bypass IS 'Users who could log in without any method, status bypass included.';
COMMENT ON COLUMN coverage_daily.unprotected IS 'Of the active users, those without a method that protects.';
COMMENT ON COLUMN coverage_daily.coverage_pct IS 'mfa_enabled in percent of users; NULL if there were none.';
COMMENT ON COLUMN coverage_daily.phishing_resistant_pct IS 'phishing_resistant in percent of users.';
COMMENT ON COLUMN coverage_daily.known_at IS 'The run whose users these are: of an earlier day if there was none on this one.';

CREATE OR REPLACE VIEW users_at_risk AS
WITH reasons AS (
  SELECT *, list_filter([
    CASE WHEN strongest = 'none' THEN 'unprotected' END,
    CASE WHEN only_telephony THEN 'only telephony' END,
    CASE WHEN is_bypass THEN 'bypass' END,
    CASE WHEN coalesce(last_login_at, created_at) < observed_at - INTERVAL 90 DAY THEN 'not seen for 90 days' END
  ], lambda reason: reason IS NOT NULL) AS reasons
  FROM users WHERE status IN ('active', 'bypass')
)
SELECT tenant, user_id, username, realname, email, array_to_string(reasons, ', ') AS reason, status, strongest,
  bypass_reason, group_names, last_login_at, observed_at
FROM reasons WHERE len(reasons) > 0;
COMMENT ON VIEW users_at_risk IS 'Users who can log in (status active or bypass) and are not well protected, with the reasons.';
COMMENT ON COLUMN users_at_risk.tenant IS 'The API host of the Duo tenant.';
COMMENT ON COLUMN users_at_risk.user_id IS 'Duo''s id of the user.';
COMMENT ON COLUMN users_at_risk.username IS 'The name the user logs in with.';
COMMENT ON COLUMN users_at_risk.realname IS 'Full name.';
COMMENT ON COLUMN users_at_risk.email IS 'E-mail address.';
COMMENT ON COLUMN users_at_risk.reason IS 'unprotected (no method that protects), only telephony, bypass, not seen for 90 days; joined by ", ".';
COMMENT ON COLUMN users_at_risk.status IS 'active or bypass.';
COMMENT ON COLUMN users_at_risk.strongest IS 'The strength of the strongest method.';
COMMENT ON COLUMN users_at_risk.bypass_reason IS 'status, group, code, joined by ", "; NULL without a bypass.';
COMMENT ON COLUMN users_at_risk.group_names IS 'The names of the user''s groups.';
COMMENT ON COLUMN users_at_risk.last_login_at IS 'The last successful login; NULL for never.';
COMMENT ON COLUMN users_at_risk.observed_at IS 'When the user was last seen by a run.';

CREATE OR REPLACE VIEW method_mix AS
SELECT tenant, method_kind, strength, count(*) AS methods, count(DISTINCT user_id) AS users,
  round(100.0 * count(*) / sum(count(*)) OVER (PARTITION BY tenant), 1)::DOUBLE AS pct
FROM mfa_methods WHERE user_status = 'active' GROUP BY tenant, method_kind, strength, strength_rank;
COMMENT ON VIEW method_mix IS 'The methods of active users by kind and strength.';
COMMENT ON COLUMN method_mix.tenant IS 'The API host of the Duo tenant.';
COMMENT ON COLUMN method_mix.method_kind IS 'phone, token, webauthn, u2f or desktop.';
COMMENT ON COLUMN method_mix.strength IS 'The strongest use of the method: phishing_resistant, device_bound, push, otp, telephony or none.';
COMMENT ON COLUMN method_mix.methods IS 'How many there are.';
COMMENT ON COLUMN method_mix.users IS 'How many active users have one.';
COMMENT ON COLUMN method_mix.pct IS 'Percent of all methods of the tenant''s active users.';

CREATE OR REPLACE VIEW time_to_enrol AS
WITH firsts AS (
  SELECT tenant, user_id, min(valid_from) AS enrolled_by
  FROM mfa_methods_history GROUP BY tenant, user_id
), begun AS (
  SELECT tenant, min(observed_at) AS since FROM runs WHERE pipeline = 'mfa' GROUP BY tenant
)
SELECT users.tenant, users.user_id, users.username, users.created_at, firsts.enrolled_by,
  round(date_diff('second', users.created_at, firsts.enrolled_by) / 86400.0, 1)::DOUBLE AS days
FROM users
JOIN begun ON begun.tenant = users.tenant AND users.created_at >= begun.since
LEFT JOIN firsts ON firsts.tenant = users.tenant AND firsts.user_id = users.user_id;
COMMENT ON VIEW time_to_enrol IS 'How long the users who were created since the tenant''s first run took to their first method, whatever it is.';
COMMENT ON COLUMN time_to_enrol.tenant IS 'The API host of the Duo tenant.';
COMMENT ON COLUMN time_to_enrol.user_id IS 'Duo''s id of the user.';
COMMENT ON COLUMN time_to_enrol.username IS 'The name the user logs in with.';
COMMENT ON COLUMN time_to_enrol.created_at IS 'When the user was created.';
COMMENT ON COLUMN time_to_enrol.enrolled_by IS 'The first run that saw a method; NULL if none has yet.';
COMMENT ON COLUMN time_to_enrol.days IS 'Days from created_at to enrolled_by, which is at most one interval between runs too many.';

CREATE OR REPLACE VIEW regressions AS
WITH versions AS (
  SELECT tenant, user_id, username, has_phishing_resistant, strongest, valid_from, valid_to,
    lag(has_phishing_resistant) OVER version AS had, lag(observed_at) OVER version AS seen_at,
    lag(strongest) OVER version AS was
  FROM users_history WINDOW version AS (PARTITION BY tenant, user_id ORDER BY valid_from)
), lost AS (
  SELECT tenant, user_id, max_by(seen_at, valid_from) AS lost_after, max(valid_from) AS lost_by,
    max_by(was, valid_from) AS was
  FROM versions WHERE had AND NOT has_phishing_resistant GROUP BY tenant, user_id
)
SELECT tenant, user_id, users.username, users.realname, users.email, lost_after, lost_by, was, users.strongest
FROM lost JOIN users USING (tenant, user_id) WHERE NOT users.has_phishing_resistant;
COMMENT ON VIEW regressions IS 'Users who had a phishing-resistant method and have none any more.';
COMMENT ON COLUMN regressions.tenant IS 'The API host of the Duo tenant.';
COMMENT ON COLUMN regressions.user_id IS 'Duo''s id of the user.';
COMMENT ON COLUMN regressions.username IS 'The name the user logs in with.';
COMMENT ON COLUMN regressions.realname IS 'Full name.';
COMMENT ON COLUMN regressions.email IS 'E-mail address.';
COMMENT ON COLUMN regressions.lost_after IS 'The last run that saw it.';
COMMENT ON COLUMN regressions.lost_by IS 'The first run that did not.';
COMMENT ON COLUMN regressions.was IS 'The strength of the strongest method before.';
COMMENT ON COLUMN regressions.strongest IS 'The strength of the strongest method now.';
