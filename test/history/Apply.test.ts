/** Which versions a run begins and ends when it is applied to the ledger, and which runs are refused. */
import { assert, layer } from "@effect/vitest"
import { Effect } from "effect"
import * as DuckDb from "../../src/duckdb/DuckDb.ts"
import * as Ledger from "../../src/history/ledger/Ledger.ts"
import type { SinkRun } from "../../src/Sink.ts"
import type * as Model from "../oracle/History.ts"
import { items } from "../oracle/History.ts"
import {
  applyRows,
  applyRun,
  comparable,
  expected,
  historyIn,
  micros,
  outcome,
  Places,
  secondsOf,
  session,
  sinkRun,
  stepwise
} from "./ledger-in-memory.ts"

const run = (at: number, rows: Readonly<Record<string, string>>, more: Partial<Model.Run> = {}): Model.Run => ({
  id: `r${String(at).padStart(3, "0")}`,
  at,
  tenant: "one",
  complete: true,
  rows: Object.entries(rows).map(([key, value]) => ({
    key,
    value,
    sure: true,
    counter: at,
    touched: null,
    late: null
  })),
  isLater: false,
  isUpgraded: false,
  ...more
})

/** The reason why a run is refused. Its row in `runs` is deleted again, as the copy of the ledger would be. */
const refusal = (session: DuckDb.Session, run: Model.Run, limits?: Partial<SinkRun>) =>
  Effect.flip(applyRun(session, run, limits)).pipe(
    Effect.tap(session.run(`DELETE FROM ledger.main.runs WHERE run_id = '${run.id}'`))
  )

