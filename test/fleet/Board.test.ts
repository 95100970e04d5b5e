/** The board lets one run of a tenant and period be published, whatever the workers do. */
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { binaries } from "../support/servers/postgres-server.ts"
import { inFleet, period, turnOf } from "./ground.ts"

describe.runIf(binaries !== undefined)("the board of a fleet", () => {
  it.live("gives a turn to the first run that claims it, and to no other, however often they ask", () =>
    inFleet(Effect.fnUntraced(function*({ board }) {
      const turn = turnOf("anna")
      yield* board.offer("people", period, ["anna", "zoe"])
      const runs = Array.from({ length: 20 }, (_, index) => `run ${index}`)
      const claims = yield* Effect.forEach(runs, (run) => board.claim(turn, run, `of ${run}`), {
        concurrency: "unbounded"
      })
      assert.lengthOf(claims.filter((isClaimed) => isClaimed), 1)
      const winner = runs[claims.indexOf(true)] ?? ""
      assert.deepStrictEqual(yield* board.claimOn(turn), {
        run_id: winner,
        manifest: `of ${winner}`,
        is_published: false
      })
      // its answer may have been lost, so the winner may ask again
      assert.isTrue(yield* board.claim(turn, winner, `of ${winner}`))
      assert.isTrue(yield* board.isClaimed(winner))
      assert.isFalse(yield* board.isClaimed(runs.find((run) => run !== winner) ?? ""))
      yield* board.published(turn)
      assert.isFalse(yield* board.claim(turn, "another", ""))
    })))

  it.live("frees a turn for another run, but only by the run that had claimed it", () =>
    inFleet(Effect.fnUntraced(function*({ board }) {
      const turn = turnOf("anna")
      yield* board.offer("people", period, ["anna"])
      yield* board.claim(turn, "first", "")
      yield* board.unclaim(turn, "another")
      assert.isFalse(yield* board.claim(turn, "second", ""))
      yield* board.unclaim(turn, "first")
      assert.isTrue(yield* board.claim(turn, "second", ""))
      yield* board.published(turn)
      yield* board.unclaim(turn, "second")
      assert.isTrue((yield* board.claimOn(turn)).is_published)
    })))

  it.live("gives only failed tenants another attempt", () =>
    inFleet(Effect.fnUntraced(function*({ board }) {
      const names = ["failed", "published", "waiting"]
      yield* board.offer("people", period, names)
      yield* board.published(turnOf("published"))
      yield* board.failed(turnOf("failed"), 1, { tag: "Broken", message: "It broke.", exit: 69 })
      // a failure that comes late changes nothing
      yield* board.failed(turnOf("published"), 1, { tag: "Broken", message: "It broke.", exit: 69 })
      const states = Effect.map(board.states("people", period), (all) =>
        all.map(({ attempt, failure, is_published, tenant }) => [tenant, attempt, is_published, failure?.message]))
      assert.deepStrictEqual(yield* states, [
        ["failed", 1, false, "It broke."],
        ["published", 1, true, undefined],
        ["waiting", 1, false, undefined]
      ])
      yield* board.offer("people", period, names)
      yield* board.failed(turnOf("failed"), 1, { tag: "Broken", message: "It broke.", exit: 69 })
      assert.deepStrictEqual(yield* states, [
        ["failed", 2, false, undefined],
        ["published", 1, true, undefined],
        ["waiting", 1, false, undefined]
      ])
    })))

  it.live("keeps the last manifest of a tenant for as long as there is no newer one, and no others", () =>
    inFleet(Effect.fnUntraced(function*({ board, sql }) {
      const of = (day: number) => ({ ...turnOf("anna"), period: `2026-11-0${day}T00:00:00.000Z` })
      for (const day of [1, 3, 2]) {
        yield* board.offer("people", of(day).period, ["anna"])
        yield* board.claim(of(day), `run ${day}`, `manifest ${day}`)
        if (day !== 2) yield* board.published(of(day))
      }
      assert.deepStrictEqual(yield* board.last(turnOf("anna")), { run_id: "run 3", manifest: "manifest 3" })
      // a run that was claimed long ago is published late
      yield* board.published(of(2))
      assert.strictEqual((yield* board.last(turnOf("anna")))?.run_id, "run 3")
      yield* board.prune(new Date("2027-06-01T00:00:00.000Z"))
      assert.strictEqual((yield* board.last(turnOf("anna")))?.run_id, "run 3")
      yield* board.offer("people", of(4).period, ["anna"])
      yield* board.claim(of(4), "run 4", "manifest 4")
      yield* board.published(of(4))
      yield* board.prune(new Date("2027-06-01T00:00:00.000Z"))
      const left = yield* sql`SELECT run_id FROM tenant_runs`
      assert.deepStrictEqual(left.map(({ run_id }) => run_id), ["run 4"])
    })))
})
