/** The cluster that the workers form, and the one workflow that it has: a tenant's turn. */
import * as NodeClusterSocket from "@effect/platform-node/NodeClusterSocket"
import { ConfigProvider, Layer, Option, Schema } from "effect"
import { ClusterWorkflowEngine, RunnerAddress, type ShardingConfig } from "effect/cluster"
import { Workflow } from "effect/workflow"

/** A tenant's turn as a workflow. It never fails: its result is on the board. */
export const TenantTurn = Workflow.make("TenantTurn", {
  payload: {
    pipeline: Schema.String,
    tenant: Schema.String,
    period: Schema.String,
    /** The instant at which the next period begins. */
    until: Schema.String,
    attempt: Schema.Int,
    allowEmpty: Schema.Boolean,
    maxShrink: Schema.NullOr(Schema.Finite)
  },
  idempotencyKey: ({ attempt, period, pipeline, tenant }) => JSON.stringify([pipeline, tenant, period, attempt])
})
export type TenantTurnPayload = typeof TenantTurn.payloadSchema.Type

/** Where a worker listens for the others. */
export interface Address {
  readonly host: string
  readonly port: number
}

const config: Partial<ShardingConfig.ShardingConfig["Service"]> = {
  // work that is in the database is found after so long, even if nobody could tell this worker of it
  entityMessagePollInterval: "2 seconds",
  // the most workers that can have work: each shard is a lock, and all of them move when a worker comes or goes
  shardsPerGroup: 64,
  runnerHealthCheckInterval: "5 seconds"
}

/** The cluster reads no setting of the environment. */
const noSettings = ConfigProvider.layer(ConfigProvider.fromUnknown({}))

/** A member of the cluster that works. */
export const worker = ({ host, port }: Address) =>
  ClusterWorkflowEngine.layer.pipe(
    Layer.provideMerge(NodeClusterSocket.layer({
      storage: "sql",
      shardingConfig: { ...config, runnerAddress: Option.some(RunnerAddress.make(host, port)) }
    })),
    Layer.provide(noSettings)
  )

/** A client that hands work to the cluster. */
export const client = ClusterWorkflowEngine.layer.pipe(
  Layer.provideMerge(NodeClusterSocket.layer({
    storage: "sql",
    clientOnly: true,
    shardingConfig: { ...config, runnerAddress: Option.none() }
  })),
  Layer.provide(noSettings)
)
