/** A list that changes while it is read: its readings prove completeness, or the run says why they do not. */
import * as NodeServices from "@effect/platform-node/NodeServices"
import { assert, describe, it, layer } from "@effect/vitest"
import { Context, Effect, FileSystem, Layer, Schema } from "effect"
import * as RunDatabase from "../../../src/duckdb/RunDatabase.ts"
import { pages } from "../../../src/duo/list/Pages.ts"
import * as Readings from "../../../src/duo/list/Readings.ts"
import { list, Users } from "../../../src/duo/list/Users.ts"
import { type Event, type History, historyOf, type LiveTenant, wrongWith } from "../../support/drift.ts"
import { fake, ok } from "../../support/servers/duo-fake.ts"
import { type Dating, datings, liveClient } from "../../support/servers/live-client.ts"

const stamp = { run_id: "run", observed_at: 0n, tenant: "api-example" }

const database = Effect.flatMap(
  Effect.flatMap(FileSystem.FileSystem, (fs) => fs.makeTempDirectoryScoped()),
  RunDatabase.open
)

/** Runs with a run database. Many lists can share it if their names differ. */
const withDatabase = <A, E>(use: (database: RunDatabase.RunDatabase) => Effect.Effect<A, E>) =>
  Effect.flatMap(database, use).pipe(Effect.scoped, Effect.provide(NodeServices.layer))

let lists = 0

/** Reads a tenant that changes as its history says, or as `before` changes it before each request. */
const readTenant = Effect.fnUntraced(function*(
  database: RunDatabase.RunDatabase,
  history: History,
  { before, dating = "never", seed = 1 }: {
    readonly before?: (request: number, tenant: LiveTenant) => void
    readonly dating?: Dating
    readonly seed?: number
  } = {}
) {
  const live = liveClient(history, seed, dating, before)
  const name = `users_${lists++}`
  const found = yield* Readings.read(
    { ...list, name },
    (cache) => pages(live.client, live.endpoint, { ...history, cache }),
    { database, stamp, what: "users", onPage: () => Effect.void }
  )
  const rows = yield* database.session.all(`SELECT user_id, realname FROM objects.${name}`)
  const users = rows.map(([user_id, realname]) => ({ user_id: String(user_id), realname: String(realname) }))
  const stored = yield* database.session.all(`SELECT count(*) FROM readings.${name}`)
  yield* database.session.run(`DROP VIEW objects.${name}; DROP TABLE readings.${name}`)
  return {
    read: { ...found, complete: found.doubt === null, users },
    tenant: live.tenant,
    known: live.asked.known,
    stored: Number(stored[0]?.[0])
  }
})

/** One database for all cases of a property, because opening one takes longer than reading a list. */
class Database extends Context.Service<Database, RunDatabase.RunDatabase>()("test/Database") {
  static readonly layer = Layer.effect(Database, database).pipe(Layer.provide(NodeServices.layer))
}

const quiet = (users: number, pageSize: number): History => ({ users, pageSize, concurrency: 1, events: [] })
const Part = Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 999 }))
const Happening: Schema.Schema<Event> = Schema.Struct({
  what: Schema.Literals(["add", "remove", "replace", "swap", "move"]),
  at: Part,
  to: Part
})

layer(Database.layer)("a snapshot", (it) => {
  it.effect.prop(
    "is exactly the tenant at one moment, or is marked as not proved, whatever happens between two requests",
    [
      Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 30 })),
      Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 8 })),
      Schema.Literals([1, 3]),
      Schema.Literals(datings),
      Schema.Array(Schema.Array(Happening).check(Schema.isMaxLength(3))).check(Schema.isMaxLength(30))
    ],
    ([users, pageSize, concurrency, dating, events]) =>
      Effect.gen(function*() {
        const { read, tenant } = yield* readTenant(yield* Database, { users, pageSize, concurrency, events }, {
          dating
        })
        assert.isUndefined(wrongWith(read, tenant.states))
        assert.isAtMost(read.readings, 5)
      }),
    { arbitrary: { runs: 100 } }
  )
})

