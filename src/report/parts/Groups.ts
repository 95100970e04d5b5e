/** The section about groups, ordered by the number of members at risk. */
import { Effect, Schema } from "effect"
import * as DuckDb from "../../duckdb/DuckDb.ts"
import { ask, Count } from "../Ask.ts"
import type { PagePart } from "../Contents.ts"
import { html } from "../Html.ts"
import { list, rowsMax } from "../PageTable.ts"
import type { Subject } from "../ReportTenant.ts"
import * as Words from "../Words.ts"

const Group = Schema.Struct({
  group_id: Schema.String,
  group_name: Schema.NullOr(Schema.String),
  members: Count,
  at_risk: Count,
  accepted: Count,
  unprotected: Count,
  bypass: Count,
  bypass_unknown: Count,
  phishing_resistant: Count,
  all: Count
})
type Group = typeof Group.Type

const bar = ({ at_risk, members }: Group) =>
  html`<svg class="bar" aria-hidden="true" viewBox="0 0 100 8" width="96" height="8" preserveAspectRatio="none"><rect class="all" width="100" height="8"/><rect class="part" width="${
    Math.round(100 * at_risk / members)
  }" height="8"/></svg>`

/** Makes the section. */
export const groups = Effect.fnUntraced(function*({ session, tenant }: Subject) {
  const found = yield* ask(
    session,
    Group,
    `SELECT g.group_id, any_value(g.group_name) AS group_name, count(*) AS members, count(r.user_id) FILTER (e.is_accepted IS NOT TRUE) AS at_risk,
       count(r.user_id) FILTER (e.is_accepted) AS accepted,
       count(*) FILTER (u.is_active AND u.strongest = 'none') AS unprotected, count(*) FILTER (u.is_bypass) AS bypass,
       count(*) FILTER (u.is_bypass IS NULL) AS bypass_unknown,
       count(*) FILTER (u.mfa_enabled AND u.has_phishing_resistant) AS phishing_resistant, count(*) OVER () AS "all"
     FROM user_groups g
     JOIN users u ON u.tenant = g.tenant AND u.user_id = g.user_id AND (u.is_active OR u.is_bypass)
     LEFT JOIN users_at_risk r ON r.tenant = g.tenant AND r.user_id = g.user_id
     LEFT JOIN exceptions e ON e.tenant = g.tenant AND e.user_id = g.user_id
     WHERE g.tenant = ${DuckDb.literal(tenant.tenant)}
     GROUP BY g.group_id ORDER BY at_risk DESC, at_risk / members DESC, group_name, g.group_id LIMIT ${rowsMax}`
  )
  const part: PagePart = {
    id: "groups",
    title: "Groups by exposure",
    body: html`${
      found.length === 0 ? html`<p>No user is in a group.</p>` : html`
<p>Groups with the most members at risk come first. Members are users who can log in. A user may be in several groups.</p>
${
        list({
          caption: "Groups by exposure",
          rows: found,
          all: found[0]?.all ?? 0,
          query: "coverage-by-group",
          columns: [
            { name: "Group", cell: ({ group_id, group_name }) => html`<bdi>${group_name ?? group_id}</bdi>` },
            {
              name: "At risk",
              cell: (group) =>
                html`${bar(group)} ${Words.figure(`group.${group.group_id}`, group.at_risk)} of ${
                  Words.count(group.members)
                } (${Words.share(group.at_risk, group.members)})${
                  group.accepted === 0 ? "" : html`, <span class="what">${Words.count(group.accepted)} accepted</span>`
                }`
            },
            { name: "Unprotected", isFigure: true, cell: ({ unprotected }) => Words.count(unprotected) },
            {
              name: "Bypass",
              isFigure: true,
              cell: ({ bypass, bypass_unknown }) => `${bypass_unknown === 0 ? "" : "≥ "}${Words.count(bypass)}`
            },
            {
              name: "Phishing-resistant",
              isFigure: true,
              cell: ({ members, phishing_resistant }) => Words.share(phishing_resistant, members)
            }
          ]
        })
      }`
    }
`
  }
  return part
})
