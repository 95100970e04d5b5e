/** Hands the turns of a period to the fleet, and tells how far they are. */
import { Clock, Duration, Effect, Schedule } from "effect"
import { ClusterError, MachineId, Snowflake } from "effect/cluster"
import { SqlClient, SqlError } from "effect/sql"
import * as Board from "./Board.ts"
import { client, TenantTurn, type TenantTurnPayload } from "./Cluster.ts"
import * as FleetDatabase from "./FleetDatabase.ts"

/** What is handed over. */
export interface Work {
  readonly pipeline: string
  readonly tenants: ReadonlyArray<string>
  /** How long a period is. */
  readonly every: Duration.Duration
  readonly allowEmpty: boolean
  readonly maxShrink: number | undefined
  /** How long to wait until all are done. */
  readonly wait: Duration.Duration | undefined
}

/** The period, and the states of its tenants. */
export interface Period {
  /** The instant at which it began. */
  readonly period: string
  readonly states: ReadonlyArray<Board.State>
  /** The states of those that had failed before, and are tried again. */
  readonly again: ReadonlyArray<Board.State>
}

const isDone = ({ failure, is_published }: Board.State) => is_published || failure !== null

/** Days for which the cluster's own messages are kept, after which nobody asks for their answers. */
const messageDays = 2

/** Removes messages that were answered. The cluster keeps them for ever; the time is in the upper bits of their id. */
const pruneMessages = Effect.fnUntraced(function*(now: number) {
  const sql = yield* SqlClient.SqlClient
  const before = String(
    Snowflake.make({ timestamp: now - messageDays * 86_400_000, machineId: MachineId.make(0), sequence: 0 })
  )
  yield* FleetDatabase.patiently(
    sql`DELETE FROM cluster_replies WHERE request_id < ${before}::bigint`.pipe(
      Effect.andThen(sql`DELETE FROM cluster_messages WHERE processed AND id < ${before}::bigint`),
      sql.withTransaction
    )
  )
})

/**
 * Hands a turn over; one that was handed over before is the same turn. The cluster dies of a statement that the database
 * refuses. Such a statement may have had the id of another message, because processes choose ids by themselves: the next
 * try has another id.
 */
const handOver = (turn: TenantTurnPayload) =>
  TenantTurn.execute(turn, { discard: true }).pipe(
    Effect.catchDefect((defect) =>
      defect instanceof ClusterError.PersistenceError && SqlError.isSqlError(defect.cause)
        ? Effect.fail(defect.cause)
        : Effect.die(defect)
    ),
    Effect.retry({ while: ({ reason }) => reason._tag === "UniqueViolation", times: 3 }),
    FleetDatabase.patiently
  )

/** Hands work over. Doing it again in the same period only tries the failed ones again. */
export const submit = (database: string, work: Work) =>
  Effect.gen(function*() {
    const board = yield* Board.make
    const now = yield* Clock.currentTimeMillis
    const length = Duration.toMillis(work.every)
    const start = Math.floor(now / length) * length
    const period = new Date(start).toISOString()
    const until = new Date(start + length).toISOString()
    const asked = new Set(work.tenants)
    const states = Effect.map(
      board.states(work.pipeline, period),
      (all) => all.filter(({ tenant }) => asked.has(tenant))
    )

    const again = (yield* states).filter(({ failure }) => failure !== null)
    yield* board.prune(new Date(now))
    yield* board.offer(work.pipeline, period, work.tenants)
    const turnOf = ({ attempt, tenant }: Board.State): TenantTurnPayload => ({
      pipeline: work.pipeline,
      tenant,
      period,
      until,
      attempt,
      allowEmpty: work.allowEmpty,
      maxShrink: work.maxShrink ?? null
    })
    const waiting = (yield* states).filter((state) => !isDone(state))
    yield* Effect.forEach(waiting, (state) => handOver(turnOf(state)), { concurrency: 16 }).pipe(Effect.provide(client))
    yield* pruneMessages(now)
    const result = yield* work.wait === undefined ? states : states.pipe(
      Effect.repeat({
        until: (all) => all.every(isDone),
        schedule: Schedule.spaced("2 seconds").pipe(Schedule.upTo({ duration: work.wait }))
      }),
      Effect.andThen(states)
    )
    const submitted: Period = { period, states: result, again }
    return submitted
  }).pipe(Effect.scoped, Effect.provide(FleetDatabase.layer(database)))
