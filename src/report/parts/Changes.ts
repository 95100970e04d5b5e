/** The section about changes since the last run and over thirty days, with counts and users. */
import { Effect, Schema } from "effect"
import * as DuckDb from "../../duckdb/DuckDb.ts"
import { ask, askOne, at, Count, Person } from "../Ask.ts"
import type { PagePart } from "../Contents.ts"
import { html } from "../Html.ts"
import { list, person, rowsMax, table } from "../PageTable.ts"
import { daysBack, overMonth, runBefore, type Subject } from "../ReportTenant.ts"
import * as Words from "../Words.ts"

/** SQL for all users of an instant and of now, with their state then and now, and flags for the kinds of change. */
const compared = ({ pii, tenant }: Subject, since: number) =>
  `WITH then_ AS (
     FROM users_asof(${at(since)}) WHERE tenant = ${DuckDb.literal(tenant.tenant)}
   ), now_ AS (
     FROM users_asof(${at(tenant.now)}) WHERE tenant = ${DuckDb.literal(tenant.tenant)}
   ), both_ AS (
     SELECT coalesce(n.user_id, t.user_id) AS user_id,
       ${pii === "keep" ? "coalesce(n.username, t.username)" : "NULL"} AS username,
       ${pii === "keep" ? "coalesce(n.realname, t.realname)" : "NULL"} AS realname,
       t.user_id IS NULL AS joined, n.user_id IS NULL AS "left",
       t.user_id IS NOT NULL AND (n.is_active OR n.is_bypass) IS TRUE AS stayed,
       t.status AS was_status, n.status, coalesce(r.was, t.strongest) AS was_strongest, n.strongest,
       r.user_id IS NOT NULL AS regressed,
       t.mfa_enabled AS was_enabled, n.mfa_enabled, t.has_phishing_resistant AS was_resistant, n.has_phishing_resistant,
       t.user_id IS NOT NULL AND t.is_bypass AS was_bypass,
       n.user_id IS NOT NULL AND n.is_bypass AS is_bypass
     FROM then_ t FULL JOIN now_ n ON n.user_id = t.user_id
     LEFT JOIN regressions r ON r.tenant = n.tenant AND r.user_id = n.user_id AND r.lost_by > ${at(since)}
   )
   SELECT *, stayed AND mfa_enabled AND NOT was_enabled AS enrolled, stayed AND was_enabled AND NOT mfa_enabled AS bared,
     stayed AND has_phishing_resistant AND NOT was_resistant AS resistant,
     coalesce(is_bypass AND NOT was_bypass, false) AS let_in, coalesce(was_bypass AND NOT is_bypass, false) AS held,
     is_bypass IS NULL OR was_bypass IS NULL AS bypass_unknown
   FROM both_`

const kinds = [
  ["joined", "Users who joined"],
  ["left", "Users who left"],
  ["enrolled", "Enrolled their first method"],
  ["bared", "Lost their last method"],
  ["resistant", "Gained a phishing-resistant method"],
  ["regressed", "Lost their phishing-resistant method"],
  ["let_in", "Began to bypass MFA"],
  ["held", "No longer bypass MFA"],
  ["methods_added", "Methods added"],
  ["methods_removed", "Methods removed"]
] as const

/** The number of users per kind of change, and of those for whom it is not known whether they bypass MFA or did. */
const Totals = Schema.Record(Schema.Literals([...kinds.map(([kind]) => kind), "bypass_unknown"]), Count)

const totals = (subject: Subject, since: number) => {
  const users = kinds.flatMap(([kind]) =>
    kind.startsWith("methods_") ? [] : [`count(*) FILTER ("${kind}") AS "${kind}"`]
  )
  const methods = (events: string) =>
    `(SELECT count(*) FROM mfa_events WHERE tenant = ${DuckDb.literal(subject.tenant.tenant)}
      AND happened_by > ${at(since)} AND event IN (${events}))`
  return askOne(
    subject.session,
    Totals,
    `SELECT ${users.join(", ")}, count(*) FILTER (bypass_unknown) AS bypass_unknown, ${
      methods("'method_added', 'method_reappeared'")
    } AS methods_added,
       ${methods("'method_removed'")} AS methods_removed
     FROM (${compared(subject, since)})`
  )
}

