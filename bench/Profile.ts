/**
 * Shows where the JavaScript thread of a run spends its time: a sampled profile by file. The thread is idle while DuckDB's own
 * threads or the server work.
 */
import { Console, Effect, FileSystem, Schema } from "effect"
import { join } from "node:path"
import * as Pages from "./Pages.ts"
import * as Processes from "./Processes.ts"
import { markdown } from "./Table.ts"

const Profile = Schema.fromJsonString(Schema.Struct({
  nodes: Schema.Array(Schema.Struct({
    id: Schema.Int,
    callFrame: Schema.Struct({ functionName: Schema.String, url: Schema.String })
  })),
  samples: Schema.Array(Schema.Int),
  /** Microseconds before each sample. */
  timeDeltas: Schema.Array(Schema.Int)
}))
type Profile = typeof Profile.Type

/** The name of a source: a file of ours, a package, or Node itself. */
const placeOf = ({ functionName, url }: Profile["nodes"][number]["callFrame"]) =>
  /\/node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(url)?.[1] ??
    /\/((?:src|sinks|pipelines)\/.*)$/.exec(url)?.[1] ??
    (functionName.startsWith("(") ? functionName.slice(1, -1) : "Node")

const microseconds = ({ nodes, samples, timeDeltas }: Profile) => {
  const places = new Map(nodes.map(({ callFrame, id }) => [id, placeOf(callFrame)]))
  const spent = new Map<string, number>()
  for (const [index, id] of samples.entries()) {
    const place = places.get(id) ?? "unknown"
    spent.set(place, (spent.get(place) ?? 0) + (timeDeltas[index] ?? 0))
  }
  return spent
}

const most = 15

/** The profile of a run into the default sinks, as a table in Markdown. */
export const measure = Effect.fnUntraced(function*(users: number) {
  yield* Console.error("profile")
  const fs = yield* FileSystem.FileSystem
  const directory = yield* fs.makeTempDirectoryScoped({ prefix: "duo-mfa-bench-" })
  const profiles = yield* fs.makeTempDirectoryScoped({ prefix: "duo-mfa-bench-" })
  const [served] = yield* Pages.serve([users])
  if (served === undefined) return ""
  const command = Processes.duoMfa(served.tenant, directory, ["extract", "--concurrency=4"])
  yield* Processes.run({
    ...command,
    env: { ...command.env, NODE_OPTIONS: `--cpu-prof --cpu-prof-dir=${profiles}` }
  })
  const spent = new Map<string, number>()
  for (const file of yield* fs.readDirectory(profiles)) {
    const profile = yield* Schema.decodeEffect(Profile)(yield* fs.readFileString(join(profiles, file)))
    for (const [place, time] of microseconds(profile)) spent.set(place, (spent.get(place) ?? 0) + time)
  }
  const total = [...spent.values()].reduce((sum, time) => sum + time, 0)
  const ordered = [...spent].toSorted(([, a], [, b]) => b - a)
  const rest = ordered.slice(most).reduce((sum, [, time]) => sum + time, 0)
  const rows = [...ordered.slice(0, most), ["everything else", rest] as const].map(([place, time]) => [
    place,
    (time / 1e6).toFixed(2),
    `${(100 * time / total).toFixed(1)} %`
  ])
  return `A run of ${users.toLocaleString("en")} users on its JavaScript thread, sampled. While threads of
DuckDB work, or the server does, the thread is idle.

${markdown(["where", "s", "share"], rows)}`
}, Effect.scoped)