describe("a snapshot", () => {
  it.effect("is right for many histories, and every outcome is reached", () =>
    withDatabase(Effect.fnUntraced(function*(database) {
      const reached = {
        "a page that did not change": 0,
        "proved by one reading": 0,
        "proved by creation times": 0,
        "proved by two readings": 0,
        "proved after it moved": 0,
        "proved, some changed": 0,
        "not proved": 0
      }
      for (let seed = 1; seed <= 300; seed++) {
        const dating = datings[seed % datings.length] ?? "never"
        const { known, read, tenant } = yield* readTenant(database, historyOf(seed), { dating, seed })
        assert.isUndefined(wrongWith(read, tenant.states), `seed ${seed}`)
        reached["a page that did not change"] += known
        if (!read.complete) reached["not proved"]++
        else {
          if (read.readings === 1) reached["proved by one reading"]++
          if (read.proof === "created") reached["proved by creation times"]++
          if (read.proof === "twice") reached["proved by two readings"]++
          if (tenant.states.length > 1) reached[read.changed > 0 ? "proved, some changed" : "proved after it moved"]++
        }
      }
      for (const [what, times] of Object.entries(reached)) assert.isAbove(times, 5, what)
    })))

  it.effect("takes one reading if everybody fits into a page or was created before, and otherwise two", () =>
    withDatabase(Effect.fnUntraced(function*(database) {
      const cases = [
        [0, "never", 1, 1, "page"],
        [7, "never", 1, 1, "page"],
        [8, "never", 1, 1, "page"],
        [9, "never", 2, 4, "twice"],
        [22, "never", 2, 6, "twice"],
        [9, "always", 1, 2, "created"],
        [22, "always", 1, 3, "created"]
      ] as const
      for (const [users, dating, readings, pages, proof] of cases) {
        const { read } = yield* readTenant(database, quiet(users, 8), { dating })
        assert.deepStrictEqual([read.complete, read.readings, read.pages, read.changed, read.proof], [
          true,
          readings,
          pages,
          0,
          proof
        ])
      }
    })))

  it.effect("notices that one user left and another came, even if the count is the same", () =>
    withDatabase(Effect.fnUntraced(function*(database) {
      const { read, tenant } = yield* readTenant(database, quiet(30, 8), {
        before: (request, tenant) => {
          if (request === 3) tenant.apply({ what: "swap", at: 0, to: 400 })
          if (request === 5) tenant.apply({ what: "swap", at: 990, to: 970 })
        }
      })
      assert.deepInclude(read, { complete: true, readings: 3 })
      assert.isUndefined(wrongWith(read, tenant.states))
    })))

  it.effect("has the newest version of everybody, and counts who changed", () =>
    withDatabase(Effect.fnUntraced(function*(database) {
      const { read, tenant } = yield* readTenant(database, quiet(20, 8), {
        before: (request, tenant) => {
          if (request === 4) tenant.apply({ what: "replace", at: 0, to: 0 })
        }
      })
      assert.deepInclude(read, { complete: true, readings: 2, changed: 1 })
      assert.deepStrictEqual(
        new Map(read.users.map(({ realname, user_id }) => [user_id, realname])),
        new Map(tenant.states.at(-1))
      )
    })))

  it.effect("misses nobody if one user is deleted before every second request, because pages overlap", () =>
    withDatabase(Effect.fnUntraced(function*(database) {
      const { read } = yield* readTenant(database, quiet(40, 8), {
        before: (request, tenant) => {
          if (request % 2 === 0 && request < 7) tenant.apply({ what: "remove", at: 0, to: 0 })
        }
      })
      assert.deepInclude(read, { complete: true, readings: 2 })
    })))

  it.effect("has everybody who was seen, and says why it is not proved, if the list never stops changing", () =>
    withDatabase(Effect.fnUntraced(function*(database) {
      const everybody = new Set<string>()
      const { read } = yield* readTenant(database, quiet(30, 8), {
        before: (_request, tenant) => {
          tenant.apply({ what: "remove", at: 990, to: 0 })
          tenant.apply({ what: "add", at: 0, to: 0 })
          for (const { user_id } of tenant.users) everybody.add(user_id)
        }
      })
      assert.deepInclude(read, { complete: false, readings: 5, proof: null })
      assert.match(read.doubt ?? "", /kept changing: it was read 5 times and seen to move \d+ times/)
      assert.isAbove(read.users.length, 30)
    })))

  it.effect("stops if another reading cannot help: Duo sends no count, or a count that the list contradicts", () =>
    withDatabase(Effect.fnUntraced(function*(database) {
      for (
        const [total, doubt, readings] of [
          [undefined, "Duo did not say how many users", 1],
          [99, "Duo counts 99 users and lists 6", 2]
        ] as const
      ) {
        const duo = fake(({ url }) => {
          const offset = Number(new URL(url).searchParams.get("offset"))
          const users = ["a", "b", "c", "d", "e", "f"].slice(offset, offset + 4).map((user_id) => ({ user_id }))
          return ok(users, {
            ...total && { total_objects: total },
            ...offset + 4 < 6 ? { next_offset: offset + 4 } : {}
          })
        })
        const read = yield* Effect.flatMap(
          Users,
          (users) => users.read({ pageSize: 4, database, stamp, what: "users", onPage: () => Effect.void })
        ).pipe(
          Effect.provide(Users.layer.pipe(Layer.provideMerge(duo.layer)))
        )
        assert.include(read.doubt, doubt)
        assert.strictEqual(read.readings, readings)
      }
    })))

  it.effect("stores each user once, and the overlaps, if the list does not change", () =>
    withDatabase(Effect.fnUntraced(function*(database) {
      const { read, stored } = yield* readTenant(database, quiet(50, 8))
      assert.strictEqual(read.readings, 2)
      assert.isAtMost(stored, 50 + read.pages)
    })))

  it.effect("keeps the first of two objects with one id on a page, and counts it, on a page of any length", () =>
    withDatabase(Effect.fnUntraced(function*(database) {
      const names = Array.from({ length: 1200 }, (_, at) => `DU${at}`)
      const users = [...names, ...names.slice(0, 600)].map((user_id, at) => ({ user_id, realname: `number ${at}` }))
      const duo = fake(() => ok(users, { total_objects: names.length }))
      const read = yield* Effect.flatMap(
        Users,
        ({ read }) => read({ database, stamp, what: "users", onPage: () => Effect.void })
      ).pipe(Effect.provide(Users.layer.pipe(Layer.provideMerge(duo.layer))))
      assert.deepInclude(read, { doubt: null, proof: "page", total: 1200, duplicates: 600 })
      const rows = yield* database.session.all("SELECT user_id, realname FROM objects.users ORDER BY _place")
      assert.deepStrictEqual(rows, users.slice(0, 1200).map(({ realname, user_id }) => [user_id, realname]))
    })))
})
