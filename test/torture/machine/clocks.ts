/** C1: the wall clock is set during a run, and between two runs. */
import { assert } from "@effect/vitest"
import { Clock, Effect, Result } from "effect"
import { join } from "node:path"
import { mfaMethods, userGroups, users } from "../../../pipelines/mfa/Tables.ts"
import * as Tenant from "../../../src/emulator/people/Tenant.ts"
import type { Pipeline } from "../../../src/Pipeline.ts"
import { flatten } from "../../oracle/Flatten.ts"
import { decodeUsers } from "../../oracle/User.ts"
import { contents } from "../../support/processes/program.ts"
import * as RowPipeline from "../../support/row-pipeline.ts"
import type { Case } from "../Case.ts"
import { afterwards } from "../support/afterwards.ts"
import { everySink, inFolder, run } from "../support/InProcess.ts"

const keys = { ikey: "DI000000000000000000", skey: "0".repeat(40) }
const tables = [users, mfaMethods, userGroups]

/** A source of invented users that needs no network. After every two users it calls a function. */
const pipelineOf = (pages: number, between: () => void): Pipeline =>
  RowPipeline.make({
    name: "mfa",
    tables,
    tenant: "127.0.0.1",
    rows: (stamp) => {
      const tenant = Tenant.make({ people: "hostile", users: pages * 2 })
      return Array.from({ length: pages }, (_, page) => {
        between()
        const decoded = Result.getOrThrow(decodeUsers([tenant.user(page * 2), tenant.user(page * 2 + 1)]))
        const people = decoded.values.map((user) => flatten(stamp, user, false))
        return {
          users: people.flatMap((_) => _.users),
          mfa_methods: people.flatMap((_) => _.mfa_methods),
          user_groups: people.flatMap((_) => _.user_groups)
        }
      })
    }
  })

const hour = 3_600_000

/**
 * Jumps of the wall clock: the time at the start, and by how many milliseconds the clock is set after each page. `make
 * test` tries three of them, `make torture` all.
 */
const jumps: ReadonlyArray<readonly [name: string, now: string, by: ReadonlyArray<number>]> = [
  ["forward and back again", "2026-11-23T20:15:00Z", [hour, -2 * hour, hour]],
  ["a leap second, which is one that comes twice", "2016-12-31T23:59:59.500Z", [0, -1000, 0]],
  ["daylight saving begins, in a machine that keeps local time", "2026-03-29T00:59:59.900Z", [hour, 0, 0]],
  ["an hour back", "2026-11-23T20:15:00Z", [0, -hour, 0]],
  ["an hour forward", "2026-11-23T20:15:00Z", [0, hour, 0]],
  ["daylight saving ends, in a machine that keeps local time", "2026-10-25T00:59:59.900Z", [-hour, 0, 0]],
  ["to 1970", "2026-11-23T20:15:00Z", [0, -Date.parse("2026-11-23T20:14:00Z"), 0]],
  ["not at all, it stands still", "2026-11-23T20:15:00Z", [0, 0, 0]]
]

/** The milliseconds that a page takes, by the monotonic clock. */
const page = 20

const jump = ([name, start, by]: typeof jumps[number]) =>
  inFolder(Effect.fnUntraced(function*(folder) {
    const before = contents(folder)
    const data = join(folder, "data")
    const targets = everySink(data).filter(({ sink }) => sink === "duckdb" || sink === "ndjson")
    const clock = yield* Clock.Clock
    let now = Date.parse(start)
    let monotonic = 0n
    let set = 0
    const settable: Clock.Clock = Object.assign(Object.create(clock), {
      currentTimeMillisUnsafe: () => now,
      currentTimeMillis: Effect.sync(() => now),
      currentTimeNanosUnsafe: () => BigInt(now) * 1_000_000n,
      currentTimeNanos: Effect.sync(() => BigInt(now) * 1_000_000n),
      monotonicTimeNanosUnsafe: () => monotonic,
      monotonicTimeNanos: Effect.sync(() => monotonic)
    })
    let at = 0
    const between = () => {
      const step = by[at++ % by.length] ?? 0
      if (step !== 0 || by.every((none) => none === 0)) set++
      now += step
      monotonic += BigInt(page) * 1_000_000n
    }
    const once = Effect.provideService(
      run(keysOf, data, targets, pipelineOf(by.length, between)),
      Clock.Clock,
      settable
    )
    const ids: Array<string> = []
    for (let turn = 0; turn < 2; turn++) {
      const { message, outcome } = yield* once
      assert(outcome !== undefined, `${name}: ${message}`)
      ids.push(outcome.run_id)
      const took = Date.parse(outcome.finished_at) - Date.parse(outcome.started_at)
      assert.isAtLeast(took, 0, `${name}: it took ${took} ms`)
    }
    assert.deepStrictEqual(ids, [...new Set(ids)].sort(), `${name}: runs do not sort in the order they were`)
    yield* afterwards({ folder, before, recovered: true, keys, tables })
    return set
  }))

const keysOf = { host: "127.0.0.1", ...keys }

export const cases: ReadonlyArray<Case> = [{
  id: "C1",
  fault:
    "the wall clock is set back or forward during a run, a second comes twice, daylight saving time begins or ends",
  expected: "every run has its own id, which sorts after earlier ids; its duration is the true one",
  n: { test: 1, torture: 2 },
  run: ({ n }) =>
    Effect.map(
      Effect.forEach(jumps.slice(0, n === 1 ? 3 : jumps.length), jump),
      (set) => ({ "clock set": set.reduce((a, b) => a + b) })
    )
}]
