/** A snapshot of a live list: what it proves, for every history, and what it takes to get there. */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer, Runtime, Schema, Stream } from "effect"
import type { Client } from "../src/duo/Client.ts"
import { type Endpoint, pages } from "../src/duo/Pages.ts"
import { read } from "../src/duo/Snapshot.ts"
import { decodeUsers, type User } from "../src/duo/User.ts"
import { Users } from "../src/duo/Users.ts"
import { DataDirectory, RunError } from "../src/RunError.ts"
import { type Event, type History, historyOf, LiveTenant, shelf, wrongWith } from "./drift.ts"
import { fake, ok } from "./duo-fake.ts"

const list: Endpoint<User> = {
  path: "/admin/v1/users",
  maxPageSize: 300,
  decode: decodeUsers,
  id: ({ user_id }) => user_id
}

/** Reads a tenant that changes as its history says, or as `before` does before each request. */
const readTenant = (
  { concurrency, events, pageSize, users }: History,
  before: (request: number, tenant: LiveTenant) => void = () => undefined
) =>
  Effect.gen(function*() {
    const tenant = new LiveTenant(users)
    let requests = 0
    let known = 0
    const client: Pick<Client["Service"], "call"> = {
      call: (_path, { limit, offset }, isKnown) =>
        Effect.sync(() => {
          for (const event of events[requests] ?? []) tenant.apply(event)
          before(++requests, tenant)
          const end = Number(offset) + Number(limit)
          const total_objects = tenant.users.length
          const answer = {
            response: tenant.users.slice(Number(offset), end),
            metadata: { total_objects, ...end < total_objects ? { next_offset: end } : {} }
          }
          const text = JSON.stringify({ stat: "OK", ...answer })
          if (isKnown?.(text) !== true) return { ...answer, halves: [], isKnown: false, text }
          known++
          return { response: undefined, metadata: undefined, halves: [], isKnown: true, text }
        })
    }
    const { most, scratch, texts } = shelf()
    const snapshot = yield* read(list, (before) => pages(client, list, { pageSize, concurrency, before }), {
      scratch,
      what: "users",
      onPage: () => Effect.void
    })
    const values = yield* Stream.runCollect(snapshot.values)
    const found = { ...snapshot, complete: snapshot.doubt === null, users: values.flatMap(({ values }) => values) }
    return { read: found, tenant, left: texts.size, mostFiles: most(), known }
  })

const quiet = (users: number, pageSize: number): History => ({ users, pageSize, concurrency: 1, events: [] })
const Part = Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 999 }))
const Happening: Schema.Schema<Event> = Schema.Struct({
  what: Schema.Literals(["add", "remove", "replace", "swap", "move"]),
  at: Part,
  to: Part
})

