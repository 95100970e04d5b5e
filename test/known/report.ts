/**
 * A ledger for the report, and the figures that the page must show. It has the scene, a user whose names look like HTML, a run
 * that was not proved complete, and a second tenant with one run.
 */
import { Effect } from "effect"
import * as Tenant from "../../src/emulator/people/Tenant.ts"
import type { Options } from "../../src/emulator/server/Emulator.ts"
import { query } from "../support/processes/program.ts"
import { sinks } from "../torture/support/InProcess.ts"
import { knownMore, runAt } from "./ledger.ts"
import { authenticatorsOf, type JsonObject } from "./people.ts"
import { codesOn, days, usersOn } from "./scene.ts"

const { person } = authenticatorsOf((day, hour = 12) => Date.UTC(2026, 10, day, hour) / 1000)

export const hostile = "\"><img src=x onerror=alert(1)><script>alert(2)</script>'\u202e&amp;"

const mallory = person("mallory", {
  username: `mallory${hostile}`,
  realname: hostile,
  notes: hostile,
  status: "bypass",
  groups: [{ group_id: "DGHOSTILE", name: `Group${hostile}`, desc: "", status: "Active" }]
})

const run = (dataDirectory: string, day: number, options: Options) =>
  runAt(dataDirectory, Date.UTC(2026, 10, day, 9), options, [{
    sink: "duckdb",
    location: sinks.duckdb.location(dataDirectory)
  }])

const tenantOf = (users: ReadonlyArray<JsonObject>, codes: ReadonlyArray<JsonObject> = []) =>
  Tenant.fromUsers(users, codes)

/** Makes the ledger; the tenants are served at the port and the one after it. */
const make = Effect.fnUntraced(function*(dataDirectory: string, first: number) {
  for (const day of days) {
    yield* run(dataDirectory, day, {
      port: first,
      tenant: tenantOf([...usersOn(day), mallory], codesOn(day)),
      scenario: day === 4 ? [{ do: { fault: "total_objects", add: 1 } }] : []
    })
  }
  yield* knownMore(dataDirectory, Date.UTC(2026, 10, 8, 11), { port: first, tenant: tenantOf(usersOn(8), codesOn(8)) })
  yield* run(dataDirectory, 8, { port: first + 1, tenant: tenantOf(usersOn(8)), permissions: ["users"] })
})

const lastDay = (column: string) =>
  `SELECT ${column} FROM coverage_daily WHERE tenant = getvariable('tenant') ORDER BY day DESC LIMIT 1`

const percentOf = (column: string) => lastDay(`printf('%.1f%%', ${column})`)

/** The change of a column of coverage_daily from a day to the last one, as the page writes it. */
const moved = (column: string, since: string, format: string) =>
  `WITH moved AS (
     SELECT arg_max(${column}, day) - any_value(${column}) FILTER (day = '${since}') AS diff
     FROM coverage_daily WHERE tenant = getvariable('tenant')
   ), texts AS (SELECT diff, printf('${format}', abs(diff)::DOUBLE) AS text FROM moved)
   SELECT CASE WHEN text::DOUBLE = 0 THEN 'no change' WHEN diff > 0 THEN '+' || text ELSE chr(8722) || text END FROM texts`

/** How the share of a group's active members with a property has changed, from the rows as they were at the two instants. */
const groupMoved = (id: string, property: string) => {
  const pct = (day: string) =>
    `(SELECT round(100 * avg(CASE WHEN ${property} THEN 1 ELSE 0 END), 1)
      FROM users_asof(TIMESTAMPTZ '${day} 23:00:00Z') users SEMI JOIN (
        FROM user_groups_asof(TIMESTAMPTZ '${day} 23:00:00Z') WHERE group_id = '${id}'
      ) USING (tenant, user_id) WHERE is_active AND tenant = getvariable('tenant'))`
  return `WITH moved AS (SELECT ${pct("2026-11-08")} - ${pct("2026-11-01")} AS diff),
      texts AS (SELECT diff, printf('%.1f', abs(diff)) AS text FROM moved)
    SELECT CASE WHEN diff IS NULL THEN 'change not known' WHEN text::DOUBLE = 0 THEN 'no change'
      WHEN diff > 0 THEN '+' || text ELSE chr(8722) || text END FROM texts`
}

const counted = (from: string) => `SELECT count(*)::VARCHAR FROM ${from} AND tenant = getvariable('tenant')`

