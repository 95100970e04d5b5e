/** A short pass of every case of the torture matrix; `make torture` runs the whole matrix. */
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { matrix } from "./matrix.ts"

describe("torture", () => {
  for (const { expected, fault, id, n, run, seed = 1 } of matrix) {
    it.live(`${id} ${fault}: ${expected}`, () =>
      Effect.gen(function*() {
        const reached = yield* run({ n: n.test, seed })
        assert.isNotEmpty(reached)
        for (const [name, times] of Object.entries(reached)) assert.isAbove(times, 0, `${name} was not reached`)
      }), 600_000)
  }
})
