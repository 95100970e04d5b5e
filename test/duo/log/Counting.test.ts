/** The collector against a model of Duo's log, over hundreds of histories. */
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { type CountedLog, readWindow, recount } from "../../../src/duo/log/Counting.ts"
import { Dice } from "../../../src/emulator/people/Dice.ts"
import type { LogWindow } from "../../../src/Pipeline.ts"
import { type ModelEvent, modelLog } from "./model.ts"

const hour = 3_600_000

/** Events of two days; some share a millisecond, or even a transaction, and some become visible late. */
const history = (seed: number, count: number): ReadonlyArray<ModelEvent> => {
  const dice = new Dice(seed)
  const events: Array<ModelEvent> = []
  for (let n = 0; n < count; n++) {
    const before = events.at(-1)
    const isTie = before !== undefined && dice.chance(10)
    const millis = isTie ? before.millis : 1_000_000_000_000 + dice.below(48 * hour)
    const isTwin = before !== undefined && dice.chance(3)
    events.push({
      millis,
      key: `${isTwin ? before.key.split(" ")[0] : `t${dice.below(1_000_000)}-${n}`} ${n}`,
      visibleAt: millis + 120_000 + (dice.chance(4) ? dice.below(10 * hour) : 0)
    })
  }
  return events
}

/** Reads a history with a run every so many hours, counts the last 24 hours again, and gives what was read. */
const collect = (
  events: ReadonlyArray<ModelEvent>,
  every: number,
  model: Parameters<typeof modelLog>[1]
) =>
  Effect.gen(function*() {
    const held = new Map<string, number>()
    const inPart = (keys: ReadonlyMap<string, number>, { from, to }: LogWindow) =>
      [...keys.values()].filter((millis) => millis >= from && millis <= to).length
    let [from, read] = [1_000_000_000_000, 0]
    let doubts = 0
    for (let now = from + every; now < 1_000_000_000_000 + 60 * hour + every; now += every) {
      const fresh = new Map<string, number>()
      const base = modelLog(events, model, now)
      const log: CountedLog<never> = {
        ...base,
        page: (part, offset) =>
          Effect.map(base.page(part, offset), (page) => {
            read += page.keys.length
            for (const key of page.keys) fresh.set(key, base.millisOf(key))
            return page
          })
      }
      const to = now - 120_000
      const all = () => new Map([...held, ...fresh])
      doubts += (yield* readWindow(log, (part) => Effect.sync(() => inPart(fresh, part)), { from, to })).length
      const first = Math.max(1_000_000_000_000, from - 24 * hour)
      if (first < from) {
        const parts = [{ from: first, to: from }]
        doubts += (yield* recount(log, (part) => Effect.sync(() => inPart(all(), part)), parts)).length
      }
      for (const [key, millis] of fresh) held.set(key, millis)
      from = to
    }
    return { held, read, doubts }
  })

describe("counting", () => {
  it.effect(
    "loses nothing of 400 histories with ties and late events, and reads hardly anything twice",
    () =>
      Effect.gen(function*() {
        let [read, events, doubts] = [0, 0, 0]
        for (let seed = 1; seed <= 400; seed++) {
          const all = history(seed, 300)
          const model = { pageSize: 20, countMax: seed % 3 === 0 ? 100 : 10_000, isByMicros: seed % 2 === 0 }
          const found = yield* collect(all, ([1, 6, 12][seed % 3] ?? 1) * hour, model)
          const lost = all.filter(({ key }) => !found.held.has(key))
          assert.deepStrictEqual(lost, [], `seed ${seed}`)
          read += found.read
          events += all.length
          doubts += found.doubts
        }
        assert.strictEqual(doubts, 0)
        assert.isBelow(read / events, 1.6)
      }),
    60_000
  )

  it.effect("reads a window without late events once, with one request a page and no count", () =>
    Effect.gen(function*() {
      const events = history(7, 500).map((event) => ({ ...event, visibleAt: event.millis }))
      const base = modelLog(events, { pageSize: 100, countMax: 10_000, isByMicros: false }, 2e12)
      let [pages, counts] = [0, 0]
      const known = new Map<string, number>()
      const log: CountedLog<never> = {
        pageSize: 100,
        count: (part) => Effect.tap(base.count(part), () => Effect.sync(() => counts++)),
        page: (part, offset) =>
          Effect.map(base.page(part, offset), (page) => {
            pages++
            for (const key of page.keys) known.set(key, base.millisOf(key))
            return page
          })
      }
      const whole = { from: 1_000_000_000_000, to: 1_000_000_000_000 + 48 * hour }
      assert.deepStrictEqual(yield* readWindow(log, () => Effect.sync(() => known.size), whole), [])
      assert.deepStrictEqual([pages, counts, known.size], [5, 0, 500])
    }))

  it.effect("says what could not be counted, and ends", () =>
    Effect.gen(function*() {
      const part = { from: 1_000_000_000_000, to: 1_000_000_000_000 + hour }
      const page = { keys: [], next: undefined }
      const log = (count: number | "too many" | "unknown"): CountedLog<never> => ({
        pageSize: 10,
        count: () => Effect.succeed(count),
        page: () => Effect.succeed({ ...page, count })
      })
      const none = () => Effect.succeed(0)
      const why = (found: ReadonlyArray<{ readonly why: string }>) => found.map(({ why }) => why)
      assert.deepStrictEqual(why(yield* readWindow(log("unknown"), none, part)), [
        "Duo did not say how many events there are"
      ])
      assert.deepStrictEqual(why(yield* readWindow(log(3), none, part)), ["Duo counts 3 events and lists 0"])
      const many = yield* readWindow(log("too many"), none, part)
      assert.include(why(many).at(-1), "could not be counted with 5000 requests")
    }))
})
