/** Starts programs as processes: servers, and programs that are measured from start to end. */
import { Effect, FileSystem, Schema } from "effect"
import { spawn } from "node:child_process"
import { createInterface } from "node:readline"

export const root = `${import.meta.dirname}/..`

const program = `${root}/duo-mfa`

/** A command with its arguments and environment. */
export interface Command {
  readonly command: string
  readonly args: ReadonlyArray<string>
  /** The environment, in addition to `PATH`. */
  readonly env?: Readonly<Record<string, string>>
  readonly cwd?: string
}

/** The usage of a process and its children: seconds, seconds of processor time, megabytes at the peak. */
export interface Used {
  readonly wall: number
  readonly cpu: number
  readonly peak: number
}

export interface Ended {
  readonly seconds: number
  readonly stdout: string
}

/** The command for a module of ours, run by the Node of the bench. */
export const node = (module: string, args: ReadonlyArray<string>): Command => ({
  command: process.execPath,
  args: ["--disable-warning=ExperimentalWarning", module, ...args]
})

/** Runs a command, which must exit with 0. It is killed if the fiber that waits for it is interrupted. */
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

/** Runs a command that reports its usage. Node processes do so by themselves, through `usage.ts`. */
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

/** Starts a module of ours that serves until the scope closes, and returns the line that it prints when it is ready. */
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

/** A tenant with its keys. */
export interface Tenant {
  readonly host: string
  readonly ikey: string
  readonly skey: string
}

/** The sinks that write the same files as the contenders. */
export const sinks = ["--sink", "duckdb", "--sink", "parquet"]

/** The command `duo-mfa` for a tenant, with its data in a directory. */
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

/** The part of a run's summary that the bench needs. */
const Summary = Schema.fromJsonString(Schema.Struct({
  complete: Schema.Boolean,
  requests: Schema.Int,
  rows: Schema.Record(Schema.String, Schema.Int)
}))
export type Summary = typeof Summary.Type

export const summary = Schema.decodeUnknownEffect(Summary)
