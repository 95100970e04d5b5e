/** The tenants of a ledger, and the instants at which the page looks at each. */
import { Effect, Schema } from "effect"
import type { Session } from "../duckdb/DuckDb.ts"
import { ask, Count, Millis, type Pii } from "./Ask.ts"
import type { PrivilegedNames } from "./Privileged.ts"
import { type MarkedUsers, markedUsers, stateAt, type TenantState } from "./TenantState.ts"
import * as Words from "./Words.ts"

/** The number of days of the longer comparison. */
export const daysBack = 30

const Row = Schema.Struct({
  tenant: Schema.String,
  runs: Count,
  /** The last run, the one before it, and the first. */
  now: Millis,
  before: Schema.NullOr(Millis),
  first: Millis,
  /** Whether the last run was proved complete. */
  complete: Schema.Boolean,
  incomplete_reason: Schema.NullOr(Schema.String),
  /** The last run that could read bypass codes. */
  codes: Schema.NullOr(Millis)
})

/** A tenant of the ledger, with the instants of its runs. */
export interface ReportTenant extends Schema.Schema.Type<typeof Row> {
  /** Thirty days before the last run, or the first run if there was none yet. */
  readonly monthAgo: number
  /** Whether the runs go back thirty days. */
  readonly hasMonth: boolean
}

/** A run before the last one, as a point of time: "27 Nov 2026", or its hour if it was on the same day. */
export const runBefore = (before: number, now: number) =>
  Words.day(before) === Words.day(now) ? Words.instant(before) : Words.day(before)

/** The name of the longer period: thirty days, or the time since the first run if that is shorter. */
export const overMonth = ({ first, hasMonth, now }: ReportTenant) =>
  hasMonth ? `in ${daysBack} days` : `since ${runBefore(first, now)}`

/** The start of the longer period, after "more than": thirty days ago, or the first run. */
export const thenOfMonth = ({ first, hasMonth, now }: ReportTenant) =>
  hasMonth ? `${daysBack} days ago` : `on ${runBefore(first, now)}`

/** What holds for all tenants of a page. */
export interface Common {
  readonly session: Session
  readonly pii: Pii
  /** The names of privileged groups, if somebody named them. */
  readonly privileged: PrivilegedNames
  /** The percentage of active users that shall have MFA, if there is a target. */
  readonly target: number | null
}

/** The input of every section of the page. */
export interface Subject extends Common {
  readonly tenant: ReportTenant
  /** The figures now, at the run before, and a month ago; null if there was one run only. */
  readonly now: TenantState
  readonly before: TenantState | null
  readonly monthAgo: TenantState | null
  /** Of those who need nothing but a password now. */
  readonly marked: MarkedUsers
}

/** A tenant with its figures. */
export const subjectOf = Effect.fnUntraced(function*(common: Common, tenant: ReportTenant) {
  const state = (millis: number) => stateAt(common.session, tenant.tenant, millis)
  const subject: Subject = {
    ...common,
    tenant,
    now: yield* state(tenant.now),
    before: tenant.before === null ? null : yield* state(tenant.before),
    monthAgo: tenant.before === null ? null : yield* state(tenant.monthAgo),
    marked: yield* markedUsers(common.session, tenant.tenant)
  }
  return subject
})

/** The tenants of a ledger that have runs of users, by name. */
export const tenantsOf = Effect.fnUntraced(function*(session: Session) {
  const rows = yield* ask(
    session,
    Row,
    `SELECT tenant, count(*) AS runs, epoch_ms(max(observed_at)) AS now, epoch_ms(min(observed_at)) AS first,
       list(epoch_ms(observed_at) ORDER BY observed_at DESC)[2] AS before, arg_max(complete, observed_at) AS complete,
       arg_max_null(incomplete_reason, observed_at) AS incomplete_reason,
       epoch_ms(max(observed_at) FILTER (list_contains(string_split(tables_collected, ', '), 'bypass_codes'))) AS codes
     FROM runs WHERE pipeline = 'mfa' GROUP BY tenant
     -- the last run of a retired tenant asked nobody and has nobody
     HAVING arg_max(requests > 0 OR users > 0, (observed_at, run_id)) ORDER BY tenant`
  )
  return rows.map((row): ReportTenant => {
    const asked = row.now - daysBack * 86_400_000
    return { ...row, monthAgo: Math.max(asked, row.first), hasMonth: asked >= row.first }
  })
})
