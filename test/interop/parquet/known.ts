/** The ledger of the known tenant, six runs on as many days, in the directory that is named. */
import * as NodeServices from "@effect/platform-node/NodeServices"
import { Effect } from "effect"
import { known } from "../../known/ledger.ts"

await Effect.runPromise(known(process.argv[2] ?? "data").pipe(Effect.provide(NodeServices.layer)))
