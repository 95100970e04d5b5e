/** A history is the same run by run in the ledger, in one query over the snapshots, and in the model in plain code. */
import { assert, it, layer } from "@effect/vitest"
import { Effect } from "effect"
import * as DuckDb from "../../src/duckdb/DuckDb.ts"
import * as Ledger from "../../src/history/ledger/Ledger.ts"
import * as StoredTables from "../../src/history/ledger/StoredTables.ts"
import * as Model from "../oracle/History.ts"
import { histories, items, small } from "../oracle/History.ts"
import {
  added,
  applyRun,
  atOnce,
  comparable,
  expected,
  historyIn,
  micros,
  Places,
  secondsOf,
  stepwise
} from "./ledger-in-memory.ts"

/** SQL that turns the ledger back into one of format 1, which kept a history in one table. */
const downgrade = `
  CREATE TABLE ledger.main.earlier AS FROM ledger.main.items_history;
  DROP VIEW ledger.main.items_history;
  ${StoredTables.tablesOf(items).map(({ name }) => `DROP TABLE ledger.main.${name};`).join("\n")}
  ALTER TABLE ledger.main.earlier RENAME TO items_history`

const shuffled = (all: ReadonlyArray<Model.Run>, by: number) =>
  all.toSorted((a, b) => (Number(a.id.slice(1)) * by) % 11 - (Number(b.id.slice(1)) * by) % 11)

it.prop(
  "the rows at an instant are those of the runs until then, or have NULL where that is not known",
  [histories],
  ([all]) => {
    for (let at = 0; at <= (Model.inOrder(all).at(-1)?.at ?? 0); at++) {
      const then = Model.asThen(all, at)
      const known = Model.asOf(all, at)
      assert.sameMembers(
        known.map(({ key, tenant }) => `${tenant} ${key}`),
        then.map(({ key, tenant }) => `${tenant} ${key}`)
      )
      for (const { counter, key, late, tenant, touched, value } of known) {
        const row = then.find((other) => other.key === key && other.tenant === tenant)
        assert.strictEqual(value, row?.value)
        if (counter !== null) assert.strictEqual(counter, row?.counter)
        if (late !== null) assert.strictEqual(late, row?.late)
        if (touched !== null) assert.strictEqual(touched, row?.touched)
      }
    }
  }
)

layer(Places.layer)("the history of random runs", (it) => {
  it.effect.prop("is equal to the model, run by run", [histories], ([all]) =>
    Effect.gen(function*() {
      assert.deepStrictEqual(comparable(yield* historyIn(yield* stepwise(all))), expected(all))
    }), { arbitrary: { runs: 60 } })

  it.effect.prop(
    "is the same over the snapshots, in any order",
    [histories, small(10)],
    ([all, by]) =>
      Effect.gen(function*() {
        assert.deepStrictEqual(comparable(yield* historyIn(yield* atOnce(shuffled(all, by)))), expected(all))
      }),
    { arbitrary: { runs: 60 } }
  )

  it.effect.prop(
    "has the rows that were known at every instant, and the changes in between",
    [histories],
    ([all]) =>
      Effect.gen(function*() {
        for (const open of [yield* stepwise(all), yield* atOnce(all)]) {
          for (let at = 0; at <= (Model.inOrder(all).at(-1)?.at ?? 0); at++) {
            assert.deepStrictEqual(
              comparable(
                yield* open.all(
                  `SELECT tenant, item_id, value, run_id, ${secondsOf("observed_at")}, counter, late, ${
                    secondsOf("touched_at")
                  }
                   FROM items_asof(${DuckDb.constant(micros(at))})`
                )
              ),
              comparable(
                Model.asOf(all, at).map(({ counter, key, late, run, seen, tenant, touched, value }) => [
                  tenant,
                  key,
                  value,
                  run,
                  seen,
                  counter,
                  late,
                  touched
                ])
              ),
              `at ${at}`
            )
          }
          assert.deepStrictEqual(
            comparable(
              yield* open.all(
                `SELECT event, tenant, item_id, ${secondsOf("happened_after")}, ${
                  secondsOf("happened_by")
                }, attribute, before_text, after_text FROM items_changes`
              )
            ),
            comparable(
              Model.changes(all).map(({ after, attribute, by, event, is, key, tenant, was }) => [
                event,
                tenant,
                key,
                after,
                by,
                attribute,
                was,
                is
              ])
            )
          )
        }
      }),
    { arbitrary: { runs: 25 }, timeout: 180_000 }
  )

  it.effect.prop(
    "does not change when its last run is applied again",
    [histories],
    ([all]) =>
      Effect.gen(function*() {
        const open = yield* stepwise(all)
        const last = Model.inOrder(all).at(-1)
        if (last === undefined) return
        yield* open.run("USE memory")
        yield* applyRun(open, last)
        yield* open.run("USE ledger")
        assert.deepStrictEqual(comparable(yield* historyIn(open)), expected(all))
      }),
    { arbitrary: { runs: 30 } }
  )
})

layer(Places.layer)("a history that began in format 1", (it) => {
  it.effect.prop(
    "is equal to the model, for any number of runs in format 1",
    [histories, small(9)],
    ([all, by]) =>
      Effect.gen(function*() {
        const open = yield* stepwise(all.slice(0, by))
        const before = yield* historyIn(open)
        yield* open.run(`USE memory; ${downgrade}`)
        yield* Ledger.migrate(open, "ledger", { tables: [items], views: "" }, added)
        yield* open.run("USE ledger")
        assert.deepStrictEqual(comparable(yield* historyIn(open)), comparable(before))
        yield* open.run("USE memory")
        for (const run of all.slice(by)) yield* applyRun(open, run)
        yield* open.run("USE ledger")
        assert.deepStrictEqual(comparable(yield* historyIn(open)), expected(all))
      }),
    { arbitrary: { runs: 20 }, timeout: 120_000 }
  )
})
