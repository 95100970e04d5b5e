/** The section about what users logged in with in thirty days. It is there if `auth` was run. */
import { Effect, Schema } from "effect"
import * as DuckDb from "../../duckdb/DuckDb.ts"
import { ask, askOne, Count, hasRows, Millis } from "../Ask.ts"
import type { PagePart } from "../Contents.ts"
import { type Html, html } from "../Html.ts"
import { table } from "../PageTable.ts"
import { daysBack, type Subject } from "../ReportTenant.ts"
import * as Words from "../Words.ts"

const Totals = Schema.Struct({
  logins: Count,
  until: Millis,
  /** Logins with a second factor, and those of them that name the authenticator. */
  with_factor: Count,
  named: Count,
  without: Count,
  weak_users: Count,
  tired: Count
})
const Way = Schema.Struct({ way: Schema.NullOr(Schema.String), logins: Count, users: Count })
type Way = typeof Way.Type

/** Why a login needed no second factor, as the page says it. */
const reasons: Readonly<Record<string, string>> = {
  "remembered device": "The device was remembered",
  "trusted network": "From a trusted network or location",
  "bypass code": "With a bypass code",
  "bypass status": "The user or a group is on bypass",
  "not enrolled": "The user is not enrolled, and the policy lets them in",
  other: "For another reason"
}

/** Makes the section. */
export const used = Effect.fnUntraced(function*({ session, tenant }: Subject) {
  const name = DuckDb.literal(tenant.tenant)
  if (!(yield* hasRows(session, "authentications", `tenant = ${name}`))) return undefined
  const until = `(SELECT max(observed_at) FROM runs WHERE pipeline = 'auth' AND tenant = ${name})`
  const where = `tenant = ${name} AND occurred_at > ${until} - INTERVAL ${daysBack} DAY`
  const totals = yield* askOne(
    session,
    Totals,
    `SELECT epoch_ms(${until}) AS until,
       count(*) AS logins, count(*) FILTER (used_second_factor) AS with_factor,
       count(*) FILTER (used_second_factor AND method_id IS NOT NULL) AS named,
       (SELECT count(*) FROM logins_without_second_factor WHERE ${where}) AS without,
       (SELECT count(DISTINCT user_id) FROM strong_but_used_weak WHERE ${where} AND strength = 'telephony') AS weak_users,
       (SELECT count(*) FROM push_fatigue WHERE ${where} AND (denied >= 3 OR fraud > 0)) AS tired
     FROM authentications WHERE ${where} AND event_type = 'authentication' AND result = 'success'`
  )
  const factors = yield* ask(
    session,
    Way,
    `SELECT strength AS way, count(*) AS logins, count(DISTINCT user_id) AS users FROM authentications
     WHERE ${where} AND event_type = 'authentication' AND result = 'success' AND used_second_factor
     GROUP BY strength`
  )
  const without = yield* ask(
    session,
    Way,
    `SELECT why AS way, count(*) AS logins, count(DISTINCT user_id) AS users FROM logins_without_second_factor
     WHERE ${where} GROUP BY why ORDER BY logins DESC, why`
  )
  const shown = Words.strengths.flatMap(([strength, title]) =>
    factors.filter(({ way }) => way === strength).map((factor) => ({ ...factor, title }))
  )
  const unnamed = factors.filter(({ way }) => !Words.strengths.some(([strength]) => strength === way))
  const ways = (caption: string, rows: ReadonlyArray<Way & { readonly title: string }>): Html =>
    table({
      caption,
      isNarrow: true,
      rows,
      columns: [
        { name: caption, cell: ({ title }) => title },
        { name: "Logins", isFigure: true, cell: ({ logins, way }) => Words.figure(`used.${way}`, logins) },
        { name: "Share", isFigure: true, cell: ({ logins }) => Words.share(logins, totals.logins) },
        { name: "Users", isFigure: true, cell: ({ users }) => Words.count(users) }
      ]
    })
  const part: PagePart = {
    id: "used",
    title: "What they used",
    body: html`<p>${Words.figure("used.logins", totals.logins)} logins in the ${daysBack} days until ${
      Words.instant(totals.until)
    }. ${Words.figure("used.without", totals.without)} of them needed no second factor. ${
      Words.figure("used.weak_users", totals.weak_users)
    } of the users who have a phishing-resistant method logged in with a text message or a call. Duo names the authenticator in ${
      Words.share(totals.named, totals.with_factor)
    } of the logins with a second factor.${
      totals.tired === 0 ?
        "" :
        html` <strong class="warning">${Words.figure("used.tired", totals.tired)} approved ${
          totals.tired === 1 ? "push" : "pushes"
        }</strong> followed several that the same user had refused within the hour: <code>duo-mfa sql @push-fatigue</code>`
    }</p>
${ways("Factor", [...shown, ...unnamed.map((factor) => ({ ...factor, title: "Not known how strong" }))])}
${
      without.length === 0
        ? html``
        : ways(
          "Without a second factor",
          without.map((why) => ({ ...why, title: reasons[why.way ?? ""] ?? why.way ?? "" }))
        )
    }
`
  }
  return part
})
