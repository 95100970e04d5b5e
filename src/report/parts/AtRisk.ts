/**
 * The section about users who can log in and are not well protected, with the reasons. Those whom `exceptions.csv` accepts come
 * apart, and are not counted.
 */
import { Effect, Schema } from "effect"
import * as DuckDb from "../../duckdb/DuckDb.ts"
import { ask, askOne, Count, Millis, Person, who } from "../Ask.ts"
import type { PagePart } from "../Contents.ts"
import { html } from "../Html.ts"
import { list, person, rowsMax, table } from "../PageTable.ts"
import type { Subject } from "../ReportTenant.ts"
import * as Words from "../Words.ts"
import { waysIn } from "./people/WaysIn.ts"

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
  reasons: Schema.Record(Schema.String, Count),
  /** The same of those who are accepted. */
  accepted: Count,
  accepted_reasons: Schema.Record(Schema.String, Count),
  /** Exceptions of users who are not at risk. */
  needless: Count
})

const User = Schema.Struct({
  ...Person,
  reason: Schema.String,
  strongest: Schema.NullOr(Schema.String),
  is_privileged: Schema.Boolean,
  /** The last day of the exception, if there was one. */
  expired: Schema.NullOr(Millis),
  last_login: Schema.NullOr(Millis),
  group_names: Schema.NullOr(Schema.String)
})

const Accepted = Schema.Struct({
  ...Person,
  reason: Schema.String,
  is_privileged: Schema.Boolean,
  accepted_because: Schema.NullOr(Schema.String),
  until: Millis,
  days_left: Count
})

const whoWith = (user: Parameters<typeof person>[0] & { readonly is_privileged: boolean }) =>
  html`${person(user)}${user.is_privileged ? html` <span class="tag">privileged</span>` : ""}`

/** The part about accepted exceptions; nothing if there is none. */
const accepted = Effect.fnUntraced(
  function*({ pii, session, tenant }: Subject, { accepted, needless }: typeof Totals.Type) {
    if (accepted + needless === 0) return html``
    const users = yield* ask(
      session,
      Accepted,
      `SELECT ${who(pii, "r")}, r.reason, p.user_id IS NOT NULL AS is_privileged,
       ${
        pii === "keep" ? "accepted_because" : "NULL"
      } AS accepted_because, epoch_ms(e.until::TIMESTAMP) AS until, days_left
     FROM users_at_risk r JOIN exceptions e USING (tenant, user_id) LEFT JOIN privileged_users p USING (tenant, user_id)
     WHERE r.tenant = ${DuckDb.literal(tenant.tenant)} AND is_accepted ORDER BY e.until, r.user_id LIMIT ${rowsMax}`
    )
    return html`<h4>Accepted exceptions</h4>
<p>${
      accepted === 0
        ? ""
        : html`An exception in <code>exceptions.csv</code> accepts the risk of ${Words.figure("accepted", accepted)} ${
          accepted === 1 ? "user until its last day; that user is" : "users until its last day; they are"
        } not counted above. `
    }${
      needless === 0
        ? ""
        : `${
          accepted === 0
            ? Words.counted(needless, "exception is", "exceptions are")
            : Words.counted(needless, "more exception is", "more exceptions are")
        } for users who are not at risk.`
    }${pii === "keep" ? "" : " Why they are accepted is left out, because it may name people."}</p>
${
      users.length === 0 ? html`` : list({
        caption: "Accepted exceptions",
        rows: users,
        all: accepted,
        columns: [
          { name: "Who", cell: whoWith },
          { name: "At risk", cell: ({ reason }) => Words.reasons(reason) },
          ...pii === "keep"
            ? [{ name: "Accepted because", cell: (user: typeof Accepted.Type) => user.accepted_because }]
            : [],
          {
            name: "Until",
            cell: ({ days_left, until }) =>
              html`<span class="whole">${Words.day(until)}</span> <span class="what">${
                days_left === 0 ? "the last day" : `${Words.counted(days_left, "day")} left`
              }</span>`
          }
        ]
      })
    }`
  }
)

