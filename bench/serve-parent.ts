/** An emulated parent account whose children answer slowly: `serve-parent.ts CHILDREN USERS MILLISECONDS`. It prints its settings. */
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import { Console, Effect } from "effect"
import { serveParent } from "../src/emulator/server/Parent.ts"

const [children = 0, users = 0, latency = 0] = process.argv.slice(2).map(Number)

NodeRuntime.runMain(
  serveParent({ people: "hostile", children, users, latency }).pipe(
    Effect.flatMap(({ children, host, ikey, skey }) =>
      Console.log(JSON.stringify({
        host,
        ikey,
        skey,
        children: children.map(({ account_id, host, name }) => ({ account_id, host, name }))
      }))
    ),
    Effect.andThen(Effect.never),
    Effect.scoped
  )
)
