/** Starts the `duckdb` command with the names of the ledger, which it can only read. */
import { Effect, FileSystem, Path, Runtime, Schema, Stdio } from "effect"
import { spawn } from "node:child_process"
import { constants, tmpdir } from "node:os"
import { ExitCode } from "../../failure/ExitCode.ts"
import * as OpenLedger from "../ask/OpenLedger.ts"
import * as Executable from "../shared/Executable.ts"
import { Plugins } from "../shared/Plugins.ts"
import { shortPath } from "../shared/Summary.ts"
import { commandName } from "../terminal/CommandName.ts"
import * as Stderr from "../terminal/Stderr.ts"

/** The command did not end with 0. */
export class DuckDbEnded extends Schema.TaggedError<DuckDbEnded>()("DuckDbEnded", { code: Schema.Int }) {
  override readonly [Runtime.errorExitCode] = this.code
  override get message() {
    return `duckdb has ended with ${this.code}.`
  }
}

/** The command cannot be started. */
export class NoDuckDb extends Schema.TaggedError<NoDuckDb>()("NoDuckDb", { detail: Schema.String }) {
  override readonly [Runtime.errorExitCode] = ExitCode.cannotCreate
  override get message() {
    return `duckdb cannot be started: ${this.detail}. ${commandName()} shell --no-duckdb works without it.`
  }
}

const ignore = () => undefined

/**
 * Leaves these to the command: Ctrl-C stops its query, and it goes on; a terminal that is closed ends it, and its file is
 * removed then.
 */
const signals = ["SIGINT", "SIGHUP"] as const

const withoutSignals = Effect.forEach(signals, (signal) =>
  Effect.acquireRelease(
    Effect.sync(() => {
      const listeners = process.listeners(signal)
      process.removeAllListeners(signal)
      process.on(signal, ignore)
      return listeners
    }),
    (listeners) =>
      Effect.sync(() => {
        process.removeListener(signal, ignore)
        for (const listener of listeners) process.on(signal, listener)
      })
  ), { discard: true })

/** Runs the command until it ends, and returns its exit code. */
const wait = (program: string, args: ReadonlyArray<string>) =>
  Effect.callback<number, NoDuckDb>((resume) => {
    const child = spawn(program, args, { stdio: "inherit", env: Executable.environment() })
    child.on("error", ({ message }) => resume(Effect.fail(new NoDuckDb({ detail: message }))))
    child.on("close", (code, signal) =>
      resume(Effect.succeed(code ?? 128 + (signal === null ? 0 : constants.signals[signal]))))
    return Effect.callback<void>((resume) => {
      child.once("close", () =>
        resume(Effect.void))
      child.kill()
    })
  })

/** The examples for a person, each with its explanation. */
const examples = (queries: string) => [
  ["SHOW TABLES;", "the tables and views"],
  ["FROM users_at_risk;", "who can log in and is at risk"],
  ["FROM coverage_daily ORDER BY day DESC;", "coverage, day by day"],
  ["FROM users_asof(now() - INTERVAL 7 DAY);", "the users of a week ago"],
  [`.read ${queries}/at-risk.sql`, "a question that has a name"]
]

/** Starts the command, and ends as it ends. */
export const run = Effect.fnUntraced(function*(program: string, dataDirectory: string, from: "ledger" | "parquet") {
  const fs = yield* FileSystem.FileSystem
  const path = yield* Path.Path
  const { statements } = yield* Effect.scoped(OpenLedger.open(dataDirectory, from))
  const sql = ["SET TimeZone = 'UTC'", "SET Calendar = 'gregorian'", ...statements].map((sql) => `${sql}\n;\n`).join("")
  const file = yield* fs.makeTempDirectoryScoped({ directory: tmpdir(), prefix: "duo-mfa-" }).pipe(
    Effect.map((folder) => path.join(folder, "names.sql")),
    Effect.tap((file) => fs.writeFileString(file, sql, { mode: 0o600 })),
    Effect.mapError(({ reason }) => new NoDuckDb({ detail: `TMPDIR cannot be used (${reason._tag})` }))
  )
  if (yield* (yield* Stdio.Stdio).stdinIsTerminal) {
    const { queries } = yield* Plugins
    Stderr.hint(`duckdb with the ledger in ${shortPath(dataDirectory)}, read-only. Times are in UTC.`)
    for (const [typed = "", doc = ""] of examples(shortPath(queries))) {
      Stderr.hint(`  ${typed.padEnd(41)} ${doc}`)
    }
    Stderr.hint(`${commandName()} sql @ lists the questions; ${commandName()} shell --no-duckdb answers them.`)
  }
  yield* withoutSignals
  const code = yield* wait(program, ["-cmd", `.read '${file}'`])
  if (code !== ExitCode.ok) return yield* new DuckDbEnded({ code })
}, Effect.scoped)