layer(Places.layer)("a run", (it) => {
  it.effect("has the values before and after a change, and no change of repeated or volatile columns", () =>
    Effect.gen(function*() {
      const open = yield* stepwise([run(1, { a: "old", b: "same" }), run(2, { a: "new", b: "same" })])
      assert.deepStrictEqual(
        yield* open.all("SELECT event, item_id, attribute, before_text, after_text, value FROM items_changes"),
        [["changed", "a", "value", "old", "new", "new"]]
      )
      assert.deepStrictEqual(yield* open.all("SELECT item_id, counter FROM items ORDER BY ALL"), [["a", 2n], ["b", 2n]])
    }))

  it.effect("has no change while a value is not known, and one since the last known value once it is known again", () =>
    Effect.gen(function*() {
      const sure = (at: number, sure: boolean | null, value = "v") =>
        run(at, {}, { rows: [{ key: "a", value, sure, counter: at, touched: null, late: null }] })
      const told = (all: ReadonlyArray<Model.Run>) =>
        Effect.flatMap(stepwise(all), (open) =>
          open.all(
            `SELECT attribute, before_text, after_text, ${secondsOf("happened_after")}, ${
              secondsOf("happened_by")
            } FROM items_changes ORDER BY ALL`
          ))
      assert.deepStrictEqual(yield* told([sure(1, true), sure(2, null), sure(3, true), sure(4, null)]), [])
      assert.deepStrictEqual(yield* told([sure(1, null), sure(2, true)]), [])
      assert.deepStrictEqual(yield* told([sure(1, true), sure(2, null), sure(3, null, "w"), sure(4, false, "w")]), [
        ["sure", "true", "false", 1n, 4n],
        ["value", "v", "w", 2n, 3n],
        ["why", "is true", "is false", 1n, 4n]
      ])
    }))

  it.effect("that would end more versions than allowed is refused, and ends none", () =>
    Effect.gen(function*() {
      const before = Object.fromEntries(Array.from({ length: 20 }, (_, n) => [`k${n}`, "v"]))
      const { k0: _, k1: __, ...less } = before
      const { k2: ___, k3: ____, ...least } = less
      const open = yield* stepwise([run(1, before)])
      const error = yield* refusal(open, run(2, least), { maxShrink: 10 })
      assert.deepInclude({ ...error }, { _tag: "Shrunk", gone: 4, before: 20, maxShrink: 15 })
      assert.deepStrictEqual(comparable(yield* historyIn(open)), expected([run(1, before)]))
      yield* applyRun(open, run(2, less), { maxShrink: 10 })
      yield* refusal(open, run(3, {}), { maxShrink: 10 })
      yield* applyRun(open, run(3, {}, { complete: false }), { maxShrink: 10 })
      yield* applyRun(open, run(4, {}), { maxShrink: 10, allowEmpty: true })
      assert.deepStrictEqual(yield* open.all("SELECT count(*) FROM items"), [[0n]])
    }))

  it.effect("that is not complete ends no version that it did not see, even when a column was just added", () =>
    Effect.gen(function*() {
      const row = (key: string, late: string | null) => ({
        key,
        value: "v",
        sure: true,
        counter: 0,
        touched: null,
        late
      })
      const partial = { complete: false, isLater: true }
      const all = [
        run(1, {}, { complete: false, rows: [row("a", null)] }),
        run(2, {}, { ...partial, isUpgraded: true, rows: [row("b", "l")] }),
        run(3, {}, { ...partial, rows: [row("c", "l")] })
      ]
      assert.deepStrictEqual(comparable(yield* historyIn(yield* stepwise(all))), expected(all))
    }))

  it.effect("finds no change in a row only because its stored hash was made in another way", () =>
    Effect.gen(function*() {
      const all = [run(1, { a: "old", b: "same", c: "gone" }), run(2, { a: "new", b: "same", d: "come" })]
      const open = yield* stepwise(all.slice(0, 1))
      yield* open.run("USE memory; UPDATE ledger.main.items_hashes SET hash_kind = 7, key_hash = 7, version_hash = 7")
      for (const run of all.slice(1)) yield* applyRun(open, run)
      yield* open.run("USE ledger")
      assert.deepStrictEqual(comparable(yield* historyIn(open)), expected(all))
    }))

  it.effect("that is older than the tenant's newest run is refused", () =>
    Effect.gen(function*() {
      const open = yield* stepwise([run(5, { a: "v" })])
      const error = yield* refusal(open, run(4, { a: "v" }))
      assert.strictEqual(error._tag, "Superseded")
      yield* applyRun(open, run(4, { a: "v" }, { tenant: "other" }))
    }))

  it.effect("with more changed rows than one batch changes all of them, each once", () =>
    Effect.gen(function*() {
      const open = yield* session
      // the ledger of this test is in memory, so the limit covers it too
      yield* open.run("SET memory_limit = '300MB'")
      const count = 150_000
      const many = (at: number, value: string) => {
        const cells = items.columns.map(({ name, type }) => {
          const cell: Record<string, string> = {
            run_id: `'r00${at}'`,
            observed_at: DuckDb.constant(micros(at)),
            tenant: "'one'",
            kind: "'a'",
            item_id: "n::VARCHAR",
            value,
            counter: String(at)
          }
          return `${cell[name] ?? "NULL"}::${DuckDb.types[type]} AS ${name}`
        })
        return `SELECT ${cells.join(", ")} FROM range(${count}) _(n)`
      }
      for (const [at, value] of [[1, "'old'"], [2, "if(n % 3 = 0, 'new', 'old')"], [3, "'last'"]] as const) {
        yield* Ledger.addRuns(open, "ledger", [items], [outcome(run(at, {}))])
        yield* applyRows(open, sinkRun(run(at, {})), true, many(at, value))
      }
      assert.deepStrictEqual(
        yield* open.all(
          `SELECT value, counter, last_run_id, ${secondsOf("valid_to")}, count(*), count(DISTINCT item_id)
           FROM ledger.main.items_history GROUP BY ALL ORDER BY ALL`
        ),
        [
          ["last", 3n, "r003", null, 150_000n, 150_000n],
          ["new", 2n, "r002", 3n, 50_000n, 50_000n],
          ["old", 1n, "r001", 2n, 50_000n, 50_000n],
          ["old", 2n, "r002", 3n, 100_000n, 100_000n]
        ]
      )
    }))
})
