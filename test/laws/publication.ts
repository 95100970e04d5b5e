/** Laws 1 to 5: all rows of a run become visible as they were written, once they are published. */
import { assert } from "@effect/vitest"
import { Effect } from "effect"
import type { Ground, It } from "./ground.ts"
import { law } from "./names.ts"
import { files } from "./published.ts"
import { perform, stage } from "./round.ts"
import { hostile, rowsOf, runOf, scenarioFrom } from "./rows.ts"

export const publicationLaws = (it: It, { assertPublished, earliest, place, sink, some }: Ground) => {
  it.effect.prop(
    law(1),
    { scenario: scenarioFrom(earliest) },
    ({ scenario }) =>
      Effect.scoped(Effect.gen(function*() {
        const { location } = yield* place
        const run = runOf(1)
        const rows = { things: rowsOf(run, scenario.things), others: rowsOf(run, scenario.others) }
        yield* perform(sink, location, run, rows)
        yield* assertPublished(location, run, rows)
      })),
    { arbitrary: { runs: 10 }, timeout: 60_000 }
  )

  it.effect(law(2), () =>
    Effect.gen(function*() {
      const { location } = yield* place
      const run = runOf(1)
      const rows = { things: rowsOf(run, hostile) }
      yield* perform(sink, location, run, rows)
      yield* assertPublished(location, run, rows)
    }))

  it.effect(law(3), () =>
    Effect.gen(function*() {
      const { location, look } = yield* place
      const first = runOf(1)
      yield* perform(sink, location, first, some(first))
      const before = files(yield* look)
      const run = runOf(2)
      const { publication } = yield* stage(sink, location, run, some(run))
      const now = files(yield* look)
      const visible = Object.entries(now).filter(([name]) => !name.includes(`.${run.run_id}.part`))
      assert.deepStrictEqual(Object.fromEntries(visible), before)
      yield* sink.publish(publication, run.run_id, location)
      yield* assertPublished(location, run, some(run))
    }))

  it.effect(law(4), () =>
    Effect.gen(function*() {
      const { location, look } = yield* place
      const run = runOf(1)
      const { publication } = yield* perform(sink, location, run, some(run))
      const once = yield* look
      yield* sink.publish(publication, run.run_id, location)
      assert.deepStrictEqual(yield* look, once)
    }))

  it.effect(law(5), () =>
    Effect.gen(function*() {
      const { location } = yield* place
      const run = runOf(1)
      const { publication } = yield* stage(sink, location, run, some(run))
      yield* sink.discard(location, run.run_id)
      assert.strictEqual((yield* Effect.flip(sink.publish(publication, run.run_id, location)))._tag, "SinkError")
    }))
}
