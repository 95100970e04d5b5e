/** Shared by the tests with a PostgreSQL: a server per file, runs with rows, a schema per test, reasons of failures. */
import { afterAll, assert, beforeAll } from "@effect/vitest"
import { ConfigProvider, Effect } from "effect"
import { createHash } from "node:crypto"
import postgres from "../../sinks/postgres.ts"
import type { DatabaseTarget } from "../../sinks/postgres/DatabaseTarget.ts"
import { isSinkReason, SinkError } from "../../src/failure/SinkError.ts"
import type { SinkRun } from "../../src/Sink.ts"
import { plain, rowsOf, runOf } from "../laws/rows.ts"
import { sinkLaws } from "../laws/sink.ts"
import { binaries, locationOf, reader, type Server, start, tree } from "../support/servers/postgres-server.ts"
import { ofTheMachine } from "../support/servers/postgres/Installations.ts"

export const hasServer = binaries !== undefined

/** Starts a server before the tests of a file, and stops it after them. Only tests can call the result. */
export const serverOfFile = (installation = ofTheMachine) => {
  let server: Server
  beforeAll(async () => {
    if (installation.isThere) server = await start(installation)
  }, 120_000)
  afterAll(() => server?.stop())
  return () => server
}

/** Holds the sink to the laws in a server. */
export const lawsIn = (at: () => Server) =>
  sinkLaws({ ...postgres, location: (directory) => locationOf(at(), { schema: schemaFor(directory) }) }, {
    read: reader(at),
    earliest: -62_135_596_800_000_000n,
    elsewhere: {
      tree: tree(at),
      unwritable: () => [
        locationOf(at(), { database: "nowhere" }),
        locationOf(at(), { user: "stranger" }),
        locationOf(at(), { user: "locked" })
      ]
    }
  })

/** The schema of one test. */
export const schemaFor = (name: string) => `of_${createHash("sha256").update(name).digest("hex").slice(0, 12)}`

export const [first, second] = [runOf(1), runOf(2)]
export const of = (run: SinkRun, count: number) => ({
  things: rowsOf(run, Array.from({ length: count }, () => plain)),
  others: rowsOf(run, [plain])
})

/** The tag and the detail of a failure. */
export const failure = Effect.fnUntraced(function*<A, E, R>(effect: Effect.Effect<A, E, R>) {
  const error = yield* Effect.flip(effect)
  const reason = error instanceof SinkError ? error.reason : error
  assert(isSinkReason(reason), String(error))
  return "detail" in reason ? [reason._tag, reason.detail] : [reason._tag]
})

/** Opens the sink at a server, and says why it cannot be opened. */
export const openingAt = (server: () => Server) => {
  const opened = (changes: Partial<DatabaseTarget>, environment: Record<string, string> = {}, run = runOf(9)) =>
    Effect.scoped(postgres.open(locationOf(server(), changes), run, "/nowhere")).pipe(
      Effect.provide(ConfigProvider.layer(ConfigProvider.fromEnv({ env: environment })))
    )
  const refused = (...given: Parameters<typeof opened>) => failure(opened(...given))
  return { opened, refused }
}
