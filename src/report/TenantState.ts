/** The figures of a tenant at an instant, counted as coverage_daily counts them. */
import { Schema } from "effect"
import * as DuckDb from "../duckdb/DuckDb.ts"
import type { Session } from "../duckdb/DuckDb.ts"
import { askOne, at, Count } from "./Ask.ts"

const Marked = Schema.Struct({ privileged: Count, accepted: Count })
export interface MarkedUsers extends Schema.Schema.Type<typeof Marked> {}

const State = Schema.Struct({
  users: Count,
  mfa_enabled: Count,
  phishing_resistant: Count,
  only_telephony: Count,
  unprotected: Count,
  /** NULL if it is not known for all users. */
  bypass: Schema.NullOr(Count),
  bypass_at_least: Count,
  /** Users who are known to need nothing but a password, and those for whom this is not known. */
  password_alone: Count,
  password_alone_unknown: Count,
  coverage: Schema.NullOr(Schema.Finite),
  phishing_resistant_pct: Schema.NullOr(Schema.Finite)
})
export interface TenantState extends Schema.Schema.Type<typeof State> {}

/** SQL for whether one of `users` needs nothing but a password; NULL if it is not known. */
export const needsPasswordAlone = "(users.is_active AND users.strongest = 'none' OR users.is_bypass)"

/** The figures of a tenant at an instant. */
export const stateAt = (session: Session, tenant: string, millis: number) => {
  const name = DuckDb.literal(tenant)
  return askOne(
    session,
    State,
    `SELECT *, round(100.0 * mfa_enabled / nullif(users, 0), 1)::DOUBLE AS coverage,
       round(100.0 * phishing_resistant / nullif(users, 0), 1)::DOUBLE AS phishing_resistant_pct
     FROM (
       SELECT count(*) FILTER (is_active) AS users,
         count(*) FILTER (is_active AND mfa_enabled) AS mfa_enabled,
         count(*) FILTER (is_active AND mfa_enabled AND has_phishing_resistant) AS phishing_resistant,
         count(*) FILTER (is_active AND only_telephony) AS only_telephony,
         count(*) FILTER (is_active AND strongest = 'none') AS unprotected,
         count(*) FILTER (is_bypass) AS bypass_at_least,
         CASE WHEN count(*) FILTER (is_bypass IS NULL) = 0
           THEN bypass_at_least END AS bypass,
         count(*) FILTER (${needsPasswordAlone}) AS password_alone,
         count(*) FILTER (${needsPasswordAlone} IS NULL) AS password_alone_unknown
       FROM users_asof(${at(millis)}) users WHERE tenant = ${name}
     )`
  )
}

/** How many of those who need nothing but a password are in a privileged group, and how many an exception accepts. */
export const markedUsers = (session: Session, tenant: string) =>
  askOne(
    session,
    Marked,
    `SELECT count(p.user_id) AS privileged, count(*) FILTER (is_accepted) AS accepted
     FROM users LEFT JOIN privileged_users p USING (tenant, user_id) LEFT JOIN exceptions USING (tenant, user_id)
     WHERE tenant = ${DuckDb.literal(tenant)} AND ${needsPasswordAlone}`
  )