const Changed = Schema.Struct({
  ...Person,
  joined: Schema.Boolean,
  left: Schema.Boolean,
  was_status: Schema.NullOr(Schema.String),
  status: Schema.NullOr(Schema.String),
  was_strongest: Schema.NullOr(Schema.String),
  strongest: Schema.NullOr(Schema.String),
  let_in: Schema.Boolean,
  held: Schema.Boolean,
  all: Count
})
type Changed = typeof Changed.Type

/** The users who changed, those who lost protection first. */
const whom = (subject: Subject, since: number, which: string) =>
  ask(
    subject.session,
    Changed,
    `SELECT user_id, username, realname, joined, "left", was_status, status, was_strongest, strongest, let_in, held,
       count(*) OVER () AS "all"
     FROM (${compared(subject, since)}) WHERE ${which}
     ORDER BY bared DESC, regressed DESC, let_in DESC, joined DESC, "left" DESC, username, user_id LIMIT ${rowsMax}`
  )

const isAll = (kind: string, unknown: number) => unknown === 0 || (kind !== "let_in" && kind !== "held")

const moved = (was: string | null, is: string | null, say: (name: string) => string) =>
  was === null || is === null || was === is ? [] : [`${say(was)} → ${say(is)}`]

const what = (user: Changed) =>
  [
    ...user.joined ? [`joined; strongest method: ${Words.strength(user.strongest ?? "none")}`] : [],
    ...user.left ? ["left"] : [],
    ...moved(user.was_strongest, user.strongest, Words.strength),
    ...moved(user.was_status, user.status, (status) => status),
    ...user.let_in ? ["began to bypass MFA"] : [],
    ...user.held ? ["no longer bypasses MFA"] : []
  ].join("; ")

const people = (caption: string, users: ReadonlyArray<Changed>) =>
  users.length === 0 ? html`<p>Nobody.</p>` : list({
    caption,
    rows: users,
    all: users[0]?.all ?? 0,
    query: `changes days=${daysBack}`,
    columns: [{ name: "Who", cell: person }, { name: "What", cell: what }]
  })

/** Makes the section; nothing after the first run. */
export const changes = Effect.fnUntraced(function*(subject: Subject) {
  const { tenant } = subject
  if (tenant.before === null) return undefined
  const before = yield* totals(subject, tenant.before)
  const month = yield* totals(subject, tenant.monthAgo)
  const recent = yield* whom(
    subject,
    tenant.before,
    `joined OR "left" OR let_in OR held OR stayed AND (was_strongest IS DISTINCT FROM strongest)
     OR was_status IS DISTINCT FROM status`
  )
  const losses = yield* whom(subject, tenant.monthAgo, "bared OR regressed OR let_in")
  const period = overMonth(tenant)
  const since = `since ${runBefore(tenant.before, tenant.now)}`
  const part: PagePart = {
    id: "changes",
    title: "What changed",
    body: html`<p>The last run was on ${Words.instant(tenant.now)}, the one before it on ${
      Words.instant(tenant.before)
    }.</p>
${
      table({
        caption: "How much changed",
        isNarrow: true,
        rows: kinds,
        columns: [
          { name: "What", cell: ([, name]) => name },
          {
            name: since,
            isFigure: true,
            cell: ([kind]) => Words.atLeast(`changed.${kind}.before`, before[kind], isAll(kind, before.bypass_unknown))
          },
          {
            name: period,
            isFigure: true,
            cell: ([kind]) => Words.atLeast(`changed.${kind}.month`, month[kind], isAll(kind, month.bypass_unknown))
          }
        ]
      })
    }${
      before.bypass_unknown === 0 && month.bypass_unknown === 0
        ? html``
        : html`<p class="note">≥ means at least, because not all bypass codes could be read.</p>`
    }
<h4>Whose protection changed ${since}</h4>
${people(`Whose protection changed ${since}`, recent)}
<h4>Who lost protection or began to bypass MFA ${period}</h4>
${people("Who lost protection or began to bypass MFA", losses)}
`
  }
  return part
})
