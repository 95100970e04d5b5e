/** The program in a process that is not quite the usual one: other flags of Node, less memory, fewer rights. */
import { Effect } from "effect"
import { spawn } from "node:child_process"
import { readFileSync } from "node:fs"
import { main } from "../support/bundle.ts"
import type { Ended } from "../support/program.ts"

export interface Options {
  readonly cwd: string
  readonly args: ReadonlyArray<string>
  readonly env: Readonly<Record<string, string>>
  /** Flags of Node. */
  readonly node?: ReadonlyArray<string>
  /** What the process is started by: `unshare -rm …`. */
  readonly by?: ReadonlyArray<string>
  /** Called with the megabytes that it has in memory, some times a second. */
  readonly resident?: (megabytes: number) => void
  readonly file?: string
}

export interface Measured extends Ended {
  readonly pid: number | undefined
  /** Megabytes in memory at most. */
  readonly peak: number
}

const megabytesOf = (pid: number | undefined, field: string) => {
  try {
    const status = readFileSync(`/proc/${pid}/status`, "utf8")
    return Number(new RegExp(`^${field}:\\s+(\\d+) kB`, "m").exec(status)?.[1] ?? 0) * 1024 / 1e6
  } catch {
    // it has ended
    return 0
  }
}

/** Runs it until it ends; if it cannot be started, the case fails with what it needs. */
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
