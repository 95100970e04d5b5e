/** Scenarios: which requests a rule holds for, and how rules work together. */
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { TestClock } from "effect/testing"
import { type Fault, fromJson, type Rule } from "../../../src/emulator/faults/Scenario.ts"
import { serve } from "../../../src/emulator/server/Emulator.ts"
import { ask, json, nextOffset } from "../../support/servers/emulator-client.ts"

describe("a rule holds", () => {
  const down: Fault = { fault: "status", code: 50301 }
  const statuses = Effect.fnUntraced(function*(when: NonNullable<Rule["when"]>) {
    const emulator = yield* serve({ users: 10, scenario: [{ when, do: down }] })
    const all: Array<number> = []
    for (const path of ["/auth/v2/ping", "/admin/v1/users", "/admin/v2/users", "/admin/v1/bypass_codes"]) {
      for (const offset of ["0", "4"]) {
        const params = path === "/auth/v2/ping" ? {} : { offset }
        all.push((yield* ask(emulator, { path, params })).status)
      }
    }
    return all.map((status) => status === 503 ? "x" : "-").join("")
  })
  const held: ReadonlyArray<readonly [NonNullable<Rule["when"]>, string]> = [
    [{}, "xxxxxxxx"],
    [{ path: "/admin/v1/users" }, "--xx----"],
    [{ path: "/admin/*" }, "--xxxxxx"],
    [{ path: "/admin/v1/users", offset: 4 }, "---x----"],
    [{ offset: 4 }, "---x-x-x"],
    [{ request: 3 }, "--x-----"],
    [{ from: 6 }, "-----xxx"],
    [{ page: 2 }, "---x----"],
    [{ from_page: 2 }, "---xxx--"],
    [{ times: 3 }, "xxx-----"],
    [{ path: "/admin/*", times: 1 }, "--x-----"],
    [{ percent: 0 }, "--------"],
    [{ percent: 100 }, "xxxxxxxx"]
  ]
  for (const [when, where] of held) {
    it.effect(`when ${JSON.stringify(when)}: ${where}`, () =>
      Effect.map(statuses(when), (found) => assert.strictEqual(found, where)))
  }

  it.effect("until so many seconds have passed", () =>
    Effect.gen(function*() {
      const emulator = yield* serve({ scenario: [{ when: { before: 10 }, do: down }] })
      const statuses = [(yield* ask(emulator)).status]
      for (let n = 0; n < 2; n++) {
        yield* TestClock.adjust("5 seconds")
        statuses.push((yield* ask(emulator)).status)
      }
      assert.deepStrictEqual(statuses, [503, 503, 200])
    }))

  it.effect("together with the others, in order", () =>
    Effect.gen(function*() {
      const emulator = yield* serve({
        users: 10,
        scenario: [
          { do: { fault: "next_offset", to: "null" } },
          { do: { fault: "total_objects", json: "0" } },
          { do: { fault: "one_byte" } }
        ]
      })
      assert.deepStrictEqual(json(yield* ask(emulator)).metadata, { next_offset: null, total_objects: 0 })
      assert.deepStrictEqual(emulator.reached, { next_offset: 1, total_objects: 1, one_byte: 1 })
    }))

  it.effect("for a loop: the same next page for ever", () =>
    Effect.gen(function*() {
      const emulator = yield* serve({ users: 10, scenario: [{ do: { fault: "next_offset", to: "repeated" } }] })
      const next = (offset: string) => Effect.map(ask(emulator, { params: { limit: "2", offset } }), nextOffset)
      assert.deepStrictEqual([yield* next("0"), yield* next("2"), yield* next("8")], [2, 2, 2])
    }))

  it.effect("if it comes from a JSON file, where an unknown word is refused", () =>
    Effect.gen(function*() {
      const scenario = yield* fromJson(`[{"when": {"page": 1}, "do": {"fault": "rate_limit", "raw": "-1"}}]`)
      assert.deepStrictEqual(scenario, [{ when: { page: 1 }, do: { fault: "rate_limit", raw: "-1" } }])
      assert.strictEqual((yield* Effect.flip(fromJson(`[{"do": {"fault": "fire"}}]`)))._tag, "SchemaError")
    }))
})
