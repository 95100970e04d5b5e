/**
 * The board of a fleet says of each tenant and period whether it is waiting, published or failed. Many workers may run the
 * same tenant at the same time, because one that seemed dead was not. The board lets one of their runs be published: the
 * first that claims the period. It keeps the manifest of that run, so that any worker can finish publishing it.
 */
import { Effect, Schema } from "effect"
import { SqlClient } from "effect/sql"
import { patiently } from "./FleetDatabase.ts"

/** A tenant's turn: what a worker is asked to do once. */
export interface Turn {
  readonly pipeline: string
  readonly tenant: string
  /** The instant at which the period began, such as `2026-11-29T07:00:00.000Z`. */
  readonly period: string
}

/** Why a turn failed. */
export const TurnFailure = Schema.Struct({ tag: Schema.String, message: Schema.String, exit: Schema.Int })
export interface TurnFailure extends Schema.Schema.Type<typeof TurnFailure> {}

const Failure = Schema.fromJsonString(TurnFailure)

const Claim = Schema.Struct({
  /** The run that was sealed first; null if there is none. */
  run_id: Schema.NullOr(Schema.String),
  manifest: Schema.NullOr(Schema.String),
  is_published: Schema.Boolean
})

const State = Schema.Struct({
  tenant: Schema.String,
  attempt: Schema.Int,
  is_published: Schema.Boolean,
  failure: Schema.NullOr(Failure)
})
/** The state of a tenant's turn. It is waiting if it is neither published nor failed. */
export interface State extends Schema.Schema.Type<typeof State> {}

const decodeClaims = Schema.decodeUnknownEffect(Schema.Array(Claim))
const decodeStates = Schema.decodeUnknownEffect(Schema.Array(State))
const decodeManifests = Schema.decodeUnknownEffect(
  Schema.Array(Schema.Struct({ run_id: Schema.String, manifest: Schema.String }))
)
const encodeFailure = Schema.encodeEffect(Failure)

/** Days for which the turns of a tenant are kept. Its last manifest is kept for longer. */
const keptDays = 30

export const make = Effect.map(SqlClient.SqlClient, (sql) => {
  const where = ({ period, pipeline, tenant }: Turn) =>
    sql`pipeline = ${pipeline} AND tenant = ${tenant} AND period = ${period}`
  return {
    /** Puts tenants on the board for a period. Those that failed get another attempt. */
    offer: (pipeline: string, period: string, tenants: ReadonlyArray<string>) =>
      patiently(sql`
        INSERT INTO tenant_runs (pipeline, tenant, period, attempt)
        SELECT ${pipeline}, tenant, ${period}, 1 FROM jsonb_array_elements_text(${
        JSON.stringify(tenants)
      }::jsonb) tenant
        ON CONFLICT (pipeline, tenant, period) DO UPDATE SET attempt = tenant_runs.attempt + 1, failure = NULL
        WHERE tenant_runs.failure IS NOT NULL AND tenant_runs.published_at IS NULL`),

    /** The states of all turns of a period, by tenant. */
    states: (pipeline: string, period: string) =>
      patiently(sql`
        SELECT tenant, attempt, published_at IS NOT NULL AS is_published, failure FROM tenant_runs
        WHERE pipeline = ${pipeline} AND period = ${period} ORDER BY tenant`).pipe(
        Effect.flatMap((rows) => Effect.orDie(decodeStates(rows)))
      ),

    /** The claim on a turn. */
    claimOn: (turn: Turn) =>
      patiently(sql`
        SELECT run_id, manifest, published_at IS NOT NULL AS is_published FROM tenant_runs WHERE ${where(turn)}`).pipe(
        Effect.flatMap((rows) => Effect.orDie(decodeClaims(rows))),
        Effect.map(([claim]) => claim ?? { run_id: null, manifest: null, is_published: false })
      ),

    /** Claims the turn for a sealed run. The result is whether no other run had claimed it. */
    claim: (turn: Turn, run_id: string, manifest: string) =>
      patiently(sql`
        UPDATE tenant_runs SET run_id = ${run_id}, manifest = ${manifest}
        WHERE ${where(turn)} AND published_at IS NULL AND (run_id IS NULL OR run_id = ${run_id}) RETURNING run_id`)
        .pipe(
          Effect.map((rows) => rows.length > 0)
        ),

    /** Takes back the claim of a run of which nothing was published, and nothing can be. */
    unclaim: (turn: Turn, run_id: string) =>
      patiently(sql`
        UPDATE tenant_runs SET run_id = NULL, manifest = NULL
        WHERE ${where(turn)} AND published_at IS NULL AND run_id = ${run_id}`),

    /** Marks the turn as published. Only the newest published manifest of a tenant is kept. */
    published: (turn: Turn) =>
      patiently(
        sql`UPDATE tenant_runs SET published_at = now(), failure = NULL WHERE ${where(turn)}`.pipe(
          Effect.andThen(sql`
            UPDATE tenant_runs SET manifest = NULL
            WHERE pipeline = ${turn.pipeline} AND tenant = ${turn.tenant} AND period < ${turn.period}
              AND published_at IS NOT NULL AND manifest IS NOT NULL`),
          sql.withTransaction
        )
      ),

    /** Marks an attempt as failed. */
    failed: (turn: Turn, attempt: number, failure: TurnFailure) =>
      Effect.flatMap(Effect.orDie(encodeFailure(failure)), (text) =>
        patiently(sql`
          UPDATE tenant_runs SET failure = ${text}
          WHERE ${where(turn)} AND attempt = ${attempt} AND published_at IS NULL`)),

    /** The manifest of the tenant's last published run. */
    last: ({ pipeline, tenant }: Turn) =>
      patiently(sql`
        SELECT run_id, manifest FROM tenant_runs
        WHERE pipeline = ${pipeline} AND tenant = ${tenant} AND published_at IS NOT NULL AND manifest IS NOT NULL
        ORDER BY period DESC LIMIT 1`).pipe(
        Effect.flatMap((rows) => Effect.orDie(decodeManifests(rows))),
        Effect.map(([last]) => last)
      ),

    /** Whether a run has claimed its turn. */
    isClaimed: (run_id: string) =>
      patiently(sql`SELECT FROM tenant_runs WHERE run_id = ${run_id}`).pipe(Effect.map((rows) => rows.length > 0)),

    /** Removes old turns, except those that have the last manifest of a tenant. */
    prune: (now: Date) =>
      patiently(sql`
        DELETE FROM tenant_runs
        WHERE manifest IS NULL AND period < ${new Date(now.getTime() - keptDays * 86_400_000).toISOString()}`)
  }
})
export type Board = Effect.Success<typeof make>
