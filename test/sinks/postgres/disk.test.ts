/** The figures about disk in docs/postgres.md: each is within 20 percent of what is measured. */
import * as NodeServices from "@effect/platform-node/NodeServices"
import { assert, describe, it } from "@effect/vitest"
import { Clock, Effect, FileSystem } from "effect"
import { readFileSync } from "node:fs"
import mfa from "../../../pipelines/mfa.ts"
import postgres from "../../../sinks/postgres.ts"
import * as Tenant from "../../../src/emulator/people/Tenant.ts"
import { serve } from "../../../src/emulator/server/Emulator.ts"
import * as StoppedClock from "../../../src/emulator/StoppedClock.ts"
import { hasServer, serverOfFile } from "../../slow/postgres-sink.ts"
import { locationOf, query } from "../../support/servers/postgres-server.ts"
import { run } from "../../torture/support/InProcess.ts"

const at = serverOfFile()

/** The megabytes in the row of the table that begins so. */
const said = (what: string) => {
  const row = readFileSync("docs/postgres.md", "utf8").split("\n").find((line) => line.startsWith(`| ${what}`))
  return Number(row?.split("|")[2])
}

/** The megabytes that three runs of a tenant add: the first, one in which nothing changed, and a day later. */
const megabytesOf = Effect.fnUntraced(function*(users: number) {
  const dataDirectory = yield* (yield* FileSystem.FileSystem).makeTempDirectoryScoped()
  const schema = `disk_${users}`
  const made = Tenant.make({ users })
  const first = Array.from({ length: users }, (_, user) => made.user(user))
  const begun = Date.UTC(2026, 10, 1, 9)
  const later = first.map((user, index) => ({
    ...user,
    ...index % 2 === 0 ? { last_login: begun / 1000 + 3600 } : {},
    ...index % 200 === 1 ? { status: user["status"] === "active" ? "disabled" : "active" } : {}
  }))
  const sizes = yield* Effect.forEach(
    [first, first, later],
    Effect.fnUntraced(function*(people, day) {
      yield* Effect.scoped(Effect.gen(function*() {
        const duo = yield* serve({ port: 27_100, tenant: Tenant.fromUsers(people, []) })
        const targets = [{ sink: "postgres", location: locationOf(at(), { schema }) }]
        const { message, outcome } = yield* run(duo, dataDirectory, targets, mfa, {
          findSink: () => Effect.succeed(postgres)
        })
        assert(outcome !== undefined, message)
      })).pipe(Effect.provideServiceEffect(Clock.Clock, StoppedClock.at(begun + day * 86_400_000)))
      const [{ bytes } = {}] = query(
        at(),
        `SELECT sum(pg_total_relation_size(oid)) AS bytes FROM pg_class
         WHERE relnamespace = '${schema}_rows'::regnamespace AND relkind = 'r'`
      )
      return Number(bytes) / 1e6
    })
  )
  return sizes.map((size, day) => size - (sizes[day - 1] ?? 0))
}, Effect.scoped)

describe.skipIf(!hasServer)("the disk that the page speaks of", () => {
  it.live("is that of a first run, of an unchanged one and of a day later", () =>
    Effect.gen(function*() {
      const [small, large] = [5000, 15_000]
      const [before, after] = [yield* megabytesOf(small), yield* megabytesOf(large)]
      const measured = after.map((megabytes, day) => (megabytes - (before[day] ?? 0)) * 100_000 / (large - small))
      const [first = 0, unchanged = 0, later = 0] = measured
      const isWithin = (what: string, found: number) =>
        assert.isTrue(
          found > said(what) * 0.8 && found < said(what) * 1.2,
          `${what}: the docs say ${said(what)} MB, and ${found} MB was measured`
        )
      isWithin("the first run", first)
      assert.isBelow(unchanged, 2 * said("a further run, if nothing has changed"))
      isWithin("a further run, if half of the users", later)
    }).pipe(Effect.provide(NodeServices.layer)), 120_000)
})
