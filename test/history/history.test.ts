/** A history is the same run by run in the ledger, in one query over the snapshots, and in the model in plain code. */
import { assert, it, layer } from "@effect/vitest"
import { Context, Effect, Layer } from "effect"
import * as DuckDb from "../../src/duckdb/DuckDb.ts"
import * as RowHash from "../../src/duckdb/RowHash.ts"
import { apply } from "../../src/history/ledger/Apply.ts"
import * as Ledger from "../../src/history/ledger/Ledger.ts"
import * as StoredTables from "../../src/history/ledger/StoredTables.ts"
import * as Snapshots from "../../src/history/Snapshots.ts"
import { runs as runsTable } from "../../src/Outcome.ts"
import type { SinkRun } from "../../src/Sink.ts"
import { outcomeOf, runOf } from "../laws/rows.ts"
import * as Model from "../oracle/History.ts"
import { histories, items, small } from "../oracle/History.ts"

const epoch = 1_795_464_900_000_000n
const micros = (at: number) => epoch + BigInt(at) * 1_000_000n
const secondsOf = (column: string) => `(epoch_us(${column}) - ${epoch}) // 1000000`

const told = ({ at, id, tenant }: Model.Run, limits: Partial<SinkRun> = {}): SinkRun => ({
  ...runOf(1, tenant),
  run_id: id,
  observed_at: micros(at),
  tables: [items],
  ...limits
})

const outcome = (run: Model.Run) =>
  outcomeOf(told(run), {}, {
    complete: run.complete,
    columns_added: run.isUpgraded ? added : [],
    tables_collected: run.rows === undefined ? [] : ["items"],
    rows: {}
  })

/** The rows of a run as a query. */
const query = (run: Model.Run) => {
  const rows = (run.rows ?? []).map(({ counter, key, late, sure, touched, value }) =>
    [
      run.id,
      micros(run.at),
      run.tenant,
      "a",
      key,
      value,
      "f",
      null,
      `of ${value}`,
      sure,
      `is ${sure}`,
      counter,
      late,
      touched === null ? null : micros(touched)
    ].map(
      DuckDb.constant
    ).join(
      ", "
    )
  )
  const names = DuckDb.names(items)
  return rows.length === 0
    ? `SELECT ${items.columns.map(({ name, type }) => `NULL::${DuckDb.types[type]} AS ${name}`).join(", ")} WHERE false`
    : `SELECT ${DuckDb.typed(items)} FROM (VALUES ${rows.map((row) => `(${row})`).join(", ")}) t(${names})`
}

const added = ["items.late"]

/** A session with an empty ledger, and a table in place of Parquet files. It is made once, because that takes longest. */
class Places extends Context.Service<Places, DuckDb.Session>()("test/Places") {
  static readonly layer = Layer.effect(
    Places,
    Effect.gen(function*() {
      const session = yield* DuckDb.open({})
      yield* session.run("ATTACH ':memory:' AS ledger; ATTACH ':memory:' AS files")
      yield* Ledger.migrate(session, "ledger", [items], "", added)
      yield* session.run("USE files")
      yield* session.run(DuckDb.create("saved", items))
      const runs = Snapshots.runs(`FROM ledger.main.${runsTable.name}`)
      for (const statement of [...runs, ...Snapshots.statements(items, "FROM files.main.saved", added)]) {
        yield* session.run(statement)
      }
      return session
    })
  )
}

/** The session, with all tables empty. */
const session = Effect.tap(
  Places,
  (session) =>
    session.run(
      ["ledger.main.runs", "files.main.saved", ...StoredTables.tablesOf(items).map(({ name }) => `ledger.main.${name}`)]
        .reduce(
          (statements, table) => `${statements}; DELETE FROM ${table}`,
          "USE memory"
        )
    )
)

const applyRows = Effect.fnUntraced(
  function*(session: DuckDb.Session, run: SinkRun, complete: boolean, rows: string | undefined) {
    if (rows !== undefined) yield* session.run(`CREATE OR REPLACE TEMP TABLE fresh AS ${RowHash.added(items, rows)}`)
    yield* apply(session, "ledger", run, complete, rows === undefined ? [] : [{ table: items, rows: "fresh" }])
  }
)

const applyRun = (session: DuckDb.Session, run: Model.Run, limits?: Partial<SinkRun>) =>
  Effect.andThen(
    Ledger.addRun(session, "ledger", outcome(run)),
    applyRows(session, told(run, limits), run.complete, run.rows === undefined ? undefined : query(run))
  )