describe("a snapshot", () => {
  it.effect.prop(
    "is exactly the tenant of one moment, or honestly marked, whatever happens between any two requests",
    [
      Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 30 })),
      Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 8 })),
      Schema.Literals([1, 3]),
      Schema.Array(Schema.Array(Happening).check(Schema.isMaxLength(3))).check(Schema.isMaxLength(30))
    ],
    ([users, pageSize, concurrency, events]) =>
      Effect.map(readTenant({ users, pageSize, concurrency, events }), ({ read, tenant }) => {
        assert.isUndefined(wrongWith(read, tenant.states))
        assert.isAtMost(read.sweeps, 5)
      }),
    { arbitrary: { runs: 300 } }
  )

  it.effect("is so for ten thousand histories, of which each outcome is reached, and leaves nothing behind", () =>
    Effect.gen(function*() {
      const reached = {
        "a page that was as before": 0,
        proved: 0,
        "proved after it moved": 0,
        "proved, some changed": 0,
        "not proved": 0
      }
      for (let seed = 1; seed <= 10_000; seed++) {
        const { known, left, read, tenant } = yield* readTenant(historyOf(seed))
        assert.isUndefined(wrongWith(read, tenant.states), `seed ${seed}`)
        assert.strictEqual(left, 0, `seed ${seed}`)
        reached["a page that was as before"] += known
        if (!read.complete) reached["not proved"]++
        else if (tenant.states.length === 1) reached.proved++
        else if (read.changed > 0) reached["proved, some changed"]++
        else reached["proved after it moved"]++
      }
      for (const [what, times] of Object.entries(reached)) assert.isAbove(times, 100, what)
    }))

  it.effect("takes one sweep if everything fits into a page, and two if not", () =>
    Effect.gen(function*() {
      for (const [users, sweeps, pages] of [[0, 1, 1], [7, 1, 1], [8, 1, 1], [9, 2, 4], [22, 2, 6]] as const) {
        const { read } = yield* readTenant(quiet(users, 8))
        assert.deepStrictEqual([read.complete, read.sweeps, read.pages, read.changed], [true, sweeps, pages, 0])
      }
    }))

  it.effect("sees one who came for one who left, where the number is the same", () =>
    Effect.gen(function*() {
      const { read, tenant } = yield* readTenant(quiet(30, 8), (request, tenant) => {
        if (request === 3) tenant.apply({ what: "swap", at: 0, to: 400 })
        if (request === 5) tenant.apply({ what: "swap", at: 990, to: 970 })
      })
      assert.deepInclude(read, { complete: true, sweeps: 3 })
      assert.isUndefined(wrongWith(read, tenant.states))
    }))

  it.effect("has everybody's newest version, and says that some changed", () =>
    Effect.gen(function*() {
      const { read, tenant } = yield* readTenant(quiet(20, 8), (request, tenant) => {
        if (request === 4) tenant.apply({ what: "replace", at: 0, to: 0 })
      })
      assert.deepInclude(read, { complete: true, sweeps: 2, changed: 1 })
      assert.deepStrictEqual(
        new Map(read.users.map(({ realname, user_id }) => [user_id, String(realname)])),
        tenant.states.at(-1)
      )
    }))

  it.effect("one user less before every second request hides nobody, for pages overlap", () =>
    Effect.gen(function*() {
      const { read } = yield* readTenant(quiet(40, 8), (request, tenant) => {
        if (request % 2 === 0 && request < 7) tenant.apply({ what: "remove", at: 0, to: 0 })
      })
      assert.deepInclude(read, { complete: true, sweeps: 2 })
    }))

  it.effect("is everybody who was seen, and says why it is not proved, when the list never holds still", () =>
    Effect.gen(function*() {
      const everybody = new Set<string>()
      const { read } = yield* readTenant(quiet(30, 8), (_request, tenant) => {
        tenant.apply({ what: "remove", at: 990, to: 0 })
        tenant.apply({ what: "add", at: 0, to: 0 })
        for (const { user_id } of tenant.users) everybody.add(user_id)
      })
      assert.deepInclude(read, { complete: false, sweeps: 5 })
      assert.match(read.doubt ?? "", /would not hold still: read 5 times, it was seen to move \d+ times/)
      assert.isAbove(read.users.length, 30)
    }))

  it.effect("does not ask again what cannot be proved: no number, or one that the list contradicts", () =>
    Effect.gen(function*() {
      for (
        const [total, doubt, sweeps] of [[undefined, "Duo did not say how many users", 1], [
          99,
          "Duo counts 99 users and lists 6",
          2
        ]] as const
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
          (users) => users.snapshot({ pageSize: 4, scratch: shelf().scratch, what: "users", onPage: () => Effect.void })
        ).pipe(
          Effect.provide(Users.layer.pipe(Layer.provideMerge(duo.layer)))
        )
        assert.include(read.doubt, doubt)
        assert.strictEqual(read.sweeps, sweeps)
      }
    }))

  it.effect("keeps no more on disk than a sweep and a page while the list holds still", () =>
    Effect.gen(function*() {
      const { mostFiles, read } = yield* readTenant(quiet(50, 8))
      assert.isAtMost(mostFiles, read.pages / read.sweeps + 2)
    }))

  it.effect("that its scratch directory refuses fails as that does", () =>
    Effect.gen(function*() {
      const reason = new DataDirectory({ directory: "/data", detail: "no space", why: "full" })
      const write = () => Effect.fail(new RunError({ reason }))
      const duo = fake(() => ok([{ user_id: "a" }]))
      const error = yield* Effect.flatMap(
        Users,
        (users) => users.snapshot({ scratch: { ...shelf().scratch, write }, what: "users", onPage: () => Effect.void })
      ).pipe(Effect.flip, Effect.provide(Users.layer.pipe(Layer.provideMerge(duo.layer))))
      assert.strictEqual(error[Runtime.errorExitCode], 74)
    }))
})
