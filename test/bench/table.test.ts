import { assert, describe, it } from "@effect/vitest"
import { alone, compared, median, table } from "../../bench/Table.ts"

describe("the table of the bench", () => {
  it("compares the median of the ratios of the rounds with the goal", () => {
    // in the second round the machine is busy, for both programs
    const row = compared("a run", "s", [
      { ours: 2, reference: 1 },
      { ours: 30, reference: 10 },
      { ours: 1, reference: 1 }
    ], 2)
    assert.deepStrictEqual(row.ratios, [2, 3, 1])
    assert.isTrue(row.met)
    assert.strictEqual(
      table([row]).split("\n").at(-1),
      "| a run | 2.00 s | 1.00 s | 2.00 | 1.00–3.00 (3) | ≤ 2 | yes |"
    )
  })

  it("says when a goal is missed, and is silent without a goal", () => {
    assert.isFalse(compared("a run", "s", [{ ours: 3, reference: 1 }], 2).met)
    assert.isUndefined(compared("a run", "s", [{ ours: 3, reference: 1 }]).met)
    assert.isTrue(alone("memory", "MB", [400], 400).met)
    assert.isFalse(alone("memory", "MB", [401], 400).met)
    assert.isUndefined(alone("memory", "MB", [400]).met)
    assert.isFalse(compared("not measured", "s", [{ ours: NaN, reference: 1 }], 2).met)
  })

  it("takes the mean of the two middle values as the median of an even number", () => {
    assert.strictEqual(median([4, 1, 3, 2]), 2.5)
    assert.isNaN(median([]))
  })
})
