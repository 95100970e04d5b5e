/** The section about privileged accounts: members of privileged groups, and Duo's administrators if `admins` was run. */
import { Effect, Schema } from "effect"
import * as DuckDb from "../../duckdb/DuckDb.ts"
import { ask, askOne, Count, Millis, Person, who } from "../Ask.ts"
import type { PagePart } from "../Contents.ts"
import { type Html, html } from "../Html.ts"
import { list, person, rowsMax } from "../PageTable.ts"
import * as Privileged from "../Privileged.ts"
import type { Subject } from "../ReportTenant.ts"
import { needsPasswordAlone } from "../TenantState.ts"
import * as Words from "../Words.ts"
import { duoAdmins } from "./DuoAdmins.ts"

const Totals = Schema.Struct({
  users: Count,
  password_alone: Count,
  password_alone_unknown: Count,
  resistant: Count
})

const User = Schema.Struct({
  ...Person,
  privileged_groups: Schema.String,
  strongest: Schema.NullOr(Schema.String),
  reason: Schema.NullOr(Schema.String),
  bypass_unknown: Schema.Boolean,
  /** The last day of the exception that accepts the risk. */
  accepted_until: Schema.NullOr(Millis),
  last_login: Schema.NullOr(Millis)
})

const Group = Schema.Struct({ group_name: Schema.String, members: Count })

/** Which groups are privileged, and why. */
const groupsNamed = (names: Privileged.PrivilegedNames, groups: ReadonlyArray<typeof Group.Type>): Html => {
  const found = groups.map(({ group_name, members }, index) =>
    html`${index === 0 ? "" : ", "}<bdi>${group_name}</bdi> (${Words.count(members)})`
  )
  const others =
    html`To name others, write the names of groups into <code>${Privileged.fileName}</code> in the data directory, one per line.`
  if (names !== null) {
    return html`Privileged are the groups that <code>${Privileged.fileName}</code> names${
      found.length === 0 ? "" : html`: ${found}`
    }.`
  }
  return found.length === 0
    ? html`Nobody who can log in is in a group whose name has the word admin, root, privileged or break-glass. ${others}`
    : html`Privileged are the groups whose names have the word admin, root, privileged or break-glass: ${found}. ${others}`
}

const members = Effect.fnUntraced(function*({ pii, privileged, session, tenant }: Subject) {
  const name = DuckDb.literal(tenant.tenant)
  const groups = yield* ask(
    session,
    Group,
    `SELECT group_name, count(*) AS members
     FROM (SELECT unnest(privileged_groups) AS group_name FROM privileged_users WHERE tenant = ${name})
     GROUP BY group_name ORDER BY group_name`
  )
  const totals = yield* askOne(
    session,
    Totals,
    `SELECT count(*) AS users, count(*) FILTER (${needsPasswordAlone}) AS password_alone,
       count(*) FILTER (${needsPasswordAlone} IS NULL) AS password_alone_unknown,
       count(*) FILTER (mfa_enabled AND has_phishing_resistant) AS resistant
     FROM users SEMI JOIN privileged_users USING (tenant, user_id) WHERE tenant = ${name}`
  )
  const users = yield* ask(
    session,
    User,
    `SELECT ${
      who(pii, "users")
    }, array_to_string(privileged_groups, ', ') AS privileged_groups, users.strongest, r.reason,
       users.is_bypass IS NULL AS bypass_unknown,
       CASE WHEN is_accepted THEN epoch_ms(e.until::TIMESTAMP) END AS accepted_until, epoch_ms(users.last_login_at) AS last_login
     FROM users JOIN privileged_users USING (tenant, user_id) LEFT JOIN users_at_risk r USING (tenant, user_id)
     LEFT JOIN exceptions e USING (tenant, user_id)
     WHERE tenant = ${name}
     ORDER BY ${needsPasswordAlone} IS TRUE DESC, r.user_id IS NULL, ${Words.byStrength("users.strongest")},
       users.last_login_at DESC NULLS LAST, user_id
     LIMIT ${rowsMax}`
  )
  const isAll = totals.password_alone_unknown === 0
  return html`${
    totals.users === 0
      ? html`<p>Nobody in a privileged group can log in.</p>`
      : html`<p>${Words.figure("privileged", totals.users)} ${
        totals.users === 1 ? "person in a privileged group" : "people in privileged groups"
      } can log in, ${
        Words.atLeast("privileged.password_alone", totals.password_alone, isAll)
      } with a password alone; ${Words.figure("privileged.resistant", totals.resistant)} ${
        totals.resistant === 1 ? "has" : "have"
      } a phishing-resistant method.${
        isAll ? "" : " ≥ means at least, because not all bypass codes could be read."
      }</p>`
  }
<p class="note">${groupsNamed(privileged, groups)}</p>
${
    users.length === 0 ? html`` : list({
      caption: "Members of privileged groups",
      rows: users,
      all: totals.users,
      columns: [
        { name: "Who", cell: person },
        { name: "Groups", cell: ({ privileged_groups }) => html`<bdi class="what">${privileged_groups}</bdi>` },
        { name: "Strongest method", cell: ({ strongest }) => Words.strength(strongest) },
        {
          name: "At risk",
          cell: ({ accepted_until, bypass_unknown, reason }) =>
            html`${Words.risk(reason, !bypass_unknown)}${
              reason === null || accepted_until === null ? "" : `, accepted until ${Words.day(accepted_until)}`
            }`
        },
        { name: "Last login", cell: ({ last_login }) => Words.lastLogin(last_login) }
      ]
    })
  }`
})

/** Makes the section. */
export const privilegedAccounts = Effect.fnUntraced(function*(subject: Subject) {
  const part: PagePart = {
    id: "privileged",
    title: "Privileged accounts",
    body: html`${yield* members(subject)}
<h4>Administrators of Duo</h4>
${yield* duoAdmins(subject)}
`
  }
  return part
})
