/**
 * `make bench`: how long a run takes and how much memory, beside what no extractor can do without; and where a page takes
 * its time. Every round measures everything once, so that a busy machine is busy for all alike.
 */
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import * as NodeServices from "@effect/platform-node/NodeServices"
import { Console, Effect, FileSystem } from "effect"
import { availableParallelism, cpus, platform, totalmem } from "node:os"
import { parseArgs } from "node:util"
import mfa from "../pipelines/mfa.ts"
import * as Processes from "./Processes.ts"
import * as Stages from "./Stages.ts"
import { markdown, median, spread } from "./Table.ts"

const { values: options } = parseArgs({
  options: {
    users: { type: "string", multiple: true, default: ["10000", "100000"] },
    rounds: { type: "string", default: "3" }
  }
})
const sizes = options.users.map(Number)
const rounds = Number(options.rounds)
/** Pages for the steps: enough for the compiler to be warm and for the sinks to have something to seal. */
const pages = Math.min(40, Math.max(...sizes) / Stages.pageSize)

interface Round {
  readonly users: number
  readonly floor: Processes.Used
  readonly ours: Processes.Used
}

const wholeRuns = (measured: ReadonlyArray<Round>) =>
  markdown(
    ["users", "wall s", "CPU s", "peak MB", "floor: wall s", "CPU s", "peak MB", "wall ÷ floor", "CPU ÷ floor"],
    sizes.map((users) => {
      const of = measured.filter((round) => round.users === users)
      const used = (of: ReadonlyArray<Processes.Used>) => [
        spread(of.map(({ wall }) => wall), 1),
        spread(of.map(({ cpu }) => cpu), 1),
        spread(of.map(({ peak }) => peak), 0)
      ]
      return [
        users.toLocaleString("en"),
        ...used(of.map(({ ours }) => ours)),
        ...used(of.map(({ floor }) => floor)),
        spread(of.map(({ floor, ours }) => ours.wall / floor.wall), 2),
        spread(of.map(({ floor, ours }) => ours.cpu / floor.cpu), 2)
      ]
    })
  )

/** The steps of a run into the default sinks are the whole of which each has its share. */
const isDefault = (step: string) => {
  const [verb, sink = ""] = step.split(" ")
  return (verb !== "write" && verb !== "seal") || mfa.sinks.includes(sink)
}

const steps = (measured: ReadonlyArray<Stages.Costs>) => {
  const names = [...measured[0]?.keys() ?? []]
  const totals = measured.map((costs) =>
    [...costs].reduce((sum, [step, cost]) => isDefault(step) ? sum + cost : sum, 0)
  )
  const row = (name: string, costs: ReadonlyArray<number>) => [
    name,
    spread(costs.map((cost) => cost / pages), 2),
    `${(100 * median(costs.map((cost, index) => cost / (totals[index] ?? NaN)))).toFixed(1)} %`
  ]
  const rowOf = (name: string) => row(name, measured.map((costs) => costs.get(name) ?? NaN))
  return markdown(["step", "CPU ms a page", "share"], [
    ...names.filter(isDefault).map(rowOf),
    row("all of these", totals),
    ...names.filter((name) => !isDefault(name)).map(rowOf)
  ])
}

const report = (runs: ReadonlyArray<Round>, costs: ReadonlyArray<Stages.Costs>) =>
  `# What \`make bench\` measured

${availableParallelism()} cores of ${cpus()[0]?.model ?? "an unknown processor"}, ${
    Math.round(totalmem() / 2 ** 30)
  } GiB,
${platform()}, Node ${process.versions.node}. Medians of ${rounds} interleaved rounds, and from the least to the most of them.

## A run

From an emulated tenant in a process of its own into ${mfa.sinks.join(", ")}. The floor is a process that fetches the
same pages, parses them as JSON, and does nothing else. Both wait for the emulator, which makes up its users as it goes.

${wholeRuns(runs)}

## A page

Processor time, all threads, of a page of ${Stages.pageSize} users, over ${pages} pages. Sealing is once a run; it is divided by the
pages. A share is of a run into ${mfa.sinks.join(", ")}.

${steps(costs)}
`

const bench = Effect.gen(function*() {
  const fs = yield* FileSystem.FileSystem
  const tenants = yield* Effect.forEach(
    sizes,
    (users) => Effect.map(Processes.emulator(users), (settings) => ({ users, settings }))
  )
  const largest = tenants.reduce((a, b) => a.users > b.users ? a : b)
  const runs: Array<Round> = []
  const costs: Array<Stages.Costs> = []
  yield* Stages.round(largest.settings, Math.min(pages, 4)) // so that the first round is as warm as the others
  for (let round = 1; round <= rounds; round++) {
    yield* Console.error(`Round ${round} of ${rounds}`)
    for (const { settings, users } of tenants) {
      runs.push({ users, floor: yield* Processes.floor(settings), ours: yield* Processes.extract(settings) })
    }
    costs.push(yield* Stages.round(largest.settings, pages))
  }
  const text = report(runs, costs)
  yield* fs.writeFileString(`${import.meta.dirname}/RESULTS.md`, text)
  yield* Console.log(text)
})

NodeRuntime.runMain(bench.pipe(Effect.scoped, Effect.provide(NodeServices.layer)))
