/** Measures costs that do not grow with a tenant: printing the version, and extracting a small tenant. */
import { Console, Effect, FileSystem } from "effect"
import { join } from "node:path"
import * as Pages from "./Pages.ts"
import * as Processes from "./Processes.ts"
import { alone, compared } from "./Table.ts"

export interface Options {
  readonly starts: number
  readonly runs: number
}

export const full: Options = { starts: 15, runs: 15 }
export const quick: Options = { starts: 5, runs: 3 }

const seconds = (args: ReadonlyArray<string>) =>
  Effect.map(Processes.run({ command: process.execPath, args, cwd: Processes.root }), ({ seconds }) => seconds)

/** The program, installed as from npm. */
const packaged = join(Processes.root, "dist/src/main.js")

const build = Processes.run({ ...Processes.node("src/package/build.ts", []), cwd: Processes.root })

/** The time in which the packaged program prints its version, compared with a Node that does nothing. */
export const version = Effect.fnUntraced(function*({ starts }: Options) {
  yield* Console.error("starting")
  yield* build
  const measured: Array<{ readonly ours: number; readonly reference: number }> = []
  for (let start = 0; start <= starts; start++) {
    const both = {
      ours: yield* seconds([packaged, "--version"]),
      reference: yield* seconds(["--eval", "0"])
    }
    // the first round has cold caches
    if (start > 0) measured.push(both)
  }
  return [
    compared("`--version` of the package; an empty Node", "s", measured),
    alone("… what it takes more", "s", measured.map(({ ours, reference }) => ours - reference), 0.15)
  ]
})

/** The seconds of processor time of a command and its children, from the shell's `times`. */
const processorTime = Effect.fnUntraced(function*({ args, command, ...rest }: Processes.Command) {
  const script = `"$@" > /dev/null || exit; times`
  const { stdout } = yield* Processes.run({ ...rest, command: "sh", args: ["-c", script, "sh", command, ...args] })
  // the second line is for the shell's children: 0m0.61s 0m0.09s
  return [...(stdout.split("\n")[1] ?? "").matchAll(/(\d+)m([\d.]+)s/g)]
    .reduce((sum, [, minutes, seconds]) => sum + Number(minutes) * 60 + Number(seconds), 0)
})

/** First runs of the packaged program: 300 users into the ledger and Parquet. */
export const small = Effect.fnUntraced(function*({ runs }: Options) {
  yield* Console.error("300 users")
  yield* build
  const fs = yield* FileSystem.FileSystem
  const [served] = yield* Pages.serve([300])
  if (served === undefined) return []
  const measured: Array<number> = []
  for (let run = 0; run <= runs; run++) {
    const time = yield* Effect.scoped(
      Effect.flatMap(
        fs.makeTempDirectoryScoped({ prefix: "duo-mfa-bench-" }),
        (directory) =>
          processorTime({
            ...Processes.duoMfa(served.tenant, directory, [packaged, "extract", ...Processes.sinks]),
            command: process.execPath
          })
      )
    )
    // the first round has cold caches
    if (run > 0) measured.push(time)
  }
  return [alone("a run of a tenant of 300 users, processor time", "s", measured, 0.8)]
}, Effect.scoped)
