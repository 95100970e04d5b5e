/** P1: the tenant changes between any two requests. The whole pipeline reads it over a socket. */
import * as NodeServices from "@effect/platform-node/NodeServices"
import { assert } from "@effect/vitest"
import { ConfigProvider, Effect, FileSystem, Stream } from "effect"
import mfa from "../../../pipelines/mfa.ts"
import { users } from "../../../pipelines/mfa/Tables.ts"
import * as RowsSql from "../../../src/duckdb/RowsSql.ts"
import * as RunDatabase from "../../../src/duckdb/RunDatabase.ts"
import type { Scenario } from "../../../src/emulator/faults/Scenario.ts"
import * as Tenant from "../../../src/emulator/people/Tenant.ts"
import { serve } from "../../../src/emulator/server/Emulator.ts"
import * as Rows from "../../../src/run/Rows.ts"
import { historyOf, LiveTenant, wrongWith } from "../../support/drift.ts"
import { settings } from "../../support/processes/program.ts"
import { type Case, type Reached, repeat } from "../Case.ts"

/** Runs against a tenant with one history of edits, and compares the rows with every state that the tenant had. */
const readOne = Effect.fnUntraced(function*(seed: number) {
  const { concurrency, events, pageSize, users: size } = historyOf(seed)
  const scenario: Array<Scenario[number]> = []
  let page = 1
  // every second tenant has times of creation: an hour ago, or in the future
  const now = Math.floor(Date.now() / 1000)
  let created = now - 3600
  const live = new LiveTenant(size, {
    created: () => seed % 2 === 0 ? created : undefined,
    edited: (edit) => scenario.push({ when: { page }, do: { fault: "edit", edit } })
  })
  created = now + 3600
  const tenant = Tenant.fromUsers([...live.users])
  /** For each request, the number of states that there had been when it was answered. */
  const states = events.map((some, index) => {
    page = index + 1
    for (const event of some) live.apply(event)
    return live.states.length
  })
  const duo = yield* serve({ tenant, scenario })
  const source = yield* mfa.connect.pipe(
    Effect.provideService(ConfigProvider.ConfigProvider, ConfigProvider.fromEnv({ env: settings(duo) }))
  )
  const fs = yield* FileSystem.FileSystem
  const database = yield* RunDatabase.open(yield* fs.makeTempDirectoryScoped())
  const stamp = { run_id: "drift", observed_at: 0n, tenant: source.tenant }
  const extraction = yield* source.extract(stamp, { pageSize, concurrency, database })
  const [{ changed, doubt, proof }] = extraction.lists
  yield* Rows.prepare(database, mfa, [{ stamp, extraction }])
  yield* Rows.make(database, mfa, [{ stamp, extraction }], { treatment: "keep" })
  const people = (yield* Stream.runCollect(RowsSql.make(database.session).stream(users, stamp.run_id))).flat()
  const read = {
    complete: doubt === null,
    proof,
    changed,
    users: people.map(({ realname, user_id }) => ({ user_id: String(user_id), realname: String(realname) }))
  }
  const { complete } = read
  const asked = duo.requests.filter(({ path }) => path.endsWith("/users")).length
  const was = live.states.slice(0, states[Math.min(asked, states.length) - 1] ?? 1)
  assert.isUndefined(wrongWith(read, was))
  const reached: Reached = {
    edits: duo.reached.edit ?? 0,
    complete: complete && was.length === 1 ? 1 : 0,
    "complete although it moved": complete && was.length > 1 ? 1 : 0,
    "complete, and said that some changed": complete && changed > 0 ? 1 : 0,
    "marked incomplete": complete ? 0 : 1
  }
  return reached
}, Effect.scoped)

export const cases: ReadonlyArray<Case> = [{
  id: "P1",
  fault: "users are added, removed, changed and moved between any two requests, so that the total changes or stays",
  expected:
    "the rows are exactly the tenant at one moment, or the run says that it is incomplete; nobody comes twice; it ends",
  n: { test: 6, torture: 10_000 },
  seed: 14,
  run: (plan) => repeat(plan, readOne).pipe(Effect.provide(NodeServices.layer))
}]
