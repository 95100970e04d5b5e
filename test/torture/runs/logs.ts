/**
 * L1 to L3, L5 and L6: a log whose events come late, share milliseconds, are counted only to a limit, are read in any
 * order, or only one request at a time. `EVENTS` is the number of events of a history.
 */
import { assert } from "@effect/vitest"
import { Clock, Effect } from "effect"
import { existsSync } from "node:fs"
import auth from "../../../pipelines/auth.ts"
import type { Scenario } from "../../../src/emulator/faults/Scenario.ts"
import * as LoginLog from "../../../src/emulator/log/LoginLog.ts"
import { Dice, seedOf } from "../../../src/emulator/people/Dice.ts"
import * as Tenant from "../../../src/emulator/people/Tenant.ts"
import { type Options, serve } from "../../../src/emulator/server/Emulator.ts"
import type { LogRange } from "../../../src/run/log/LogWindows.ts"
import { query } from "../../support/processes/program.ts"
import { type Case, type Reached, repeat } from "../Case.ts"
import { inFolder, run, sinks } from "../support/InProcess.ts"

const hour = 3_600_000
const day = 24 * hour
const start = Date.UTC(2026, 10, 2)
const events = Number(process.env["EVENTS"] ?? 10_000)

interface History {
  readonly seed: number
  readonly days: number
  readonly log?: Partial<LoginLog.LogOptions>
  readonly duo?: Partial<Options>
  readonly pageSize?: number
}

const fields = [/"isotimestamp": "([^"]+)/, /"timestamp": (\d+)/, /"txid": "([^"]+)/]

/** The key of an entry, from its JSON text: its transaction, and its instant in microseconds. Parsing all of it is slow. */
const keyOf = (text: string) => {
  const [isotimestamp, timestamp, txid] = fields.map((field) => field.exec(text)?.[1])
  if (isotimestamp === undefined) return `${txid} ${timestamp}000000`
  const fraction = /\.(\d+)/.exec(isotimestamp)?.[1] ?? ""
  return `${txid} ${Date.parse(isotimestamp.replace(/\.\d+/, "")) / 1000}${fraction.padEnd(6, "0")}`
}

/** A log of some days, a clock that is set, and runs that read the log into Parquet files. */
const site = Effect.fnUntraced(function*(folder: string, { days, duo, log: shape, pageSize, seed }: History) {
  const time = { now: start }
  const real = yield* Clock.Clock
  const clock: Clock.Clock = Object.assign(Object.create(real), {
    currentTimeMillisUnsafe: () => time.now,
    currentTimeMillis: Effect.sync(() => time.now)
  })
  const firstDay = start / day
  const log = LoginLog.make({
    people: "hostile",
    seed: seedOf(`history ${seed}`),
    users: LoginLog.usersOf(Tenant.make({ people: "hostile", users: 50, seed })),
    perDay: (on) => on >= firstDay && on < firstDay + days ? Math.floor(events / days) : 0,
    latePercent: 2,
    ...shape
  })
  const emulator = yield* serve({ people: "hostile", users: 0, seed, log, ...duo }).pipe(
    Effect.provideService(Clock.Clock, clock)
  )
  const data = `${folder}/data`
  const extract = Effect.fnUntraced(function*(now: number, range?: LogRange) {
    time.now = now
    const ran = yield* run(
      emulator,
      data,
      [{ sink: "parquet", location: sinks.parquet.location(data) }],
      auth,
      { pageSize, range: range ?? { from: Math.max(start, now - 4 * day) } }
    ).pipe(Effect.provideService(Clock.Clock, clock))
    assert.strictEqual(ran.code, 0, ran.message)
    assert(ran.outcome !== undefined)
    return ran.outcome
  })
  /** Compares the events that are published with those of the log: none is missing, and none is there twice. */
  const compare = Effect.fnUntraced(function*(now: number) {
    const whole = { from: start, to: start + days * day, now }
    const all = log.page(whole, { limit: Infinity, after: undefined, isAscending: true }).map(({ text }) => keyOf(text))
    assert(existsSync(`${data}/parquet/authentications`))
    const found = yield* query(
      `SELECT txid || ' ' || epoch_us(occurred_at) AS key FROM '${data}/parquet/authentications/*/*.parquet'`
    )
    const keys = found.map(({ key }) => String(key))
    assert.strictEqual(new Set(keys).size, keys.length, "doubled")
    assert.deepStrictEqual(keys.toSorted(), all.toSorted(), "lost")
    return all.length
  })
  return { compare, emulator, extract }
})

/** Reads a history with a run every so many hours, and a day longer, in which the late events come. */
const regular = (history: History, everyHours: number) =>
  inFolder(Effect.fnUntraced(function*(folder) {
    const { compare, emulator, extract } = yield* site(folder, history)
    const end = start + (history.days + 1) * day
    const outcomes = []
    for (let now = start + everyHours * hour; now <= end; now += everyHours * hour) outcomes.push(yield* extract(now))
    const found = yield* compare(end)
    return { emulator, found, outcomes }
  }))

