/** How long the packaged program takes to say its version, beside a Node that does nothing. */
import { Console, Effect } from "effect"
import * as Processes from "./Processes.ts"
import { alone, compared } from "./Table.ts"

const seconds = (args: ReadonlyArray<string>) =>
  Effect.map(Processes.run({ command: process.execPath, args, cwd: Processes.root }), ({ seconds }) => seconds)

export const measure = Effect.fnUntraced(function*(rounds: number) {
  yield* Console.error("starting")
  yield* Processes.run({ ...Processes.node("src/dist/build.ts", []), cwd: Processes.root })
  const measured: Array<{ readonly ours: number; readonly reference: number }> = []
  for (let round = 0; round <= rounds; round++) {
    const both = {
      ours: yield* seconds(["dist/src/main.js", "--version"]),
      reference: yield* seconds(["--eval", "0"])
    }
    // the first one finds nothing in the caches
    if (round > 0) measured.push(both)
  }
  return [
    compared("`--version` of the package; an empty Node", "s", measured),
    alone("… what it takes more", "s", measured.map(({ ours, reference }) => ours - reference), 0.15)
  ]
})
