/** A worker of a fleet: joins the cluster, and does the turns that the cluster gives it until the process ends. */
import { Effect, Layer, Semaphore } from "effect"
import { Activity } from "effect/workflow"
import * as Board from "./Board.ts"
import { type Address, TenantTurn, worker } from "./Cluster.ts"
import * as FleetDatabase from "./FleetDatabase.ts"
import * as Turns from "./Turns.ts"

/** Works until the process is told to end. `atOnce` is how many turns are done at the same time. */
export const work = (
  database: string,
  address: Address,
  options: Turns.WorkerOptions & { readonly atOnce: number }
) =>
  Effect.gen(function*() {
    const board = yield* Board.make
    yield* Turns.tidy(board, options)
    const { withPermit } = yield* Semaphore.make(options.atOnce)
    const turns = TenantTurn.toLayer((turn) =>
      Activity.make({ name: "Turn", execute: Turns.take(board, turn, options, withPermit) })
    )
    yield* Effect.logInfo("Waiting for work; Ctrl-C ends this worker")
    return yield* Layer.launch(Layer.provide(turns, worker(address)))
  }).pipe(Effect.scoped, Effect.provide(FleetDatabase.layer(database)))
