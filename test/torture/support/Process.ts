/** Runs the program in an unusual process: with other flags of Node, less memory or fewer rights. */
import { Effect } from "effect"
import { spawn } from "node:child_process"
import { readFileSync } from "node:fs"
import { main } from "../../support/processes/bundle.ts"
import type { Ended } from "../../support/processes/program.ts"

export interface Options {
  readonly cwd: string
  readonly args: ReadonlyArray<string>
  readonly env: Readonly<Record<string, string>>
  /** Flags for Node. */
  readonly node?: ReadonlyArray<string>
  /** The command that starts the process, such as `unshare -rm …`. */
  readonly by?: ReadonlyArray<string>
  /** Called several times per second with the megabytes of memory that the process uses. */
  readonly resident?: (megabytes: number) => void
  readonly file?: string
}

export interface Measured extends Ended {
  readonly pid: number | undefined
  /** The most memory that it used, in megabytes. */
  readonly peak: number
}

const megabytesOf = (pid: number | undefined, field: string) => {
  try {
    const status = readFileSync(`/proc/${pid}/status`, "utf8")
    return Number(new RegExp(`^${field}:\\s+(\\d+) kB`, "m").exec(status)?.[1] ?? 0) * 1024 / 1e6
  } catch {
    // the process has ended
    return 0
  }
}

/** Runs the program until it ends. If it cannot be started, the case fails and says what it needs. */
export const process = ({ args, by = [], cwd, env, file = main.entry, node = [], resident }: Options) =>
  Effect.callback<Measured>((resume) => {
    const [command = "", ...rest] = [...by, globalThis.process.execPath, ...node, file, ...args]
    const child = spawn(command, rest, {
      cwd,
      env: { NODE_COMPILE_CACHE: main.compiled, PATH: globalThis.process.env["PATH"], ...env }
    })
    let stdout = ""
    let stderr = ""
    let peak = 0
    child.stdout.on("data", (data) => stdout += String(data))
    child.stderr.on("data", (data) => stderr += String(data))
    const timer = setInterval(() => {
      peak = Math.max(peak, megabytesOf(child.pid, "VmHWM"))
      resident?.(megabytesOf(child.pid, "VmRSS"))
    }, 200)
    child.once("error", (error) => resume(Effect.die(new Error(`this case needs ${command}: ${error.message}`))))
    child.once("close", (code) => {
      clearInterval(timer)
      resume(Effect.succeed({ pid: child.pid, code, stdout, stderr, peak }))
    })
    return Effect.sync(() => {
      clearInterval(timer)
      child.kill("SIGKILL")
    })
  })