/** Runs come every so many hours. */
const intervals = [1, 2, 3, 4, 6]

const late = (seed: number) =>
  Effect.map(
    regular({ seed, days: seed % 2 === 0 ? 3 : 1 }, seed % 2 === 0 ? 24 : intervals[seed % intervals.length] ?? 2),
    ({ outcomes }): Reached => ({
      late: outcomes.reduce((sum, { window }) => sum + (window?.late ?? 0), 0),
      complete: outcomes.filter(({ complete }) => complete).length
    })
  )

const ties = (seed: number) =>
  Effect.map(
    regular({ seed, days: 1, pageSize: 97, log: { tiePercent: 70, latePercent: 0.1 } }, 12),
    ({ outcomes }): Reached => ({ pages: outcomes.reduce((sum, { pages }) => sum + pages, 0) })
  )

/** Some days have more events than Duo counts. */
const capped = (seed: number) =>
  Effect.map(
    regular(
      {
        seed,
        days: 1,
        log: { perDay: (on) => on === start / day ? Math.max(events, 15_000) : 0 },
        duo: { counting: seed % 2 === 0 ? "relation" : "capped" }
      },
      24
    ),
    ({ emulator, found, outcomes }): Reached => {
      assert.isTrue(outcomes.every(({ complete }) => complete), outcomes[0]?.incomplete_reason ?? "")
      const counts = emulator.requests.filter(({ params }) =>
        params.some(([name, value]) => name === "limit" && value === "1")
      )
      return { counts: counts.length, beyond: found > 10_000 ? 1 : 0 }
    }
  )

/** Days are read in any order, some of them twice, and then everything. */
const order = (seed: number) =>
  inFolder(Effect.fnUntraced(function*(folder) {
    const days = 5
    const { compare, extract } = yield* site(folder, { seed, days, log: { latePercent: 0 } })
    const dice = new Dice(seed)
    const now = start + (days + 1) * day
    let repeated = 0
    for (let n = 0; n < 7; n++) {
      const from = start + dice.below(days) * day + dice.below(2) * 6 * hour
      const { window } = yield* extract(now + n * 1000, { from, to: from + day })
      repeated += window?.repeated ?? 0
    }
    for (let n = 0; n < 12; n++) yield* extract(now + 60_000 + n * 1000, { from: start })
    yield* compare(now + hour)
    const reached: Reached = { "back-fills": 7, "events read twice at shared ends": repeated + 1 }
    return reached
  }))

/** Every second request is answered with a 429. */
const oneAtATime: Scenario = [2, 4, 6].map((request) => ({
  when: { request },
  do: { fault: "rate_limit", retry_after: "seconds", seconds: 1 }
}))

/** Duo lets one request through at a time, and asks to wait after each. */
const throttled = (seed: number) =>
  inFolder(Effect.fnUntraced(function*(folder) {
    const { compare, emulator, extract } = yield* site(folder, {
      seed,
      days: 1,
      log: { perDay: (on) => on === start / day ? 300 : 0, latePercent: 0 },
      duo: { scenario: oneAtATime },
      pageSize: 100
    })
    const outcome = yield* extract(start + 2 * day, { from: start, to: start + day })
    yield* compare(start + 2 * day)
    const reached: Reached = {
      "429": emulator.requests.filter(({ status }) => status === 429).length,
      retries: outcome.retries
    }
    return reached
  }))

export const cases: ReadonlyArray<Case> = [
  {
    id: "L1",
    fault: "events appear in the log hours after they happened",
    expected: "a later run finds them; none is lost, and none is there twice",
    n: { test: 2, torture: 20 },
    run: (plan) => repeat(plan, late)
  },
  {
    id: "L2",
    fault: "many events share a millisecond, and some a transaction, at the ends of pages and windows",
    expected: "none is lost, and none is there twice",
    n: { test: 1, torture: 20 },
    run: (plan) => repeat(plan, ties)
  },
  {
    id: "L3",
    fault: "Duo counts a log only to 10,000",
    expected: "parts of a day are counted; the run is proved, and no event is lost",
    n: { test: 2, torture: 10 },
    run: (plan) => repeat(plan, capped)
  },
  {
    id: "L5",
    fault: "days are read in any order, some of them twice, across the ends of earlier parts",
    expected: "the same events as in order, each once",
    n: { test: 1, torture: 20 },
    run: (plan) => repeat(plan, order)
  },
  {
    id: "L6",
    fault: "Duo answers every second request with 429",
    expected: "the run waits, and reads everything once",
    n: { test: 1, torture: 3 },
    run: (plan) => repeat(plan, throttled)
  }
]
