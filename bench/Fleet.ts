/**
 * Measures how fast one, two and four workers of a fleet publish tenants whose answers are slow. Workers, tenants and
 * PostgreSQL share this machine. A worker reads one tenant at a time, so it waits for Duo most of the time.
 */
import { Console, Effect, FileSystem, Schedule, Schema } from "effect"
import { spawn } from "node:child_process"
import * as postgres from "../test/support/servers/postgres-server.ts"
import { PrintedParent } from "../test/support/servers/printed-parent.ts"
import * as Processes from "./Processes.ts"
import { alone, compared } from "./Table.ts"

export interface Options {
  readonly tenants: number
  readonly rounds: number
}

export const full: Options = { tenants: 120, rounds: 3 }
export const quick: Options = { tenants: 10, rounds: 1 }

const users = 20
const latency = 300

/** Starts a worker that works until the scope closes, and waits until it listens. */
const worker = (command: Processes.Command) =>
  Effect.acquireRelease(
    Effect.callback<ReturnType<typeof spawn>>((resume) => {
      const { args, cwd, env } = command
      const child = spawn(command.command, args, {
        cwd,
        env: { PATH: process.env["PATH"], ...env },
        stdio: ["ignore", "ignore", "pipe"]
      })
      child.stderr.on("data", (text) => {
        if (String(text).includes("Listening on")) resume(Effect.succeed(child))
      })
      child.once("exit", (code) => resume(Effect.die(new Error(`a worker ended with ${code}`))))
    }),
    (child) => Effect.sync(() => child.kill("SIGKILL"))
  )

/** Waits until each worker has the same number of shards. A shard is an advisory lock of the session of its worker. */
const untilEven = (server: postgres.Server, workers: number) =>
  Effect.sync(() =>
    postgres.query(
      server,
      "SELECT count(*) AS shards FROM pg_locks WHERE objsubid = 2 GROUP BY pid HAVING count(*) > 1"
    )
  ).pipe(
    Effect.repeat({
      until: (held) => held.length === workers && new Set(held.map(({ shards }) => shards)).size === 1,
      schedule: Schedule.spaced("500 millis")
    })
  )

const Submitted = Schema.fromJsonString(Schema.Struct({
  tenants: Schema.Array(Schema.Struct({ state: Schema.String }))
}))

/** The seconds from handing the tenants over until all are published by so many workers. */
const seconds = Effect.fnUntraced(function*(parent: typeof PrintedParent.Type, workers: number) {
  const fs = yield* FileSystem.FileSystem
  const directory = yield* fs.makeTempDirectoryScoped({ prefix: "duo-mfa-bench-" })
  const server = yield* Effect.acquireRelease(
    Effect.promise(() => postgres.start()),
    ({ stop }) => Effect.promise(() => stop())
  )
  const target = `postgres://duo@127.0.0.1:${server.port}/reports`
  const file = `${directory}/tenants.ndjson`
  yield* fs.writeFileString(file, parent.children.map((child) => JSON.stringify(child)).join("\n"), { mode: 0o600 })
  const list = ["--tenants", file, "--database", target]
  for (let n = 0; n < workers; n++) {
    const place = `${directory}/${n}`
    yield* fs.makeDirectory(place)
    yield* worker(Processes.duoMfa(parent, place, ["worker", ...list, "--sink", target, "--at-once", "1"]))
  }
  yield* untilEven(server, workers)
  const ended = yield* Processes.run(
    Processes.duoMfa(parent, directory, ["submit", ...list, "--every", "24h", "--wait", "1h", "--json"])
  )
  const { tenants } = yield* Schema.decodeEffect(Submitted)(ended.stdout)
  return tenants.length === parent.children.length && tenants.every(({ state }) => state === "published")
    ? ended.seconds
    : yield* Effect.die(new Error("not every tenant was published"))
}, Effect.scoped)

/** The tenants a fleet publishes. */
export const measure = Effect.fnUntraced(function*({ rounds, tenants }: Options) {
  yield* Console.error(`a fleet of ${tenants} tenants`)
  const line = yield* Processes.serve(`${import.meta.dirname}/serve-parent.ts`, [tenants, users, latency].map(String))
  const parent = yield* Schema.decodeEffect(PrintedParent)(line)
  const measured = yield* Effect.forEach(
    Array.from({ length: rounds }),
    Effect.fnUntraced(function*() {
      const [one, two, four] = [yield* seconds(parent, 1), yield* seconds(parent, 2), yield* seconds(parent, 4)]
      return { one, two, four }
    })
  )
  return [
    alone(
      `${tenants} tenants of ${users} users, ${latency} ms an answer, published by one worker`,
      "s",
      measured.map(({ one }) => one)
    ),
    compared("… by two workers; by one", "s", measured.map(({ one, two }) => ({ ours: two, reference: one }))),
    compared("… by four workers; by one", "s", measured.map(({ four, one }) => ({ ours: four, reference: one })))
  ]
}, Effect.scoped)