/** Makes the section. */
export const atRisk = Effect.fnUntraced(function*(subject: Subject) {
  const { pii, session, tenant } = subject
  const name = DuckDb.literal(tenant.tenant)
  const isAccepted = "coalesce(is_accepted, false)"
  const counted = (which: string) =>
    `{${
      reasons.map(([reason]) =>
        `'${reason}': count(*) FILTER (${which} AND list_contains(string_split(reason, ', '), '${reason}'))`
      ).join(", ")
    }}`
  const totals = yield* askOne(
    session,
    Totals,
    `SELECT (SELECT count(*) FROM users WHERE tenant = ${name} AND (is_active OR is_bypass)) AS can_log_in,
       (SELECT count(*) FROM users WHERE tenant = ${name} AND is_bypass AND NOT is_active) AS not_active,
       (SELECT count(*) FROM users WHERE tenant = ${name} AND is_bypass IS NULL) AS bypass_unknown,
       (SELECT count(*) FROM exceptions ANTI JOIN users_at_risk USING (tenant, user_id)
         WHERE tenant = ${name} AND is_accepted) AS needless,
       count(*) FILTER (NOT ${isAccepted}) AS at_risk, count(*) FILTER (${isAccepted}) AS accepted,
       ${counted(`NOT ${isAccepted}`)} AS reasons, ${counted(isAccepted)} AS accepted_reasons
     FROM users_at_risk LEFT JOIN exceptions USING (tenant, user_id) WHERE tenant = ${name}`
  )
  const users = yield* ask(
    session,
    User,
    `SELECT ${
      who(pii, "r")
    }, r.reason, r.strongest, p.user_id IS NOT NULL AS is_privileged, epoch_ms(e.until::TIMESTAMP) AS expired,
       epoch_ms(r.last_login_at) AS last_login, r.group_names
     FROM users_at_risk r LEFT JOIN privileged_users p USING (tenant, user_id) LEFT JOIN exceptions e USING (tenant, user_id)
     WHERE r.tenant = ${name} AND NOT ${isAccepted}
     ORDER BY is_privileged DESC, r.last_login_at DESC NULLS LAST, len(string_split(reason, ', ')) DESC, r.user_id
     LIMIT ${rowsMax}`
  )
  const isAll = (reason: string) => totals.bypass_unknown === 0 || reason !== "bypass"
  const part: PagePart = {
    id: "at-risk",
    title: "Who is at risk, and why",
    body: html`<p>${Words.atLeast("at_risk", totals.at_risk, totals.bypass_unknown === 0)} of the ${
      Words.counted(totals.can_log_in, "user")
    } who can log in ${totals.at_risk === 1 ? "is" : "are"} at risk, some for more than one reason. ${
      totals.not_active === 0
        ? "All of these users are active."
        : `${Words.count(totals.can_log_in - totals.not_active)} of the ${Words.count(totals.can_log_in)} are active; ${
          Words.count(totals.not_active)
        } ${
          totals.not_active === 1
            ? "is not, and only a bypass lets that user in"
            : "are not, and only a bypass lets them in"
        }.`
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
          },
          ...totals.accepted === 0 ? [] : [{
            name: "Accepted",
            isFigure: true,
            cell: ([reason]: typeof reasons[number]) =>
              Words.figure(`accepted.${reason}`, totals.accepted_reasons[reason] ?? 0)
          }]
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
                html`${whoWith(user)}${
                  user.group_names === null ? "" : html` <span class="what under">${user.group_names}</span>`
                }`
            },
            {
              name: "Why",
              cell: ({ expired, reason }) =>
                html`${Words.reasons(reason)}${
                  expired === null ? "" : html`; <strong>exception expired on ${Words.day(expired)}</strong>`
                }`
            },
            { name: "Enrolled", cell: ({ strongest }) => Words.strength(strongest) },
            ...yield* waysIn(subject, users),
            { name: "Last login", cell: ({ last_login }) => Words.lastLogin(last_login) }
          ]
        })
      }`
    }
${yield* accepted(subject, totals)}
`
  }
  return part
})
