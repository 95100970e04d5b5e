/** Programs in processes of their own: the emulator, and what is measured from its start to its end. */
import { Effect, FileSystem, Schema } from "effect"
import { spawn } from "node:child_process"
import { createInterface } from "node:readline"

const program = `${import.meta.dirname}/../duo-mfa`

/** Where a tenant is, and the keys to it, as settings. */
export type Settings = Readonly<Record<string, string>>

const decodeStarted = Schema.decodeUnknownEffect(
  Schema.fromJsonString(Schema.Struct({ host: Schema.String, ikey: Schema.String, skey: Schema.String }))
)

/** A tenant of so many invented users; its process ends with the scope. */
export const emulator = Effect.fnUntraced(function*(users: number) {
  const child = yield* Effect.acquireRelease(
    Effect.sync(() => spawn(program, ["emulator", "--users", String(users)], { stdio: ["ignore", "pipe", "inherit"] })),
    (child) => Effect.sync(() => child.kill())
  )
  const line = yield* Effect.promise(async () =>
    (await createInterface(child.stdout)[Symbol.asyncIterator]().next()).value
  )
  const { host, ikey, skey } = yield* decodeStarted(line)
  const settings: Settings = { DUO_HOST: host, DUO_IKEY: ikey, DUO_SKEY: skey, DUO_INSECURE_LOOPBACK: "1" }
  return settings
})

/** What a process took: seconds, seconds of processor time, and megabytes at its peak. */
export interface Used {
  readonly wall: number
  readonly cpu: number
  readonly peak: number
}

const decodeUsage = Schema.decodeUnknownEffect(
  Schema.fromJsonString(
    Schema.Struct({ userCPUTime: Schema.Finite, systemCPUTime: Schema.Finite, maxRSS: Schema.Finite })
  )
)

const measure = Effect.fnUntraced(function*(command: string, args: ReadonlyArray<string>, settings: Settings) {
  const fs = yield* FileSystem.FileSystem
  const file = yield* fs.makeTempFileScoped()
  const began = performance.now()
  const code = yield* Effect.callback<number | null>((resume) => {
    const env = {
      PATH: process.env["PATH"],
      NODE_OPTIONS: `--import=${import.meta.resolve("./usage.ts")}`,
      DUO_BENCH_USAGE: file,
      ...settings
    }
    const child = spawn(command, args, { env, stdio: ["ignore", "ignore", "ignore"] })
    child.once("error", (error) => resume(Effect.die(error)))
    child.once("exit", (code) => resume(Effect.succeed(code)))
  })
  const wall = (performance.now() - began) / 1000
  if (code !== 0) return yield* Effect.die(new Error(`${command} ${args.join(" ")} ended with ${code}`))
  const { maxRSS, systemCPUTime, userCPUTime } = yield* decodeUsage(yield* fs.readFileString(file))
  const used: Used = { wall, cpu: (userCPUTime + systemCPUTime) / 1e6, peak: maxRSS * 1024 / 1e6 }
  return used
}, Effect.scoped)

/** A run into some sinks below a directory. */
export const extractInto = (directory: string, settings: Settings, sinks: ReadonlyArray<string>) =>
  measure(program, ["extract", ...sinks.flatMap((sink) => ["--sink", sink])], { ...settings, DUO_MFA_DATA: directory })

/** A whole run into the default sinks, in a directory that was not there before. */
export const extract = Effect.fnUntraced(function*(settings: Settings) {
  const fs = yield* FileSystem.FileSystem
  const directory = yield* fs.makeTempDirectoryScoped({ prefix: "duo-mfa-bench-" })
  return yield* extractInto(directory, settings, [])
}, Effect.scoped)

/** The same pages and nothing else. */
export const floor = (settings: Settings) => measure(process.execPath, [`${import.meta.dirname}/floor.ts`], settings)
