/** Columns for a list of users: the weakest way in that a policy permits each, and the factor of the last login. */
import { Effect, Schema } from "effect"
import * as DuckDb from "../../../duckdb/DuckDb.ts"
import { ask, Count, Millis } from "../../Ask.ts"
import { html } from "../../Html.ts"
import * as LogCoverage from "../../LogCoverage.ts"
import type { PageColumn } from "../../PageTable.ts"
import type { Subject } from "../../ReportTenant.ts"
import * as Words from "../../Words.ts"

const Way = Schema.Struct({
  user_id: Schema.String,
  applications: Count,
  /** The strength of the weakest way that is known; NULL if none is. */
  weakest: Schema.NullOr(Schema.String),
  /** Whether a weaker way may exist that is not known. */
  is_doubtful: Schema.Boolean
})

const Use = Schema.Struct({ user_id: Schema.String, strength: Schema.NullOr(Schema.String), at: Millis })

/** The part of the subject that the columns need. */
type Place = Pick<Subject, "session" | "tenant">

const among = (users: ReadonlyArray<{ readonly user_id: string }>) =>
  `user_id IN (${users.map(({ user_id }) => DuckDb.literal(user_id)).join(", ")})`

/** The weakest ways into any application. */
const waysOf = ({ session, tenant }: Place, users: string) =>
  ask(
    session,
    Way,
    `SELECT user_id, count(*) FILTER (can_log_in IS NOT FALSE) AS applications,
       arg_min(at_most, ${Words.byStrength("at_most")}) AS weakest,
       bool_or(can_log_in IS NOT FALSE AND effective_strength IS NULL) AND bool_or(at_most = 'none') IS NOT TRUE AS is_doubtful
     FROM effective_strength WHERE tenant = ${DuckDb.literal(tenant.tenant)} AND ${users} GROUP BY user_id`
  )

/** The last logins with a second factor. */
const usesOf = ({ session, tenant }: Place, users: string) =>
  ask(
    session,
    Use,
    `SELECT user_id, arg_max_null(strength, occurred_at) AS strength, epoch_ms(max(occurred_at)) AS at
     FROM authentications WHERE tenant = ${DuckDb.literal(tenant.tenant)} AND ${users}
       AND event_type = 'authentication' AND result = 'success' AND used_second_factor
     GROUP BY user_id`
  )

const wayIn = (way: typeof Way.Type | undefined) => {
  if (way === undefined) return "No application"
  if (way.applications === 0) return "No way in"
  if (way.weakest === null) return "Not known"
  return `${way.is_doubtful ? "At most: " : ""}${
    way.weakest === "none" ? "Password alone" : Words.strength(way.weakest)
  }`
}

const lastUsed = (use: typeof Use.Type | undefined) =>
  use === undefined
    ? "Not in the log"
    : html`${use.strength === null ? "Not known which" : Words.strength(use.strength)} <span class="what whole under">${
      Words.day(use.at)
    }</span>`

/** The columns. One whose pipeline was not run over the tenant is left out. */
export const waysIn = Effect.fnUntraced(
  function*<User extends { readonly user_id: string }>(subject: Place, users: ReadonlyArray<User>) {
    const { session, tenant: { tenant } } = subject
    const columns: Array<PageColumn<User>> = []
    if (users.length === 0) return columns
    if (yield* LogCoverage.wasRun(session, tenant, "integrations")) {
      const ways = new Map((yield* waysOf(subject, among(users))).map((way) => [way.user_id, way]))
      columns.push({ name: "Weakest way in", cell: ({ user_id }) => wayIn(ways.get(user_id)) })
    }
    if (yield* LogCoverage.wasRun(session, tenant, "auth")) {
      const uses = new Map((yield* usesOf(subject, among(users))).map((use) => [use.user_id, use]))
      columns.push({ name: "Last used", cell: ({ user_id }) => lastUsed(uses.get(user_id)) })
    }
    return columns
  }
)
