/** `duo-mfa sinks`: where rows can go. */
import { Effect } from "effect"
import { Command } from "effect/cli"
import { Plugins } from "./shared/Plugins.ts"
import { commandName } from "./terminal/CommandName.ts"
import * as Stderr from "./terminal/Stderr.ts"
import * as Stdout from "./terminal/Stdout.ts"

export const sinks = Command.make(
  "sinks",
  {},
  Effect.fnUntraced(function*() {
    for (const { doc, name } of yield* (yield* Plugins).sinks) {
      yield* Stdout.print(`${name.padEnd(8)} ${doc}`)
    }
    yield* Stderr.next(`${commandName()} extract --sink NAME[:TARGET]`)
  })
).pipe(
  Command.withDescription("List where rows can go"),
  Command.withExamples([
    { command: "duo-mfa sinks" }
  ])
)
