/**
 * `make bench`: compares the cost of a run with the least possible work and with other programs, in one table on standard output.
 * The whole bench takes an hour, so each part is kept when it is measured, and RESULTS.md is made from the kept parts. `--only
 * PART`, repeatable, measures some parts. `--quick` measures a tenth of the size, mostly once, and only prints the result.
 */
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import * as NodeServices from "@effect/platform-node/NodeServices"
import { Console, Effect, FileSystem } from "effect"
import { parseArgs } from "node:util"
import * as Container from "./Container.ts"
import * as Contenders from "./Contenders.ts"
import * as Fleet from "./Fleet.ts"
import * as History from "./History.ts"
import * as LogLoad from "./LogLoad.ts"
import * as Machine from "./Machine.ts"
import * as Part from "./Part.ts"
import * as Profile from "./Profile.ts"
import * as Report from "./Report.ts"
import * as StartUp from "./StartUp.ts"
import * as Tenants from "./Tenants.ts"
import * as Waiting from "./Waiting.ts"

const { values: { only, quick } } = parseArgs({
  options: { quick: { type: "boolean", default: false }, only: { type: "string", multiple: true } }
})

const sized = <A>({ full, quick: small }: { readonly full: A; readonly quick: A }) => quick ? small : full

/** The tenant that is profiled, of several. */
const profiled = sized({ full: 100_000, quick: 5_000 })

/** The number of users that a run must manage in a small container. */
const contained = sized({ full: 1_000_000, quick: 100_000 })

const names = [
  "rate",
  "latency",
  "machine",
  "container",
  "day",
  "year",
  "start",
  "small",
  "tenants",
  "fleet",
  "log",
  "profile"
] as const

/** Keeps a part if it has the full size, and makes RESULTS.md from all kept parts. */
const keep = Effect.fnUntraced(function*(name: string, part: Part.Part) {
  if (quick) return
  yield* Part.keep(name, part)
  const all = Report.markdown("make bench", yield* Part.kept(names))
  yield* (yield* FileSystem.FileSystem).writeFileString(`${import.meta.dirname}/RESULTS.md`, all)
})

/** Measures runs and the contenders, and removes the contenders afterwards. */
const machine = Effect.fnUntraced(function*(part: Part.Begun) {
  const { contenders, leftOut } = yield* Contenders.all
  const measuredPart = ({ everybody, rows }: Machine.Measured) =>
    part({ rows, notes: leftOut, besides: [{ heading: "What everybody took", text: everybody }] })
  return measuredPart(
    yield* Machine.measure(sized(Machine), contenders, (measured) => keep("machine", measuredPart(measured)))
  )
}, Effect.scoped)

const parts = {
  latency: (part: Part.Begun) => Effect.map(Waiting.latency(sized(Waiting)), (rows) => part({ rows })),
  rate: (part: Part.Begun) => Effect.map(Waiting.rate(sized(Waiting)), (rows) => part({ rows })),
  machine,
  container: (part: Part.Begun) => Effect.map(Container.measure(contained), part),
  day: (part: Part.Begun) => Effect.map(History.day(sized(History)), (rows) => part({ rows })),
  year: (part: Part.Begun) => Effect.map(History.year(sized(History).year), (rows) => part({ rows })),
  start: (part: Part.Begun) => Effect.map(StartUp.version(sized(StartUp)), (rows) => part({ rows })),
  small: (part: Part.Begun) => Effect.map(StartUp.small(sized(StartUp)), (rows) => part({ rows })),
  tenants: (part: Part.Begun) => Effect.map(Tenants.measure(sized(Tenants)), (rows) => part({ rows })),
  fleet: (part: Part.Begun) => Effect.map(Fleet.measure(sized(Fleet)), (rows) => part({ rows })),
  log: (part: Part.Begun) => Effect.map(LogLoad.measure(sized(LogLoad)), (rows) => part({ rows })),
  profile: (part: Part.Begun) =>
    Effect.map(
      Profile.measure(profiled),
      (text) => part({ besides: [{ heading: "Where a run spends its time", text }] })
    )
}

const bench = Effect.gen(function*() {
  const unknown = (only ?? []).filter((name) => !names.some((known) => known === name))
  if (unknown.length > 0) {
    return yield* Effect.die(new Error(`no part is ${unknown.join(", ")}; ${names.join(", ")} are`))
  }
  const measured: Array<{ readonly name: string; readonly part: Part.Part }> = []
  for (const name of names) {
    if (only !== undefined && !only.includes(name)) continue
    const part = yield* parts[name](Part.begin())
    measured.push({ name, part })
    yield* keep(name, part)
  }
  yield* Console.log(Report.markdown(quick ? "make bench-quick" : "make bench", measured))
})

NodeRuntime.runMain(bench.pipe(Effect.provide(NodeServices.layer)))
