/** A retired tenant counts nowhere, and its history stays. */
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { retire } from "../../../src/run/round/Retire.ts"
import * as readers from "../../support/readers.ts"
import { inTemporary, people } from "../spy-sink.ts"
import { failures, optionsOf, pipelineOf, round } from "./ground.ts"

const count = (directory: string, from: string) =>
  Effect.map(
    readers.query(
      `${directory}/duo.duckdb`,
      `SELECT tenant, count(*)::INTEGER AS n FROM ${from} GROUP BY 1 ORDER BY 1`
    ),
    (rows) => Object.fromEntries(rows.map(({ n, tenant }) => [String(tenant), n]))
  )

describe("retire", () => {
  it.effect("ends every row of the tenant and of no other, in the ledger and in Parquet", () =>
    inTemporary(Effect.fnUntraced(function*(directory) {
      const run = retire(pipelineOf({}), "anna", optionsOf(directory))
      yield* round(directory, { anna: ["a", "b"], zoe: ["c"] })
      assert.isTrue(yield* run)
      assert.deepStrictEqual(yield* count(directory, "people"), { zoe: 1 })
      assert.deepStrictEqual(yield* count(directory, "people_history"), { anna: 2, zoe: 1 })
      const { rows } = yield* readers.parquetFile(`${directory}/parquet/current/people.parquet`, people.columns)
      assert.deepStrictEqual(rows.map(({ tenant }) => tenant), ["zoe"])
      assert.isFalse(yield* run)
    })))

  it.effect("is undone by the next run of the tenant, and a round does not miss the tenant until then", () =>
    inTemporary(Effect.fnUntraced(function*(directory) {
      yield* round(directory, { anna: ["a", "b"], zoe: ["c"] })
      yield* retire(pipelineOf({}), "anna", optionsOf(directory))
      const without = yield* round(directory, { zoe: ["c"] })
      assert.deepStrictEqual(without.gone, [])
      const back = yield* round(directory, { anna: ["a"], zoe: ["c"] })
      assert.deepStrictEqual(failures(back), { anna: undefined, zoe: undefined })
      assert.deepStrictEqual(yield* count(directory, "people"), { anna: 1, zoe: 1 })
      assert.deepStrictEqual(yield* count(directory, "people_history"), { anna: 3, zoe: 1 })
    })))

  it.effect("does nothing to a tenant that was never published", () =>
    inTemporary(Effect.fnUntraced(function*(directory) {
      yield* round(directory, { zoe: ["c"] })
      assert.isFalse(yield* retire(pipelineOf({}), "anna", optionsOf(directory)))
    })))
})
