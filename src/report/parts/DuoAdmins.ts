/** The part about the administrators of Duo. It says how to read them if nobody has. */
import { Effect, Schema } from "effect"
import * as DuckDb from "../../duckdb/DuckDb.ts"
import { ask, askOne, Count, hasRows, Millis } from "../Ask.ts"
import { html } from "../Html.ts"
import { list, person, rowsMax } from "../PageTable.ts"
import type { Subject } from "../ReportTenant.ts"
import * as Words from "../Words.ts"

const Admins = Schema.Struct({
  read: Millis,
  active: Count,
  others: Count,
  at_risk: Count,
  resistant: Count,
  resistant_unknown: Count
})

const Admin = Schema.Struct({
  admin_id: Schema.String,
  name: Schema.NullOr(Schema.String),
  role: Schema.NullOr(Schema.String),
  strongest: Schema.NullOr(Schema.String),
  reason: Schema.NullOr(Schema.String),
  is_known: Schema.Boolean,
  last_login: Schema.NullOr(Millis)
})

/** Makes the part of the section. */
export const duoAdmins = Effect.fnUntraced(function*({ pii, session, tenant }: Subject) {
  const name = DuckDb.literal(tenant.tenant)
  if (!(yield* hasRows(session, "admins", `tenant = ${name}`))) {
    return html`<p class="note">Duo’s own administrators have not been read: <code>duo-mfa extract admins</code></p>`
  }
  const totals = yield* askOne(
    session,
    Admins,
    `SELECT epoch_ms(max(observed_at)) AS read, count(*) FILTER (status = 'Active') AS active,
       count(*) FILTER (status IS DISTINCT FROM 'Active') AS others,
       (SELECT count(*) FROM admins_at_risk WHERE tenant = ${name}) AS at_risk,
       count(*) FILTER (status = 'Active' AND has_phishing_resistant) AS resistant,
       count(*) FILTER (status = 'Active' AND has_phishing_resistant IS NULL) AS resistant_unknown
     FROM admins WHERE tenant = ${name}`
  )
  const rows = yield* ask(
    session,
    Admin,
    `SELECT admin_id, ${
      pii === "keep" ? "admins.name" : "NULL"
    } AS name, admins.role, admins.strongest, r.reason, has_phishing_resistant IS NOT NULL AS is_known,
       epoch_ms(admins.last_login_at) AS last_login
     FROM admins LEFT JOIN admins_at_risk r USING (tenant, admin_id)
     WHERE tenant = ${name} AND status = 'Active'
     ORDER BY r.admin_id IS NULL, ${Words.byStrength("admins.strongest")}, admins.last_login_at DESC NULLS LAST,
       admin_id
     LIMIT ${rowsMax}`
  )
  const isAll = totals.resistant_unknown === 0
  return html`<p>${Words.figure("admins", totals.active)} ${
    totals.active === 1 ? "administrator is" : "administrators are"
  } active${
    totals.others === 0 ? "" : html`, and ${Words.count(totals.others)} more ${totals.others === 1 ? "is" : "are"} not`
  }. ${Words.atLeast("admins.at_risk", totals.at_risk, isAll)} of the active ${
    totals.at_risk === 1 ? "is" : "are"
  } at risk; ${Words.atLeast("admins.resistant", totals.resistant, isAll)} ${
    totals.resistant === 1 ? "has" : "have"
  } a phishing-resistant factor.${
    isAll ? "" : ` ≥ means at least: for ${Words.count(totals.resistant_unknown)} of them, Duo does not say it.`
  } Read on ${Words.instant(totals.read)}.</p>
${
    rows.length === 0 ? html`` : list({
      caption: "Administrators of Duo",
      rows,
      all: totals.active,
      columns: [
        {
          name: "Who",
          cell: ({ admin_id, name }) => person({ user_id: admin_id, username: name, realname: null })
        },
        { name: "Role", cell: ({ role }) => role ?? "not known" },
        { name: "Strongest factor", cell: ({ strongest }) => Words.strength(strongest) },
        { name: "At risk", cell: ({ is_known, reason }) => Words.risk(reason, is_known) },
        { name: "Last login", cell: ({ last_login }) => Words.lastLogin(last_login) }
      ]
    })
  }`
})
