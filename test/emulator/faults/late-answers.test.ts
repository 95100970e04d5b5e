/** Faults under which an answer ends late or never. */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber } from "effect"
import { TestClock } from "effect/testing"
import * as Tenant from "../../../src/emulator/people/Tenant.ts"
import { serve } from "../../../src/emulator/server/Emulator.ts"
import { ask, json, turn } from "../../support/servers/emulator-client.ts"

describe("a fault", () => {
  it.effect("silence: read, and never answered", () =>
    Effect.gen(function*() {
      const asking = yield* Effect.scoped(Effect.gen(function*() {
        const emulator = yield* serve({ scenario: [{ do: { fault: "silence" } }] })
        const asking = yield* Effect.forkChild(ask(emulator))
        while (emulator.reached.silence === undefined) yield* turn
        yield* TestClock.adjust("1 hour")
        assert.isUndefined(asking.pollUnsafe())
        assert.isNull(emulator.requests[0]?.status)
        return asking
      }))
      assert.strictEqual((yield* Fiber.join(asking)).status, 0)
    }))

  it.effect("slow: so many bytes in so many milliseconds of the clock", () =>
    Effect.gen(function*() {
      const emulator = yield* serve({
        tenant: Tenant.fromUsers([]),
        scenario: [{ do: { fault: "slow", bytes: 20, every_ms: 1000 } }]
      })
      const asking = yield* Effect.forkChild(ask(emulator))
      let seconds = 0
      while (asking.pollUnsafe() === undefined) {
        yield* turn
        yield* TestClock.adjust("1 second")
        seconds++
      }
      assert.strictEqual(json(yield* Fiber.join(asking)).stat, "OK")
      assert.isTrue(seconds >= 4, `${seconds}`)
    }))

  it.effect("oversized: an endless body goes on until the client closes the connection", () =>
    Effect.gen(function*() {
      const emulator = yield* serve({ scenario: [{ do: { fault: "oversized" } }] })
      const asking = yield* Effect.forkChild(ask(emulator))
      while (emulator.reached.oversized === undefined) yield* turn
      for (let n = 0; n < 100; n++) yield* turn
      assert.isUndefined(asking.pollUnsafe())
      yield* Fiber.interrupt(asking)
    }))
})
