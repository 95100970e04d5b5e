/** The thirty days of a tenant's log of logins that the report is about, and the parts of them that were not read. */
import { Effect, Schema } from "effect"
import * as DuckDb from "../duckdb/DuckDb.ts"
import type { Session } from "../duckdb/DuckDb.ts"
import { ask, askOne, at, Millis } from "./Ask.ts"
import { daysBack } from "./ReportTenant.ts"

/** Whether a pipeline was run over a tenant. */
export const wasRun = Effect.fnUntraced(function*({ all }: Session, tenant: string, pipeline: string) {
  const found = yield* all(
    `SELECT 1 FROM runs WHERE pipeline = ${DuckDb.literal(pipeline)} AND tenant = ${DuckDb.literal(tenant)} LIMIT 1`
  )
  return found.length > 0
})

const Gap = Schema.Struct({ from: Millis, to: Millis })

/** Duo shows no login before it is two minutes old, so a run ends before its own time. */
const newestMillis = 600_000

/** The parts between two instants that no run of the log has read, or not wholly. */
const gapsOf = (session: Session, runs: string, from: number, to: number) =>
  ask(
    session,
    Gap,
    `WITH parts AS (
       SELECT greatest(window_from, ${at(from)}) AS "from", window_to AS "to" FROM runs
       WHERE ${runs} AND complete AND window_to > ${at(from)}
       UNION ALL VALUES (${at(from)}, ${at(from)}), (${at(to)}, ${at(to)})
     )
     SELECT epoch_ms(reached) AS "from", epoch_ms(next) AS "to" FROM (
       SELECT max("to") OVER parts AS reached, lead("from") OVER parts AS next
       FROM parts WINDOW parts AS (ORDER BY "from", "to")
     ) WHERE next > reached AND reached < ${at(to)} ORDER BY reached`
  )

/** Thirty days of a log. */
export interface Log {
  /** Their begin, in milliseconds since 1970. */
  readonly from: number
  /** SQL for the entries of these days. */
  readonly where: string
  /** The parts of these days that were not read, or not wholly, as far as Duo showed them. */
  readonly gaps: ReadonlyArray<typeof Gap.Type>
}

/** The thirty days of the log of a tenant; undefined if it was never read. */
export const find = Effect.fnUntraced(function*(session: Session, tenant: string) {
  const runs = `pipeline = 'auth' AND tenant = ${DuckDb.literal(tenant)}`
  const { until } = yield* askOne(
    session,
    Schema.Struct({ until: Schema.NullOr(Millis) }),
    `SELECT epoch_ms(max(observed_at)) AS until FROM runs WHERE ${runs}`
  )
  if (until === null) return undefined
  const from = until - daysBack * 86_400_000
  const log: Log = {
    from,
    where: `tenant = ${DuckDb.literal(tenant)} AND occurred_at > ${at(from)} AND event_type = 'authentication'`,
    gaps: yield* gapsOf(session, runs, from, until - newestMillis)
  }
  return log
})
