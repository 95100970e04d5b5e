/**
 * `make bench`: what a run costs beside what nobody can do without and beside what others do, as one table on standard
 * output. Each part is kept when it is measured, and RESULTS.md is made of those that are: the whole takes hours. `--only
 * PART`, repeatable, measures some. With `--quick` it is a tenth of the size and mostly once, and only printed.
 */
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import * as NodeServices from "@effect/platform-node/NodeServices"
import { Console, Effect, FileSystem } from "effect"
import { parseArgs } from "node:util"
import * as Contenders from "./Contenders.ts"
import * as History from "./History.ts"
import * as Machine from "./Machine.ts"
import * as Part from "./Part.ts"
import * as Profile from "./Profile.ts"
import * as Report from "./Report.ts"
import * as StartUp from "./StartUp.ts"
import * as Waiting from "./Waiting.ts"

const { values: { only, quick } } = parseArgs({
  options: { quick: { type: "boolean", default: false }, only: { type: "string", multiple: true } }
})

const sized = <A>({ full, quick: small }: { readonly full: A; readonly quick: A }) => quick ? small : full

/** Which of several tenants is profiled. */
const profiled = sized({ full: 100_000, quick: 5_000 })

const parts = {
  waiting: Part.measured(Effect.map(Waiting.measure(sized(Waiting)), (rows) => ({ rows }))),
  // what is compared with goes away before the next part
  machine: Part.measured(Effect.scoped(Effect.gen(function*() {
    const { contenders, leftOut } = yield* Contenders.all
    const { everybody, rows } = yield* Machine.measure(sized(Machine), contenders)
    return { rows, notes: leftOut, besides: [{ heading: "What everybody took", text: everybody }] }
  }))),
  day: Part.measured(Effect.map(History.day(sized(History)), (rows) => ({ rows }))),
  year: Part.measured(Effect.map(History.year(sized(History).year), (rows) => ({ rows }))),
  start: Part.measured(Effect.map(StartUp.measure(sized({ full: 15, quick: 5 })), (rows) => ({ rows }))),
  profile: Part.measured(Effect.map(Profile.measure(profiled), (text) => ({
    besides: [{ heading: "Where a run spends its time", text }]
  })))
}

const bench = Effect.gen(function*() {
  const names = Object.keys(parts)
  const unknown = (only ?? []).filter((name) => !names.includes(name))
  if (unknown.length > 0) {
    return yield* Effect.die(new Error(`no part is ${unknown.join(", ")}; ${names.join(", ")} are`))
  }
  const now: Array<{ readonly name: string; readonly part: Part.Part }> = []
  for (const [name, measure] of Object.entries(parts)) {
    if (only !== undefined && !only.includes(name)) continue
    const part = yield* measure
    now.push({ name, part })
    if (quick) continue
    yield* Part.keep(name, part)
    const all = Report.markdown("make bench", yield* Part.kept(names))
    yield* (yield* FileSystem.FileSystem).writeFileString(`${import.meta.dirname}/RESULTS.md`, all)
  }
  yield* Console.log(Report.markdown(quick ? "make bench-quick" : "make bench", now))
})

NodeRuntime.runMain(bench.pipe(Effect.provide(NodeServices.layer)))
