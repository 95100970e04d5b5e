/**
 * Runs duo-mfa in a control group with a memory limit, like a small container. As in a container, data that the run writes
 * counts as memory until the system has written it to the disk.
 */
import { Console, Effect, Exit, FileSystem } from "effect"
import { existsSync, mkdirSync, rmdirSync, writeFileSync } from "node:fs"
import * as Pages from "./Pages.ts"
import * as Processes from "./Processes.ts"
import { finishing } from "./Table.ts"

const gibibyte = 2 ** 30

/** The directory of control groups and the file with the limit of one: for version 2, then for version 1. */
const kinds = [
  { root: "/sys/fs/cgroup", limit: "memory.max" },
  { root: "/sys/fs/cgroup/memory", limit: "memory.limit_in_bytes" }
]

/** Makes a group; undefined if that is not possible. */
const make = ({ limit, root }: (typeof kinds)[number]) => {
  const group = `${root}/duo-mfa-bench-${process.pid}`
  // outside of control groups, mkdir would make a plain directory, which limits nothing
  if (!existsSync(`${root}/cgroup.procs`)) return undefined
  try {
    mkdirSync(group)
  } catch {
    return undefined
  }
  try {
    writeFileSync(`${group}/${limit}`, String(gibibyte), { flag: "r+" })
    return group
  } catch {
    rmdirSync(group)
    return undefined
  }
}

/** A group that is limited to 1 GiB until the scope closes. */
const limited = Effect.acquireRelease(
  Effect.sync(() => kinds.map(make).find((group) => group !== undefined)),
  (group) => Effect.sync(() => group === undefined ? undefined : rmdirSync(group))
)

/** Measures a run into the default sinks. */
export const measure = Effect.fnUntraced(function*(users: number) {
  const fs = yield* FileSystem.FileSystem
  const what = `${users.toLocaleString("en")} users in a container of 1 GiB, three sinks`
  const group = yield* limited
  if (group === undefined) {
    return { rows: [], notes: [`Not measured here, where no control group can be made: ${what}.`] }
  }
  yield* Console.error(what)
  const directory = yield* fs.makeTempDirectoryScoped({ prefix: "duo-mfa-bench-" })
  const [served] = yield* Pages.serve([users])
  if (served === undefined) return { rows: [], notes: [] }
  const { args, command, ...rest } = Processes.duoMfa(served.tenant, directory, [
    "extract",
    "--json",
    "--concurrency=4"
  ])
  const enter = `echo $$ > ${group}/cgroup.procs && exec "$@"`
  const began = performance.now()
  const ended = yield* Effect.exit(
    Processes.run({ ...rest, command: "sh", args: ["-c", enter, "sh", command, ...args] }).pipe(
      Effect.flatMap(({ stdout }) => Processes.summary(stdout))
    )
  )
  const seconds = (performance.now() - began) / 1000
  const met = Exit.isSuccess(ended) && ended.value.complete && ended.value.rows["users"] === users
  return {
    rows: [finishing(what, seconds, met)],
    notes: Exit.isFailure(ended) ? [`${what}: ${String(ended.cause)}`] : []
  }
}, Effect.scoped)
