/** A fleet's database in a PostgreSQL of its own, and turns of tenants that a test describes. */
import { ConfigProvider, Effect, Logger } from "effect"
import { SqlClient } from "effect/sql"
import postgresSink from "../../sinks/postgres.ts"
import * as Board from "../../src/fleet/Board.ts"
import type { TenantTurnPayload } from "../../src/fleet/Cluster.ts"
import * as FleetDatabase from "../../src/fleet/FleetDatabase.ts"
import * as Turns from "../../src/fleet/Turns.ts"
import type { Sink } from "../../src/Sink.ts"
import { hostOf, pipelineOf, type Tenants } from "../run/round/ground.ts"
import { inTemporary } from "../run/spy-sink.ts"
import * as postgres from "../support/servers/postgres-server.ts"

export const period = "2026-11-29T07:00:00.000Z"

/** A turn whose period is far from over. */
export const turnOf = (tenant: string, attempt = 1): TenantTurnPayload => ({
  pipeline: "people",
  tenant,
  period,
  until: "2100-01-01T00:00:00.000Z",
  attempt,
  allowEmpty: false,
  maxShrink: null
})

export interface Fleet {
  readonly server: postgres.Server
  readonly board: Board.Board
  readonly sql: SqlClient.SqlClient
  /** Does a turn of one of the tenants, which are given by their names. */
  readonly take: (tenants: Tenants, turn: TenantTurnPayload, sink?: Sink) => ReturnType<typeof Turns.take>
  /** The people of each tenant, as readers of the sink see them, and the number of runs. */
  readonly seen: Effect.Effect<Readonly<Record<string, unknown>>>
}

/** Runs a test with an empty database. */
export const inFleet = <A, E, R>(test: (fleet: Fleet) => Effect.Effect<A, E, R>) =>
  inTemporary((dataDirectory) =>
    Effect.gen(function*() {
      const server = yield* Effect.acquireRelease(
        Effect.promise(() => postgres.start()),
        ({ stop }) => Effect.promise(() => stop())
      )
      const location = postgres.locationOf(server)
      const given: Effect.Effect<A, E | FleetDatabase.BadFleetDatabase, R | SqlClient.SqlClient> = Effect.gen(
        function*() {
          const board = yield* Board.make
          return yield* test({
            server,
            board,
            sql: yield* SqlClient.SqlClient,
            take: (tenants, turn, sink = postgresSink) =>
              Turns.take(board, turn, {
                dataDirectory,
                sinks: [{ sink: "postgres", location }],
                findSink: () => Effect.succeed(sink),
                toolVersion: "0",
                pageSize: undefined,
                concurrency: 1,
                findPipeline: () =>
                  Effect.succeed(
                    pipelineOf(
                      Object.fromEntries(Object.entries(tenants).map(([name, people]) => [hostOf(name), people]))
                    )
                  ),
                pipelineFor: (pipeline, tenant) =>
                  Effect.succeed({
                    ...pipeline,
                    connect: Effect.provideService(
                      pipeline.connect,
                      ConfigProvider.ConfigProvider,
                      ConfigProvider.fromUnknown({ DUO_HOST: hostOf(tenant) })
                    )
                  })
              }, (effect) => effect),
            seen: Effect.sync(() =>
              Object.fromEntries(
                postgres.query(
                  server,
                  "SELECT tenant, count(DISTINCT run_id) AS runs, string_agg(user_id, '' ORDER BY user_id) AS who " +
                    "FROM duo_mfa.people_snapshots GROUP BY tenant"
                ).map(({ runs, tenant, who }) => [String(tenant), `${String(runs)} ${String(who)}`])
              )
            )
          })
        }
      )
      return yield* Effect.provide(given, [FleetDatabase.layer(location), Logger.layer([])])
    }).pipe(Effect.scoped)
  )