/** The reason why a run is refused. Its row in `runs` is deleted again, as the copy of the ledger would be. */
const refusal = (session: DuckDb.Session, run: Model.Run, limits?: Partial<SinkRun>) =>
  Effect.flip(applyRun(session, run, limits)).pipe(
    Effect.tap(session.run(`DELETE FROM ledger.main.runs WHERE run_id = '${run.id}'`))
  )

/** A session with runs applied to the ledger one after the other. */
const stepwise = Effect.fnUntraced(function*(all: ReadonlyArray<Model.Run>) {
  const open = yield* session
  for (const run of Model.inOrder(all)) yield* applyRun(open, run)
  yield* open.run("USE ledger")
  return open
})

/** SQL that turns the ledger back into one of format 1, which kept a history in one table. */
const downgrade = `
  CREATE TABLE ledger.main.earlier AS FROM ledger.main.items_history;
  DROP VIEW ledger.main.items_history;
  ${StoredTables.tablesOf(items).map(({ name }) => `DROP TABLE ledger.main.${name};`).join("\n")}
  ALTER TABLE ledger.main.earlier RENAME TO items_history`

/** A session with the snapshots of runs, stored in the given order. */
const atOnce = Effect.fnUntraced(function*(all: ReadonlyArray<Model.Run>) {
  const open = yield* session
  for (const run of all) {
    yield* open.run(`INSERT INTO files.main.saved ${query(run)}`)
    yield* Ledger.addRun(open, "ledger", outcome(run))
  }
  yield* open.run("USE files")
  return open
})

const historyIn = (session: DuckDb.Session) =>
  session.all(
    `SELECT tenant, item_id, value, sure, counter, late, ${secondsOf("touched_at")}, ${secondsOf("valid_from")}, ${
      secondsOf("valid_to")
    },
     first_run_id, last_run_id, run_id, ${secondsOf("observed_at")} FROM items_history ORDER BY ALL`
  )

const comparable = (rows: ReadonlyArray<ReadonlyArray<unknown>>) =>
  rows.map((row) => JSON.stringify(row, (_, value: unknown) => typeof value === "bigint" ? Number(value) : value))
    .sort()

const expected = (all: ReadonlyArray<Model.Run>) =>
  comparable(
    Model.history(all).map((version) => [
      version.tenant,
      version.key,
      version.value,
      version.sure,
      version.counter,
      version.late,
      version.touched,
      version.from,
      version.to,
      version.first,
      version.last,
      version.last,
      version.seen
    ])
  )

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
                } FROM items_changes`
              )
            ),
            comparable(Model.changes(all).map(({ after, by, event, key, tenant }) => [event, tenant, key, after, by]))
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
        yield* Ledger.migrate(open, "ledger", [items], "", added)
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

layer(Places.layer)("a run", (it) => {
  it.effect("has the values before and after a change, and no change of repeated or volatile columns", () =>
    Effect.gen(function*() {
      const open = yield* stepwise([run(1, { a: "old", b: "same" }), run(2, { a: "new", b: "same" })])
      assert.deepStrictEqual(
        yield* open.all("SELECT event, item_id, changed, before, after, value FROM items_changes"),
        [["changed", "a", "value", "{\"value\":\"old\"}", "{\"value\":\"new\"}", "new"]]
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
            `SELECT changed, before, after, ${secondsOf("happened_after")}, ${
              secondsOf("happened_by")
            } FROM items_changes ORDER BY ALL`
          ))
      assert.deepStrictEqual(yield* told([sure(1, true), sure(2, null), sure(3, true), sure(4, null)]), [])
      assert.deepStrictEqual(yield* told([sure(1, null), sure(2, true)]), [])
      assert.deepStrictEqual(yield* told([sure(1, true), sure(2, null), sure(3, null, "w"), sure(4, false, "w")]), [
        ["sure, why", "{\"sure\":\"true\",\"why\":\"is true\"}", "{\"sure\":\"false\",\"why\":\"is false\"}", 1n, 4n],
        ["value", "{\"value\":\"v\"}", "{\"value\":\"w\"}", 2n, 3n]
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
        yield* Ledger.addRun(open, "ledger", outcome(run(at, {})))
        yield* applyRows(open, told(run(at, {})), true, many(at, value))
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
