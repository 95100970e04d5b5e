import { assert, describe, it } from "@effect/vitest"
import { Dice } from "../../../src/emulator/people/Dice.ts"
import type { LogWindow } from "../../../src/Pipeline.ts"
import * as LogWindows from "../../../src/run/log/LogWindows.ts"

const hour = 3_600_000
const day = 24 * hour
const now = Date.UTC(2026, 10, 29, 12)
const delay = 120_000

const times = ({ from, to }: LogWindow) => [from, to].map((millis) => new Date(millis).toISOString().slice(0, 16))

describe("the parts of a log", () => {
  it("a first command reads 180 days, a day per run, oldest first, up to two minutes ago", () => {
    let covered: ReadonlyArray<LogWindow> = []
    const windows: Array<LogWindow> = []
    for (let remaining = 1; remaining > 0;) {
      const next = LogWindows.next(covered, now, {})
      windows.push(next.window)
      covered = LogWindows.merged([...covered, next.window])
      remaining = next.remaining
      if (remaining > 0) assert.isEmpty(next.recount)
      else assert.deepStrictEqual(next.recount.map(times).at(-1), ["2026-11-28T00:00", "2026-11-29T00:00"])
    }
    assert.lengthOf(windows, 181)
    assert.deepStrictEqual(times(windows[0] ?? { from: 0, to: 0 }), ["2026-06-02T12:10", "2026-06-03T00:00"])
    assert.deepStrictEqual(covered, [{ from: now - 180 * day + 600_000, to: now - delay }])
  })

  it("later ones go on from there with one run, and count the three days before again", () => {
    const covered = [{ from: now - 100 * day, to: now - hour }]
    const { recount, remaining, window } = LogWindows.next(covered, now, { from: now - 100 * day })
    assert.deepStrictEqual([window, remaining], [{ from: now - hour, to: now - delay }, 0])
    assert.strictEqual(recount.at(-1)?.to, now - hour)
    const usual = LogWindows.next([{ from: now - 180 * day, to: now - hour }], now, {})
    assert.deepStrictEqual([usual.recount.at(0)?.from, usual.recount.at(-1)?.to], [now - hour - 3 * day, now - hour])
  })

  it("a range that was read is counted again as a whole, and reads no new part", () => {
    const range = { from: now - 30 * day, to: now - 28 * day }
    const { recount, window } = LogWindows.next([{ from: now - 180 * day, to: now - hour }], now, range)
    assert.strictEqual(window.from, window.to)
    assert.deepStrictEqual([recount.at(0)?.from, recount.at(-1)?.to], [range.from, range.to])
  })

  it("whatever was read before in whatever order, the parts that remain are read once, and nothing else is", () => {
    for (let seed = 1; seed <= 500; seed++) {
      const dice = new Dice(seed)
      const some = Array.from({ length: dice.below(6) }, () => {
        const from = now - dice.below(190) * day - dice.below(24) * hour
        return { from, to: from + 1 + dice.below(20) * hour * 3 }
      })
      let covered = LogWindows.merged(some)
      const whole = { from: now - 180 * day + 600_000, to: now - delay }
      const missing = LogWindows.gaps(whole, covered).reduce((sum, { from, to }) => sum + to - from, 0)
      let read = 0
      for (let remaining = 1; remaining > 0;) {
        const next = LogWindows.next(covered, now, {})
        const { from, to } = next.window
        assert.isAtMost(to - from, 25 * hour)
        assert.isTrue(covered.every((part) => part.to <= from || part.from >= to), `seed ${seed}`)
        read += to - from
        covered = LogWindows.merged([...covered, next.window])
        remaining = next.remaining
      }
      assert.strictEqual(read, missing, `seed ${seed}`)
      assert.isEmpty(LogWindows.gaps(whole, covered))
    }
  })
})
