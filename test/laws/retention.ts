/** Laws 18 and 19, for sinks that can prune runs or erase a person: what goes, and that nothing else does. */
import { assert } from "@effect/vitest"
import { Effect } from "effect"
import type { SinkRun } from "../../src/Sink.ts"
import type { Batch } from "../../src/Table.ts"
import type { Ground, It } from "./ground.ts"
import { law } from "./names.ts"
import { files, readBack } from "./published.ts"
import { perform, performRound } from "./round.ts"
import { hostile, plain, rowsOf, runOf, tables, things } from "./rows.ts"

/** An id that every format has to escape, quote or guard. */
const user_id = "=it's \"U\",\r\n'1'\\"

/** Rows of others with difficult texts, and two rows of a person. */
const crowd = (run: SinkRun): Batch => {
  const some = rowsOf(run, [plain, { ...plain, note: user_id }, ...hostile.slice(0, 30)])
  const [person] = rowsOf(run, [plain])
  return { things: [...some, { ...person, user_id }], others: [{ ...person, user_id }] }
}

const withoutPerson = (rows: Batch): Batch =>
  Object.fromEntries(
    Object.entries(rows).map(([table, some]) => [table, some.filter((row) => row["user_id"] !== user_id)])
  )

export const retentionLaws = (it: It, { assertPublished, place, read, sink, some }: Ground) => {
  const { forget, pruneRuns } = sink

  if (pruneRuns !== undefined) {
    it.effect(law(18), () =>
      Effect.gen(function*() {
        const { location, look } = yield* place
        const [first, second, last] = [runOf(1), runOf(2), runOf(5)]
        const [one, two] = [runOf(3), runOf(4, "api-2.duosecurity.com")]
        yield* perform(sink, location, first, some(first))
        yield* perform(sink, location, second, some(second, 1))
        yield* performRound(sink, location, [{ run: one, rows: some(one) }, { run: two, rows: some(two) }])
        yield* perform(sink, location, last, some(last))
        const gone = [{ ...first, round: null }, { ...one, round: two }, { ...two, round: two }]
        const before = files(yield* look)
        const prune = (dryRun: boolean) => Effect.scoped(pruneRuns(location, tables, gone, { dryRun }))
        const would = yield* prune(true)
        assert.deepStrictEqual(files(yield* look), before)
        assert.strictEqual(yield* prune(false), would)
        const after = files(yield* look)
        yield* prune(false)
        assert.deepStrictEqual(files(yield* look), after)
        for (const { round, run_id } of gone) {
          const run = [first, one, two].find((some) => some.run_id === run_id) ?? first
          assert.isUndefined(yield* readBack(sink, location, run, things, round))
          assert.deepStrictEqual(yield* read(location, run, things, round), [])
        }
        yield* assertPublished(location, second, some(second, 1))
        yield* assertPublished(location, last, some(last))
      }))
  }

  if (forget !== undefined) {
    it.effect(law(19), () =>
      Effect.gen(function*() {
        const { location, look } = yield* place
        const tenants = ["api-1.duosecurity.com", "api-2'%.duosecurity.com"] as const
        const [first, second] = [runOf(1, tenants[0]), runOf(2, tenants[0])]
        const [one, two] = [runOf(3, tenants[0]), runOf(4, tenants[1])]
        yield* perform(sink, location, first, crowd(first))
        yield* perform(sink, location, second, crowd(second))
        yield* performRound(sink, location, [{ run: one, rows: crowd(one) }, { run: two, rows: crowd(two) }])
        const before = files(yield* look)
        const erase = (dryRun: boolean) =>
          Effect.scoped(
            forget(location, tables, { tenant: tenants[0], user_id }, { dryRun, run_id: runOf(9).run_id })
          )
        const would = yield* erase(true)
        assert.deepStrictEqual(files(yield* look), before)
        assert.deepStrictEqual(would.map(({ table, tenant }) => [tenant, table]).toSorted(), [
          [tenants[0], "others"],
          [tenants[0], "things"]
        ])
        const everyTenant = yield* Effect.scoped(
          forget(location, tables, { tenant: null, user_id }, { dryRun: true, run_id: runOf(9).run_id })
        )
        assert.lengthOf(everyTenant, 4)
        assert.deepStrictEqual(yield* erase(false), would)
        assert.deepStrictEqual(yield* erase(false), [])
        yield* assertPublished(location, one, withoutPerson(crowd(one)), two)
        yield* assertPublished(location, two, crowd(two), two)
        for (const run of [first, second]) {
          const rows = yield* readBack(sink, location, run, things)
          if (rows !== undefined) yield* assertPublished(location, run, withoutPerson(crowd(run)))
        }
        assert.deepStrictEqual(Object.keys(yield* look).filter((name) => name.includes(".part")), [])
      }))
  }
}
