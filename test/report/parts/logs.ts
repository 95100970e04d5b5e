/** Runs and logins for worlds of test/duo/joined/worlds.ts: what the sections of the report know of a tenant's log. */
import { Effect } from "effect"
import * as DuckDb from "../../../src/duckdb/DuckDb.ts"
import { prepare, type World } from "../../duo/joined/worlds.ts"

/** The last run is on this day at noon. */
const noon = Date.UTC(2026, 10, 30, 12)
const at = (daysBefore: number) => `make_timestamptz(${noon - daysBefore * 86_400_000} * 1000)`

export interface LoggedWorld extends World {
  /** Whether the applications were read. */
  readonly hasPolicies?: boolean
  /** The parts of the log that were read, in days before the last run, each with whether it was read wholly. */
  readonly log?: ReadonlyArray<readonly [from: number, to: number, complete?: boolean]>
  /** Logins of the user with a second factor, with their strengths, in days before the last run. */
  readonly logins?: ReadonlyArray<readonly [factor: string, strength: string | null, daysBefore: number]>
}

const rows = (table: string, columns: string, values: ReadonlyArray<string>) =>
  `CREATE TABLE ${table} (${columns});${values.length === 0 ? "" : `INSERT INTO ${table} VALUES ${values.join(", ")};`}`

/** The worlds in a session, as places for sections of the report. */
export const places = Effect.fnUntraced(function*(worlds: ReadonlyArray<LoggedWorld>) {
  const session = yield* DuckDb.open({})
  yield* prepare(session, worlds)
  const runs = worlds.flatMap(({ hasPolicies = true, log = [] }, n) => [
    ...hasPolicies ? [`('integrations', '${n}', ${at(0)}, true, NULL, NULL)`] : [],
    ...log.map(([from, to, complete = true]) => `('auth', '${n}', ${at(0)}, ${complete}, ${at(from)}, ${at(to)})`)
  ])
  const logins = worlds.flatMap(({ logins = [] }, n) =>
    logins.map(([factor, strength, daysBefore]) =>
      `('${n}', 'DUann', ${at(daysBefore)}, 'authentication', 'success', '${factor}', ${
        DuckDb.constant(strength)
      }, true)`
    )
  )
  const instants = "observed_at TIMESTAMPTZ, complete BOOLEAN, window_from TIMESTAMPTZ, window_to TIMESTAMPTZ"
  yield* session.run(rows("runs", `pipeline VARCHAR, tenant VARCHAR, ${instants}`, runs))
  yield* session.run(
    rows(
      "authentications",
      `tenant VARCHAR, user_id VARCHAR, occurred_at TIMESTAMPTZ, event_type VARCHAR, result VARCHAR, factor VARCHAR,
       strength VARCHAR, used_second_factor BOOLEAN`,
      logins
    )
  )
  const common = { runs: 1, now: noon, before: null, first: noon, complete: true, incomplete_reason: null, codes: noon }
  return worlds.map((_, n) => ({
    session,
    tenant: { ...common, tenant: String(n), monthAgo: noon, hasMonth: false }
  }))
})
