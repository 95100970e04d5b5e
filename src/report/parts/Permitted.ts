/** The section about what Duo permits: the weakest way into each application. It is there if `integrations` was run. */
import { Effect, Schema } from "effect"
import * as DuckDb from "../../duckdb/DuckDb.ts"
import { ask, askOne, Count, hasRows } from "../Ask.ts"
import type { PagePart } from "../Contents.ts"
import { html } from "../Html.ts"
import { list, rowsMax } from "../PageTable.ts"
import type { Subject } from "../ReportTenant.ts"
import * as Words from "../Words.ts"

const Application = Schema.Struct({
  application_name: Schema.NullOr(Schema.String),
  integration_key: Schema.String,
  users: Count,
  nothing: Count,
  telephony: Count,
  between: Count,
  resistant: Count,
  not_known: Count,
  no_way: Count,
  all: Count
})

const Totals = Schema.Struct({ users: Count, nothing: Count, has_resistant: Count, weaker: Count })

/** Makes the section. */
export const permitted = Effect.fnUntraced(function*({ session, tenant }: Subject) {
  const name = DuckDb.literal(tenant.tenant)
  if (!(yield* hasRows(session, "effective_strength", `tenant = ${name}`))) return undefined
  const totals = yield* askOne(
    session,
    Totals,
    `SELECT count(*) AS users, count(*) FILTER (nothing) AS nothing,
       count(*) FILTER (has_resistant) AS has_resistant, count(*) FILTER (has_resistant AND weaker) AS weaker
     FROM (
       SELECT bool_or(coalesce(at_most = 'none', false)) AS nothing,
         bool_or(coalesce(at_most <> 'phishing_resistant', false)) AS weaker,
         any_value(strongest_enrolled = 'phishing_resistant') AS has_resistant
       FROM effective_strength WHERE tenant = ${name} GROUP BY user_id
     )`
  )
  const applications = yield* ask(
    session,
    Application,
    `SELECT any_value(application_name) AS application_name, integration_key, count(*) AS users,
       count(*) FILTER (effective_strength = 'none') AS nothing,
       count(*) FILTER (effective_strength = 'telephony') AS telephony,
       count(*) FILTER (effective_strength IN ('otp', 'push', 'device_bound')) AS "between",
       count(*) FILTER (effective_strength = 'phishing_resistant') AS resistant,
       count(*) FILTER (can_log_in IS NOT FALSE AND effective_strength IS NULL) AS not_known,
       count(*) FILTER (NOT can_log_in) AS no_way, count(*) OVER () AS "all"
     FROM effective_strength WHERE tenant = ${name}
     GROUP BY integration_key ORDER BY nothing DESC, telephony DESC, application_name, integration_key LIMIT ${rowsMax}`
  )
  const figure = (value: number) => value === 0 ? "–" : Words.count(value)
  const part: PagePart = {
    id: "permitted",
    title: "What Duo lets them use",
    body: html`<p>${Words.figure("permitted.none", totals.nothing)} of ${
      Words.counted(totals.users, "user")
    } can get into at least one application with a password alone. Of the ${
      Words.counted(totals.has_resistant, "user")
    } who have a phishing-resistant method, ${
      Words.figure("permitted.weaker", totals.weaker)
    } can get into at least one application in a weaker way, and so can an attacker who has the password. Duo Desktop is counted with push and passcode.</p>
${
      list({
        caption: "The weakest way into each application, by the number of users",
        rows: applications,
        all: applications[0]?.all ?? 0,
        query: "effective-strength",
        columns: [
          {
            name: "Application",
            cell: ({ application_name, integration_key }) => html`<bdi>${application_name ?? integration_key}</bdi>`
          },
          { name: "Users", isFigure: true, cell: ({ users }) => Words.count(users) },
          {
            name: "Password alone",
            isFigure: true,
            cell: ({ integration_key, nothing }) =>
              nothing === 0 ? "–" : Words.figure(`permitted.${integration_key}.none`, nothing)
          },
          { name: "Text or call", isFigure: true, cell: ({ telephony }) => figure(telephony) },
          { name: "Push or passcode", isFigure: true, cell: ({ between }) => figure(between) },
          { name: "Phishing-resistant", isFigure: true, cell: ({ resistant }) => figure(resistant) },
          { name: "Not known", isFigure: true, cell: ({ not_known }) => figure(not_known) },
          { name: "No way in", isFigure: true, cell: ({ no_way }) => figure(no_way) }
        ]
      })
    }
`
  }
  return part
})
