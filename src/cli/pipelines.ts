/** `duo-mfa pipelines`: what can be extracted. */
import { Console, Effect } from "effect"
import { Command } from "effect/cli"
import { Catalog } from "./Catalog.ts"

export const pipelines = Command.make(
  "pipelines",
  {},
  Effect.fnUntraced(function*() {
    for (const { doc, name, sinks, tables } of yield* (yield* Catalog).pipelines) {
      yield* Console.log(`${name}: ${doc}`)
      yield* Console.log(`  tables ${tables.map((table) => table.name).join(", ")}; sinks ${sinks.join(", ")}`)
    }
  })
).pipe(Command.withDescription("List what can be extracted"))
