/** What is known of a tenant's log of logins in thirty days: whether it was read, and whether all of it was. */
import { Effect, Schema } from "effect"
import * as DuckDb from "../duckdb/DuckDb.ts"
import type { Session } from "../duckdb/DuckDb.ts"
import type { LogWindow } from "../Pipeline.ts"
import * as LogWindows from "../run/log/LogWindows.ts"
import { ask, at, Millis } from "./Ask.ts"
import { daysBack } from "./ReportTenant.ts"

const Run = Schema.Struct({
  at: Millis,
  complete: Schema.Boolean,
  from: Schema.NullOr(Millis),
  to: Schema.NullOr(Millis)
})

/** Duo shows no login before it is two minutes old, so a run ends before its own time. */
const newestMillis = 600_000

/** Whether a pipeline was run over a tenant. */
export const wasRun = Effect.fnUntraced(function*({ all }: Session, tenant: string, pipeline: string) {
  const found = yield* all(
    `SELECT 1 FROM runs WHERE pipeline = ${DuckDb.literal(pipeline)} AND tenant = ${DuckDb.literal(tenant)} LIMIT 1`
  )
  return found.length > 0
})

/** Thirty days of a log. */
export interface Log {
  /** Their begin, in milliseconds since 1970. */
  readonly from: number
  /** SQL for the entries of these days. */
  readonly where: string
  /** The parts of these days that were not read, or not wholly, as far as Duo showed them. */
  readonly gaps: ReadonlyArray<LogWindow>
}

/** The thirty days of the log of a tenant; undefined if it was never read. */
export const find = Effect.fnUntraced(function*(session: Session, tenant: string) {
  const runs = yield* ask(
    session,
    Run,
    `SELECT epoch_ms(observed_at) AS at, complete, epoch_ms(window_from) AS "from", epoch_ms(window_to) AS "to"
     FROM runs WHERE pipeline = 'auth' AND tenant = ${DuckDb.literal(tenant)}`
  )
  if (runs.length === 0) return undefined
  const until = runs.reduce((latest, run) => Math.max(latest, run.at), 0)
  const from = until - daysBack * 86_400_000
  const read = runs.flatMap(({ complete, from, to }) => complete && from !== null && to !== null ? [{ from, to }] : [])
  const log: Log = {
    from,
    where: `tenant = ${DuckDb.literal(tenant)} AND occurred_at > ${at(from)} AND event_type = 'authentication'`,
    gaps: LogWindows.gaps({ from, to: until - newestMillis }, read)
  }
  return log
})
