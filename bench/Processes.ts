/** Programs in processes of their own: what serves, and what is measured from its start to its end. */
import { Effect, FileSystem, Schema } from "effect"
import { spawn } from "node:child_process"
import { createInterface } from "node:readline"

export const root = `${import.meta.dirname}/..`

const program = `${root}/duo-mfa`

/** A command and what it is given. */
export interface Command {
  readonly command: string
  readonly args: ReadonlyArray<string>
  /** Besides `PATH`. */
  readonly env?: Readonly<Record<string, string>>
  readonly cwd?: string
}

/** What a process took, and those that it started: seconds, seconds of processor time, megabytes at the peak. */
export interface Used {
  readonly wall: number
  readonly cpu: number
  readonly peak: number
}

export interface Ended {
  readonly seconds: number
  readonly stdout: string
}

/** A module of ours, run by the Node that runs the bench. */
export const node = (module: string, args: ReadonlyArray<string>): Command => ({
  command: process.execPath,
  args: ["--disable-warning=ExperimentalWarning", module, ...args]
})

/** Runs a command to its end, which must be a good one; it is killed with the fiber that waits for it. */
export const run = Effect.fnUntraced(function*({ args, command, cwd, env }: Command) {
  const began = performance.now()
  const { code, stderr, stdout } = yield* Effect.callback<
    { readonly code: number | null; readonly stdout: string; readonly stderr: string }
  >((resume) => {
    const child = spawn(command, args, {
      cwd,
      env: { PATH: process.env["PATH"], HOME: process.env["HOME"], ...env },
      stdio: ["ignore", "pipe", "pipe"]
    })
    let stdout = ""
    let stderr = ""
    child.stdout.on("data", (data) => stdout += data)
    child.stderr.on("data", (data) => stderr += data)
    child.once("error", (error) => resume(Effect.die(error)))
    child.once("close", (code) => resume(Effect.succeed({ code, stdout, stderr })))
    return Effect.sync(() => child.kill())
  })
  const ended: Ended = { seconds: (performance.now() - began) / 1000, stdout }
  return code === 0
    ? ended
    : yield* Effect.die(new Error(`${command} ${args.join(" ")} ended with ${code}:\n${stderr.slice(-2000)}`))
})

const decodeUsage = Schema.decodeUnknownSync(
  Schema.fromJsonString(
    Schema.Struct({ userCPUTime: Schema.Finite, systemCPUTime: Schema.Finite, maxRSS: Schema.Finite })
  )
)

/** Runs a command that says what it used; Node does so by itself, in every process that it starts. */
export const measure = Effect.fnUntraced(function*(command: Command) {
  const fs = yield* FileSystem.FileSystem
  const file = yield* fs.makeTempFileScoped({ prefix: "duo-mfa-bench-" })
  const { seconds, stdout } = yield* run({
    ...command,
    env: {
      ...command.env,
      NODE_OPTIONS: `--import=${import.meta.resolve("./usage.ts")} --disable-warning=ExperimentalWarning`,
      DUO_BENCH_USAGE: file
    }
  })
  const processes = (yield* fs.readFileString(file)).trim().split("\n").map((line) => decodeUsage(line))
  const used: Used = {
    wall: seconds,
    cpu: processes.reduce((sum, { systemCPUTime, userCPUTime }) => sum + systemCPUTime + userCPUTime, 0) / 1e6,
    peak: processes.reduce((sum, { maxRSS }) => sum + maxRSS, 0) * 1024 / 1e6
  }
  return { used, stdout }
}, Effect.scoped)

/** Starts a module of ours that serves until the scope closes, and gives the line that it says when it is ready. */
export const serve = Effect.fnUntraced(function*(module: string, args: ReadonlyArray<string>) {
  const { args: all, command } = node(module, args)
  const child = yield* Effect.acquireRelease(
    Effect.sync(() => spawn(command, all, { stdio: ["ignore", "pipe", "inherit"] })),
    (child) => Effect.sync(() => child.kill())
  )
  return yield* Effect.callback<string>((resume) => {
    createInterface(child.stdout).once("line", (line) => resume(Effect.succeed(line)))
    child.once("exit", (code) => resume(Effect.die(new Error(`${module} ended with ${code}`))))
  })
})

/** A tenant, and the keys to it. */
export interface Tenant {
  readonly host: string
  readonly ikey: string
  readonly skey: string
}

/** The sinks that write what the contenders write. */
export const sinks = ["--sink", "duckdb", "--sink", "parquet"]

/** `duo-mfa`, of a tenant, with its data in a directory. */
export const duoMfa = (tenant: Tenant, directory: string, args: ReadonlyArray<string>): Command => ({
  command: program,
  args,
  cwd: directory,
  env: {
    DUO_HOST: tenant.host,
    DUO_IKEY: tenant.ikey,
    DUO_SKEY: tenant.skey,
    DUO_INSECURE_LOOPBACK: "1",
    DUO_MFA_DATA: directory
  }
})

/** What the bench needs of what a run says of itself. */
const Summary = Schema.fromJsonString(Schema.Struct({
  complete: Schema.Boolean,
  requests: Schema.Int,
  rows: Schema.Record(Schema.String, Schema.Int)
}))
export type Summary = typeof Summary.Type

export const summary = Schema.decodeUnknownEffect(Summary)
