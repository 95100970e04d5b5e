/** The views in PostgreSQL: after every run, each has the same rows as the ledger's view of that name. */
import { DuckDBInstance } from "@duckdb/node-api"
import * as NodeServices from "@effect/platform-node/NodeServices"
import { assert, describe, it, layer } from "@effect/vitest"
import { Clock, Effect, FileSystem } from "effect"
import mfa from "../../../pipelines/mfa.ts"
import duckdb from "../../../sinks/duckdb.ts"
import postgres from "../../../sinks/postgres.ts"
import * as Story from "../../../src/emulator/people/Story.ts"
import * as Tenant from "../../../src/emulator/people/Tenant.ts"
import { type Options, serve } from "../../../src/emulator/server/Emulator.ts"
import * as StoppedClock from "../../../src/emulator/StoppedClock.ts"
import { codesOn, usersOn } from "../../known/scene.ts"
import { perform } from "../../laws/round.ts"
import { lived, lives, performed, Places } from "../../pipelines/mfa/people-over-time.ts"
import { serverOfFile } from "../../slow/postgres-sink.ts"
import { locationOf } from "../../support/servers/postgres-server.ts"
import { installations } from "../../support/servers/postgres/Installations.ts"
import { run } from "../../torture/support/InProcess.ts"
import { assertSame, emptyIn, inDuckDb, inPostgres } from "./views-of.ts"

const servers = installations.filter(({ isThere }) => isThere).map((installation) => serverOfFile(installation))

const at = (day: number, hour = 9) => Date.UTC(2026, 10, day, hour)
const scene = (day: number) => Tenant.fromUsers(usersOn(day), codesOn(day))
const story = { ...Story.from(at(1) / 1000), users: 30 }
const odd = (users: number) => Tenant.make({ people: "hostile", users })

/** One run: what is special about it, when and in which tenant it is, and what Duo has. */
interface Run extends Pick<Options, "tenant" | "permissions" | "scenario"> {
  readonly what: string
  readonly instant: number
  readonly name: string
}

const runs: ReadonlyArray<Run> = [
  ...[1, 2, 4].map((day) => ({ what: `the scene on day ${day}`, instant: at(day), name: "scene", tenant: scene(day) })),
  ...[1, 9].map((day) => ({
    what: `the story on day ${day}`,
    instant: at(day, 11),
    name: "story",
    tenant: Story.tenantOn(story, day * 3)
  })),
  { what: "a second run on the same day", instant: at(4, 20), name: "scene", tenant: scene(5) },
  {
    what: "a run that is not complete and saw half",
    instant: at(5),
    name: "scene",
    tenant: Tenant.fromUsers(usersOn(5).slice(0, 6), []),
    scenario: [{ do: { fault: "total_objects", add: 6 } }]
  },
  // somebody is back, whom the run before could not have seen
  { what: "a key that may not read codes", instant: at(6), name: "scene", tenant: scene(8), permissions: ["users"] },
  { what: "a code that went unseen", instant: at(8), name: "scene", tenant: Tenant.fromUsers(usersOn(8), []) },
  { what: "hostile names", instant: at(8, 23), name: "odd", tenant: odd(25) },
  { what: "people who are gone", instant: at(12), name: "odd", tenant: odd(22) }
]

/** The views of a ledger file. */
const inLedger = async (file: string) => {
  const instance = await DuckDBInstance.create(file, { access_mode: "READ_ONLY" })
  const connection = await instance.connect()
  try {
    return await inDuckDb(async (sql) => (await connection.runAndReadAll(sql)).getRowObjectsJson())
  } finally {
    connection.closeSync()
    instance.closeSync()
  }
}

for (const { isThere, name } of installations) it.skipIf(!isThere)(`${name} is there`, () => assert.isTrue(isThere))

describe.skipIf(servers.length === 0)("every view in PostgreSQL is the ledger's: columns, comments and rows", () => {
  layer(NodeServices.layer)((it) => {
    it.effect("after every run of several tenants", () =>
      Effect.gen(function*() {
        const folder = yield* (yield* FileSystem.FileSystem).makeTempDirectoryScoped({ prefix: "duo-mfa-views-" })
        const ledger = `${folder}/duo.duckdb`
        const targets = [
          { sink: "duckdb", location: ledger },
          ...servers.map((server) => ({ sink: "postgres", location: locationOf(server(), { schema: "same" }) }))
        ]
        for (const { instant, name, what, ...options } of runs) {
          yield* Effect.scoped(Effect.gen(function*() {
            const duo = yield* serve({ port: 0, ...options })
            const named = { ...mfa, connect: Effect.map(mfa.connect, (source) => ({ ...source, tenant: name })) }
            const { message, outcome } = yield* run(duo, folder, targets, named, {
              maxShrink: 60,
              findSink: (sink) => Effect.succeed(sink === "duckdb" ? duckdb : postgres)
            })
            assert(outcome !== undefined, `${what}: ${message}`)
          })).pipe(Effect.provideServiceEffect(Clock.Clock, StoppedClock.at(instant)))
          const expected = yield* Effect.promise(() => inLedger(ledger))
          for (const server of servers) assertSame(inPostgres(server(), "same"), expected, what)
        }
        assert.deepStrictEqual(emptyIn(yield* Effect.promise(() => inLedger(ledger))), [])
      }), 120_000)
  })

  layer(Places.layer)((it) => {
    const server = servers.at(-1)
    it.effect.prop("of random runs", [lives], ([runs]) =>
      Effect.gen(function*() {
        const at = server?.()
        assert(at !== undefined)
        at.psql("DROP SCHEMA IF EXISTS lived, lived_rows CASCADE")
        for (const { batch, outcome, run } of runs.map(performed)) {
          const viewed = { ...run, portable: mfa.portable, allowEmpty: true }
          yield* perform(postgres, locationOf(at, { schema: "lived" }), viewed, batch, outcome)
        }
        const { connection } = yield* lived(runs)
        const expected = yield* Effect.promise(() =>
          inDuckDb(async (sql) => (await connection.runAndReadAll(sql)).getRowObjectsJson())
        )
        assertSame(inPostgres(at, "lived"), expected, "random runs")
      }).pipe(Effect.provide(NodeServices.layer)), { arbitrary: { runs: 10 }, timeout: 120_000 })
  })
})