/** The sum of the log in the ledger, which the page does not read. */
const usesOf = (where: string) =>
  `SELECT sum(uses)::VARCHAR FROM factor_uses WHERE result = 'success' AND ${where} AND tenant = getvariable('tenant')`

const strengths = ["phishing_resistant", "device_bound", "push", "otp", "telephony", "none"]
const reasons = ["unprotected", "bypass", "only telephony", "not seen for 90 days"]
const last = `happened_by = TIMESTAMPTZ '2026-11-08 09:00:00Z'`

/** Figures of the page, each with a query that computes it in another way than the page does. */
export const figures: Readonly<Record<string, string>> = {
  coverage: percentOf("coverage_pct"),
  phishing_resistant_pct: percentOf("phishing_resistant_pct"),
  ...Object.fromEntries(
    ["unprotected", "only_telephony", "bypass"].flatMap((name) => [
      [name, lastDay(`${name}::VARCHAR`)],
      [`${name}.before`, moved(name, "2026-11-05", "%.0f")],
      [`${name}.month`, moved(name, "2026-11-01", "%.0f")]
    ])
  ),
  "coverage.before": moved("coverage_pct", "2026-11-05", "%.1f"),
  "coverage.month": moved("coverage_pct", "2026-11-01", "%.1f"),
  "phishing_resistant_pct.before": moved("phishing_resistant_pct", "2026-11-05", "%.1f"),
  "phishing_resistant_pct.month": moved("phishing_resistant_pct", "2026-11-01", "%.1f"),
  ...Object.fromEntries(
    strengths.map((name) => [`mix.${name}`, counted(`users WHERE status = 'active' AND strongest = '${name}'`)])
  ),
  at_risk: counted("users_at_risk WHERE true"),
  ...Object.fromEntries(
    reasons.map((reason) => [`at_risk.${reason}`, counted(`users_at_risk WHERE contains(reason, '${reason}')`)])
  ),
  bypass_codes: counted("bypass_codes WHERE expires_at IS NULL"),
  "changed.joined.before": counted(`mfa_events WHERE ${last} AND event IN ('user_added', 'user_reappeared')`),
  "changed.left.before": counted(`mfa_events WHERE ${last} AND event = 'user_removed'`),
  "changed.methods_added.before": counted(
    `mfa_events WHERE ${last} AND event LIKE 'method_%ed' AND event NOT LIKE '%removed'`
  ),
  "changed.methods_removed.month": counted("mfa_events WHERE event = 'method_removed'"),
  "changed.regressed.month": counted("regressions WHERE true"),
  ...Object.fromEntries(
    ["DGADMINS", "DGSALES", "DGENGINEERING", "DGHOSTILE"].map((id) => [
      `group.${id}`,
      counted(`users_at_risk WHERE user_id IN (SELECT user_id FROM user_groups WHERE group_id = '${id}')`)
    ])
  ),
  ...Object.fromEntries(
    ["DGADMINS", "DGSALES", "DGENGINEERING"].flatMap((id) => [
      [`group.${id}.coverage`, groupMoved(id, "mfa_enabled")],
      [`group.${id}.phishing_resistant`, groupMoved(id, "mfa_enabled AND has_phishing_resistant")]
    ])
  ),
  "permitted.none": counted(
    "users u WHERE EXISTS (FROM effective_strength e WHERE e.user_id = u.user_id AND e.at_most = 'none')"
  ),
  "permitted.weaker": counted(
    `users u WHERE strongest = 'phishing_resistant' AND user_id IN (
       SELECT user_id FROM effective_strength WHERE at_most IN ('none', 'telephony', 'otp', 'push', 'device_bound'))`
  ),
  "used.logins": usesOf("event_type = 'authentication'"),
  "used.telephony": usesOf("event_type = 'authentication' AND strength = 'telephony' AND used_second_factor"),
  "used.remembered device": usesOf("reason = 'remembered_device'"),
  runs: counted("runs WHERE pipeline = 'mfa'"),
  "runs.complete": counted("runs WHERE pipeline = 'mfa' AND complete")
}

/** The ledger, made at a port of the test's own, and a function that queries it. */
export const at = (port: number) => {
  const tenant = `127.0.0.1:${port}`
  return {
    tenant,
    young: `127.0.0.1:${port + 1}`,
    make: (dataDirectory: string) => make(dataDirectory, port),
    ask: (dataDirectory: string, sql: string) =>
      query(
        `ATTACH '${dataDirectory}/duo.duckdb' AS ledger (READ_ONLY); USE ledger; SET VARIABLE tenant = '${tenant}'; ${sql}`
      )
  }
}
