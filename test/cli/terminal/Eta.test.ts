/** The time left: nothing is shown until it is known, and then it is near the truth, whatever the pace was before. */
import { assert, describe, it } from "@effect/vitest"
import { Schema } from "effect"
import * as Eta from "../../../src/cli/terminal/Eta.ts"
import type { Progress } from "../../../src/run/Progress.ts"

const total = 10_000

const at = (seen: number, stage: Progress["stage"] = "reading"): Progress => ({
  stage,
  what: "users",
  seen,
  total,
  pages: 0
})

/** Pages of 100 users, so many seconds each. */
const read = (pages: number, seconds: number, from: Eta.Eta = Eta.start, now = 0, users = 0) => {
  let arrival = from
  for (let n = 1; n <= pages; n++) arrival = Eta.observe(arrival, at(users + n * 100), now + n * seconds * 1000)
  return arrival
}

const between = (minimum: number, maximum: number) => Schema.Int.check(Schema.isBetween({ minimum, maximum }))

describe("The time of arrival", () => {
  it("is not shown before anything is known", () => {
    assert.strictEqual(Eta.timeLeft(Eta.start), "")
    assert.strictEqual(Eta.timeLeft(read(2, 5)), "")
    assert.strictEqual(Eta.timeLeft(read(10, 0.1)), "", "a second is too short")
    assert.notStrictEqual(Eta.timeLeft(read(3, 5)), "")
  })

  it.prop("is exact while the pace is steady, for one reading of the list", [
    between(3, 99),
    between(1, 60)
  ], ([pages, seconds]) => {
    assert.approximately(read(pages, seconds).left ?? 0, (100 - pages) * seconds, 0.001)
  })

  it("follows the pace of the last minute, not of the burst that Duo lets through first", () => {
    const throttled = read(60, 2, read(30, 0.1), 3000, 3000)
    assert.approximately(throttled.left ?? 0, 10 * 2, 1)
  })

  it("begins again with each reading, if one does not prove the list", () => {
    const proving = Eta.observe(read(99, 5), at(100, "proving"), 500_000)
    assert.strictEqual(Eta.timeLeft(proving), "")
    const later = [200, 300].reduce(
      (arrival, users) => Eta.observe(arrival, at(users, "proving"), 500_000 + users * 20),
      proving
    )
    assert.approximately(later.left ?? 0, 97 * 3, 0.001)
  })

  it("is not shown if Duo gives no count, or if time or the list stands still", () => {
    const of = (users: (n: number) => number, ms: number, total: number | null) =>
      [1, 2, 3, 4, 5].reduce(
        (arrival, n) => Eta.observe(arrival, { ...at(users(n)), total }, n * ms),
        Eta.start
      ).left
    assert.isNull(of((n) => n * 100, 5000, null))
    assert.isNull(of((n) => n * 100, 0, total))
    assert.isNull(of(() => 100, 5000, total))
  })

  it.prop("remembers no more than a minute and a page", [between(3, 90), between(1, 200)], ([pages, seconds]) => {
    assert.isAtMost(read(pages, seconds).reports.length, Math.ceil(60 / seconds) + 2)
  })

  it("is rounded", () => {
    const timeLeft = (left: number) => Eta.timeLeft({ ...Eta.start, left })
    assert.deepStrictEqual([4, 5, 41, 55, 89, 170, 5399, 5400, 9000].map(timeLeft), [
      "",
      "about 10 s left",
      "about 50 s left",
      "about 1 min left",
      "about 1 min left",
      "about 3 min left",
      "about 90 min left",
      "about 2 h left",
      "about 3 h left"
    ])
  })
})
