/** The section about users who can log in and are not well protected, with the reasons. */
import { Effect, Schema } from "effect"
import * as DuckDb from "../../duckdb/DuckDb.ts"
import { ask, askOne, Count, Millis, Person, who } from "../Ask.ts"
import { html } from "../Html.ts"
import { list, person, rowsMax, table } from "../PageTable.ts"
import type { Subject } from "../ReportTenant.ts"
import * as Words from "../Words.ts"

/** The reasons of users_at_risk. */
const reasons = [
  ["unprotected", "active, without a method that protects: a password is all it takes"],
  ["bypass", "Duo lets them in without asking for a method"],
  [
    "only telephony",
    "active; texts and calls can be intercepted, and users can be talked into giving the passcode away"
  ],
  ["not seen for 90 days", "nobody would notice if somebody took over the account"]
] as const

const Totals = Schema.Struct({
  can_log_in: Count,
  /** Those of them who are not active, so that only a bypass lets them in. */
  not_active: Count,
  at_risk: Count,
  /** The number of users for whom it is not known whether they bypass MFA. */
  bypass_unknown: Count,
  reasons: Schema.Record(Schema.String, Count)
})

const User = Schema.Struct({
  ...Person,
  reason: Schema.String,
  is_privileged: Schema.Boolean,
  last_login: Schema.NullOr(Millis),
  group_names: Schema.NullOr(Schema.String)
})

/** Makes the section. */
export const atRisk = Effect.fnUntraced(function*({ pii, session, tenant }: Subject) {
  const name = DuckDb.literal(tenant.tenant)
  const counted = reasons.map(([reason]) =>
    `'${reason}': count(*) FILTER (list_contains(string_split(reason, ', '), '${reason}'))`
  )
  const totals = yield* askOne(
    session,
    Totals,
    `SELECT (SELECT count(*) FROM users WHERE tenant = ${name} AND (is_active OR is_bypass)) AS can_log_in,
       (SELECT count(*) FROM users WHERE tenant = ${name} AND is_bypass AND NOT is_active) AS not_active,
       (SELECT count(*) FROM users WHERE tenant = ${name} AND is_bypass IS NULL) AS bypass_unknown,
       count(*) AS at_risk, {${counted.join(", ")}} AS reasons
     FROM users_at_risk WHERE tenant = ${name}`
  )
  const users = yield* ask(
    session,
    User,
    `SELECT ${who(pii, "r")}, r.reason, p.user_id IS NOT NULL AS is_privileged, epoch_ms(r.last_login_at) AS last_login,
       r.group_names
     FROM users_at_risk r LEFT JOIN privileged_users p USING (tenant, user_id) WHERE r.tenant = ${name}
     ORDER BY is_privileged DESC, r.last_login_at DESC NULLS LAST, len(string_split(reason, ', ')) DESC, r.user_id
     LIMIT ${rowsMax}`
  )
  const isAll = (reason: string) => totals.bypass_unknown === 0 || reason !== "bypass"
  return html`<h3>Who is at risk, and why</h3>
<p>${Words.atLeast("at_risk", totals.at_risk, totals.bypass_unknown === 0)} of the ${
    Words.counted(totals.can_log_in, "user")
  } who can log in are at risk, some for more than one reason. ${
    totals.not_active === 0
      ? "All of these users are active."
      : `${Words.counted(totals.can_log_in - totals.not_active, "of these users is", "of these users are")} active; ${
        Words.count(totals.not_active)
      } ${totals.not_active === 1 ? "is not, and only a bypass lets that user in" : "are not, and only a bypass lets them in"}.`
  }${
    totals.bypass_unknown === 0
      ? ""
      : ` ≥ means at least: for ${
        Words.counted(totals.bypass_unknown, "user")
      } it is not known whether they bypass MFA, because not all bypass codes could be read.`
  }</p>
${
    table({
      caption: "Reasons of risk",
      isNarrow: true,
      rows: reasons,
      columns: [
        { name: "Why", cell: ([reason, why]) => html`${Words.reason(reason)} <span class="what">${why}</span>` },
        {
          name: "Users",
          isFigure: true,
          cell: ([reason]) => Words.atLeast(`at_risk.${reason}`, totals.reasons[reason] ?? 0, isAll(reason))
        },
        {
          name: "Share",
          isFigure: true,
          cell: ([reason]) =>
            `${isAll(reason) ? "" : "≥ "}${Words.share(totals.reasons[reason] ?? 0, totals.can_log_in)}`
        }
      ]
    })
  }
${
    users.length === 0 ? html`` : html`<h4>The users: privileged ones first, then by last login, the newest first</h4>
${
      list({
        caption: "Users at risk",
        rows: users,
        all: totals.at_risk,
        query: "at-risk",
        columns: [
          {
            name: "Who",
            cell: (user) =>
              html`${person(user)}${user.is_privileged ? html` <span class="tag">privileged</span>` : ""}`
          },
          { name: "Why", cell: ({ reason }) => Words.reasons(reason) },
          {
            name: "Last login",
            cell: ({ last_login }) => Words.lastLogin(last_login)
          },
          {
            name: "Groups",
            cell: ({ group_names }) => group_names === null ? null : html`<span class="what">${group_names}</span>`
          }
        ]
      })
    }`
  }
`
})
