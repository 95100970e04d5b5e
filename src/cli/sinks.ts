/** `duo-mfa sinks`: where rows can go. */
import { Console, Effect } from "effect"
import { Command } from "effect/cli"
import { Catalog } from "./Catalog.ts"

export const sinks = Command.make(
  "sinks",
  {},
  Effect.fnUntraced(function*() {
    for (const { doc, name } of yield* (yield* Catalog).sinks) {
      yield* Console.log(`${name.padEnd(8)} ${doc}`)
    }
  })
).pipe(Command.withDescription("List where rows can go"))
