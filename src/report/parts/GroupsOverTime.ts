/** The section about groups over time: how many of their active members are protected, and how that has changed. */
import { Effect, Schema } from "effect"
import * as DuckDb from "../../duckdb/DuckDb.ts"
import { ask, Count } from "../Ask.ts"
import type { PagePart } from "../Contents.ts"
import { html } from "../Html.ts"
import { list, rowsMax } from "../PageTable.ts"
import type { Subject } from "../ReportTenant.ts"
import * as Words from "../Words.ts"

const Points = Schema.NullOr(Schema.Finite)

const Group = Schema.Struct({
  group_id: Schema.String,
  group_name: Schema.NullOr(Schema.String),
  users: Count,
  coverage_pct: Points,
  phishing_resistant_pct: Points,
  /** In points; null if the group had no active members then. */
  coverage_change: Points,
  phishing_resistant_change: Points,
  /** The day of the earlier figures. */
  since: Schema.String,
  all: Count
})
type Group = typeof Group.Type

/** Makes the section; nothing on the first day of a tenant, or if nobody is in a group. */
export const groupsOverTime = Effect.fnUntraced(function*({ session, tenant }: Subject) {
  const name = DuckDb.literal(tenant.tenant)
  const found = yield* ask(
    session,
    Group,
    `WITH days AS (FROM coverage_by_group_daily WHERE tenant = ${name}),
       spans AS (
         SELECT max(day) AS last_day, coalesce(max(day) FILTER (epoch_ms(known_at) <= ${tenant.monthAgo}), min(day)) AS since
         FROM run_days WHERE tenant = ${name}
       ),
       today AS (FROM days SEMI JOIN spans ON day = last_day),
       earlier AS (FROM days SEMI JOIN spans ON day = since)
     SELECT today.group_id, today.group_name, today.users, today.coverage_pct, today.phishing_resistant_pct,
       round(today.coverage_pct - earlier.coverage_pct, 1) AS coverage_change,
       round(today.phishing_resistant_pct - earlier.phishing_resistant_pct, 1) AS phishing_resistant_change,
       since::VARCHAR AS since, count(*) OVER () AS "all"
     FROM today CROSS JOIN spans LEFT JOIN earlier USING (group_id) WHERE today.users > 0 AND since < last_day
     ORDER BY today.users DESC, today.group_name, today.group_id LIMIT ${rowsMax}`
  )
  const [first] = found
  if (first === undefined) return undefined
  const change = (figure: "coverage" | "phishing_resistant") => ({
    name: `… since ${Words.shortDay(first.since)}`,
    isFigure: true,
    cell: (group: Group) => Words.change(`group.${group.group_id}.${figure}`, group[`${figure}_change`], " pts", "more")
  })
  const part: PagePart = {
    id: "groups-over-time",
    title: "Groups over time",
    body:
      html`<p>How many of the active members are protected, and how this has changed. The largest groups come first.</p>
${
        list({
          caption: "Groups over time",
          rows: found,
          all: first.all,
          query: "coverage-by-group-daily",
          columns: [
            { name: "Group", cell: ({ group_id, group_name }) => html`<bdi>${group_name ?? group_id}</bdi>` },
            { name: "Active members", isFigure: true, cell: ({ users }) => Words.count(users) },
            { name: "With MFA", isFigure: true, cell: ({ coverage_pct }) => Words.percent(coverage_pct) },
            change("coverage"),
            {
              name: "Phishing-resistant",
              isFigure: true,
              cell: ({ phishing_resistant_pct }) => Words.percent(phishing_resistant_pct)
            },
            change("phishing_resistant")
          ]
        })
      }
`
  }
  return part
})
