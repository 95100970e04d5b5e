/**
 * `make bench`: what a run costs beside what nobody can do without and beside what others do, as one table on standard
 * output and in RESULTS.md. With `--quick` it is a tenth of the size and once; `--only PART`, repeatable, is a part of it, and
 * only printed.
 */
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import * as NodeServices from "@effect/platform-node/NodeServices"
import { Console, Effect, FileSystem } from "effect"
import { availableParallelism, cpus, platform, totalmem } from "node:os"
import { parseArgs } from "node:util"
import * as Contenders from "./Contenders.ts"
import * as Machine from "./Machine.ts"
import * as Profile from "./Profile.ts"
import * as StartUp from "./StartUp.ts"
import { type Row, table } from "./Table.ts"
import * as Waiting from "./Waiting.ts"

const parts = ["waiting", "machine", "others", "start", "profile"]

const { values: { only, quick } } = parseArgs({
  options: { quick: { type: "boolean", default: false }, only: { type: "string", multiple: true, default: parts } }
})

const machine = `${availableParallelism()} cores of ${cpus()[0]?.model ?? "an unknown processor"}, ${
  Math.round(totalmem() / 2 ** 30)
} GiB, ${platform()}, Node ${process.versions.node}`

const report = (rows: ReadonlyArray<Row>, notes: ReadonlyArray<string>, profile: string | undefined) =>
  `# What \`make ${quick ? "bench-quick" : "bench"}\` measured

On ${machine}, ${
    new Date().toISOString().slice(0, 10)
  }. Medians of the rounds; in a round everything is measured once, so that a busy machine is
busy for all alike. A ratio is ours through the reference of the same round.

${table(rows)}

- The wall is that of \`extract --dry-run\` with pages of 10 users and 4 requests in flight; the reference is what so many
  requests take at the least, and there are so many because a list of more than one page is proved complete by reading it
  twice. Nothing is subtracted for starting. Runs at a rate wait side by side, once.
- Users go into DuckDB, Parquet and NDJSON from a server that answers at once. The floor is fetching the same pages once,
  \`JSON.parse\`, DuckDB loading the same rows from Parquet into a file, and writing them as Parquet.
- The others fetch the list once and do not prove anything. They write the same rows to DuckDB and Parquet, which is
  checked. DuckDB alone reads pages that a loop has saved as files, and flattens in SQL; fetching is counted but where it
  says otherwise.
${notes.map((note) => `- ${note}\n`).join("")}${
    profile === undefined ? "" : `
## Where a run spends its time

On the JavaScript thread, sampled. While DuckDB works in threads of its own, the thread is idle.

${profile}
`
  }`

const bench = Effect.gen(function*() {
  const unknown = only.filter((part) => !parts.includes(part))
  if (unknown.length > 0) {
    return yield* Effect.die(new Error(`${unknown.join(", ")}: the parts are ${parts.join(", ")}`))
  }
  const has = (part: string) => only.includes(part)
  const size = <A>(options: { readonly full: A; readonly quick: A }) => quick ? options.quick : options.full
  const rows: Array<Row> = []
  const notes: Array<string> = []

  if (has("waiting")) rows.push(...yield* Waiting.measure(size(Waiting)))
  if (has("machine") || has("others")) {
    const { contenders, leftOut } = has("others") ? yield* Contenders.all : { contenders: [], leftOut: [] }
    rows.push(...yield* Machine.measure(size(Machine), contenders))
    notes.push(...leftOut)
  }
  if (has("start")) rows.push(...yield* StartUp.measure(5))
  const profile = has("profile") ? yield* Profile.measure(size(Machine).sizes.at(-2) ?? 0) : undefined

  const text = report(rows, notes, profile)
  if (parts.every(has)) yield* (yield* FileSystem.FileSystem).writeFileString(`${import.meta.dirname}/RESULTS.md`, text)
  yield* Console.log(text)
})

NodeRuntime.runMain(bench.pipe(Effect.scoped, Effect.provide(NodeServices.layer)))
