/** A turn is done once, even if several workers do it and some of them stop half-way. */
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import postgresSink from "../../sinks/postgres.ts"
import { InputOutput } from "../../src/failure/SinkError.ts"
import { failure } from "../run/spy-sink.ts"
import { binaries } from "../support/servers/postgres-server.ts"
import { inFleet, period, turnOf } from "./ground.ts"

describe.runIf(binaries !== undefined)("a turn", () => {
  it.live("publishes the tenant once, under its name, and doing it again changes nothing", () =>
    inFleet(Effect.fnUntraced(function*({ board, seen, take }) {
      yield* board.offer("people", period, ["anna"])
      yield* take({ anna: ["a", "b"] }, turnOf("anna"))
      yield* take({ anna: ["c"] }, turnOf("anna", 2))
      assert.deepStrictEqual(yield* seen, { anna: "1 ab" })
    })))

  it.live(
    "is published once if many workers do it at the same time",
    () =>
      inFleet(Effect.fnUntraced(function*({ board, seen, take }) {
        yield* board.offer("people", period, ["anna"])
        yield* Effect.forEach([1, 2, 3], () => take({ anna: ["a"] }, turnOf("anna")), { concurrency: "unbounded" })
        assert.deepStrictEqual(yield* seen, { anna: "1 a" })
      })),
    60_000
  )

  it.live(
    "is finished from the board if the worker that claimed it cannot publish",
    () =>
      inFleet(Effect.fnUntraced(function*({ board, seen, take }) {
        let refusals = 0
        const broken = {
          ...postgresSink,
          publish: (...given: Parameters<typeof postgresSink.publish>) =>
            Effect.suspend(() =>
              refusals++ === 0 ? Effect.fail(new InputOutput({ detail: "cut" })) : postgresSink.publish(...given)
            )
        }
        yield* board.offer("people", period, ["anna"])
        yield* take({ anna: ["a", "b"] }, turnOf("anna"), broken)
        assert.deepStrictEqual(yield* seen, { anna: "1 ab" })
        assert.strictEqual(refusals, 2)
      })),
    60_000
  )

  it.live(
    "is done anew if nothing is left of the run that claimed it",
    () =>
      inFleet(Effect.fnUntraced(function*({ board, seen, server, take }) {
        yield* board.offer("people", period, ["anna"])
        const broken = { ...postgresSink, publish: () => Effect.fail(new InputOutput({ detail: "cut" })) }
        yield* Effect.raceFirst(
          take({ anna: ["a"] }, turnOf("anna"), broken),
          Effect.repeat(board.claimOn(turnOf("anna")), { until: ({ run_id }) => run_id !== null })
        )
        const { run_id } = yield* board.claimOn(turnOf("anna"))
        server.psql("DELETE FROM duo_mfa_rows.runs WHERE NOT published")
        yield* take({ anna: ["a", "b"] }, turnOf("anna"))
        assert.deepStrictEqual(yield* seen, { anna: "1 ab" })
        assert.notStrictEqual((yield* board.claimOn(turnOf("anna"))).run_id, run_id)
      })),
    60_000
  )

  it.live(
    "fails on the board, and a later attempt compares with the last run that was published",
    () =>
      inFleet(Effect.fnUntraced(function*({ board, seen, take }) {
        const many = Array.from({ length: 100 }, (_, index) => `u${index}`)
        yield* board.offer("people", period, ["anna"])
        yield* take({ anna: failure }, turnOf("anna"))
        const [failed] = yield* board.states("people", period)
        assert.strictEqual(failed?.failure?.tag, "SinkError")
        yield* board.offer("people", period, ["anna"])
        yield* take({ anna: many }, turnOf("anna", 2))
        const next = { ...turnOf("anna"), period: "2026-11-29T08:00:00.000Z" }
        yield* board.offer("people", next.period, ["anna"])
        yield* take({ anna: ["u1"] }, next)
        const [refused] = yield* board.states("people", next.period)
        assert.include(refused?.failure?.message, "99 of 100")
        yield* board.offer("people", next.period, ["anna"])
        yield* take({ anna: ["u1"] }, { ...next, attempt: 2, maxShrink: 100 })
        assert.match(String((yield* seen)["anna"]), /^2 /)
      })),
    60_000
  )
})
