/** `duo-mfa pipelines`: what can be extracted. */
import { Effect } from "effect"
import { Command } from "effect/cli"
import { Plugins } from "./shared/Plugins.ts"
import { commandName } from "./terminal/CommandName.ts"
import * as Stderr from "./terminal/Stderr.ts"
import * as Stdout from "./terminal/Stdout.ts"

export const pipelines = Command.make(
  "pipelines",
  {},
  Effect.fnUntraced(function*() {
    for (const { doc, name, sinks, tables } of yield* (yield* Plugins).pipelines) {
      yield* Stdout.print(`${name}: ${doc}`)
      yield* Stdout.print(`  tables ${tables.map((table) => table.name).join(", ")}; sinks ${sinks.join(", ")}`)
    }
    yield* Stderr.next(`${commandName()} extract NAME`)
  })
).pipe(
  Command.withDescription("List what can be extracted"),
  Command.withExamples([
    { command: "duo-mfa pipelines" }
  ])
)
