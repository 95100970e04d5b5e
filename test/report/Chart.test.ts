/** The lines of a chart. */
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import * as Chart from "../../src/report/Chart.ts"

describe("a chart", () => {
  it.effect("has the target as a dashed line over all days, without a point at its end", () =>
    Effect.gen(function*() {
      const drawn = String(
        yield* Chart.draw({
          label: "Coverage",
          days: ["2026-11-01", "2026-11-02", "2026-11-03"],
          height: 260,
          hasPercent: true,
          series: [
            { kind: "line", colour: "mfa", values: [90, null, 91], end: "91.0%" },
            { kind: "line", colour: "warn", isDashed: true, values: [95, 95, 95] }
          ]
        })
      )
      const sizes = 2
      const dashed = [...drawn.matchAll(/<path d="([^"]*)"[^>]*stroke="var\(--warn\)"[^>]*stroke-dasharray="[^"]+"/g)]
      assert.lengthOf(dashed, sizes)
      for (const [, path = ""] of dashed) assert.lengthOf(path.match(/[ML]/g) ?? [], 3)
      assert.lengthOf(drawn.match(/stroke="var\(--warn\)"/g) ?? [], sizes)
      assert.lengthOf(drawn.match(/stroke-dasharray/g) ?? [], sizes)
    }))
})
