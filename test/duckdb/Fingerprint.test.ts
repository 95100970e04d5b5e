/** The fingerprint of rows is the same wherever it is made, and different for different rows. */
import * as NodeServices from "@effect/platform-node/NodeServices"
import { assert, layer } from "@effect/vitest"
import { Arbitrary, Effect, Schema, Stream } from "effect"
import { createHash } from "node:crypto"
import * as Fingerprint from "../../src/duckdb/Fingerprint.ts"
import * as Table from "../../src/Table.ts"
import { type Cells, hostile, outcomeOf, plain, rowsOf, runOf, scenarioFrom, tables, things } from "../laws/rows.ts"
import { finished } from "../laws/sink.ts"

const run = runOf(1)
const ofRows = (rows: ReadonlyArray<Table.Row>) => Fingerprint.ofRows(Stream.make(rows), things)

/** Texts that could be confused when two of them are joined. */
const fragments = [":", ",", "0", "1", "2", "1:", ":1,", "-", "true", "\0", "\u0001", "é", "漢"]
const { array, map, schema } = Arbitrary
const confusing = array(
  map(array(schema(Schema.Literals(fragments)), { minLength: 1, maxLength: 3 }), (parts) => parts.join("")),
  { minLength: 5, maxLength: 20 }
)
const four = Table.make({
  name: "four",
  doc: "Columns side by side.",
  key: [],
  columns: { one: Table.text(""), two: Table.text(""), three: Table.bigint(""), four: Table.boolean("") }
})

layer(NodeServices.layer)("a fingerprint", (it) => {
  it.effect.prop(
    "is the same for rows in DuckDB and for their values in JavaScript",
    { scenario: scenarioFrom() },
    ({ scenario }) =>
      Effect.scoped(Effect.gen(function*() {
        const rows = { things: rowsOf(run, scenario.things), others: rowsOf(run, hostile) }
        const { session } = yield* finished([{ run, rows }])
        const digests = yield* Fingerprint.ofRun(session, tables, outcomeOf(run, rows))
        assert.deepStrictEqual(digests, {
          things: (yield* ofRows(rows.things)).digest,
          others: (yield* ofRows(rows.others)).digest
        })
      })),
    { arbitrary: { runs: 25 }, timeout: 60_000 }
  )

  it.effect("is made of the run's rows in the tables that were collected", () =>
    Effect.gen(function*() {
      const rows = { things: rowsOf(run, [plain]) }
      const other = runOf(2)
      const { session } = yield* finished([{ run, rows }, { run: other, rows: { things: rowsOf(other, [plain]) } }])
      const outcome = outcomeOf(run, rows, { tables_collected: ["things"] })
      const { digest } = yield* ofRows(rows.things)
      assert.deepStrictEqual(yield* Fingerprint.ofRun(session, tables, outcome), { things: digest })
    }))

  it.effect.prop(
    "encodes different rows as different texts",
    { texts: confusing },
    ({ texts }) =>
      Effect.sync(() => {
        const different = [null, ...new Set(texts)]
        const rows = different.flatMap((one) =>
          different.flatMap((two) =>
            [null, 1, -1].flatMap((three) => [null, true, false].map((four): Table.Row => ({ one, two, three, four })))
          )
        )
        assert.lengthOf([...new Set(rows.map((row) => Fingerprint.encode(four, row)))], rows.length)
      }),
    { arbitrary: { runs: 50 } }
  )

  it.effect("can be made with nothing but MD5", () =>
    Effect.gen(function*() {
      const cells: Cells = { name: "é:", moment: 1n, note: null, is_on: false, count: -7, seen_at: null }
      const rows = rowsOf(run, [cells, plain])
      const { digest } = yield* ofRows(rows)
      const stamp = `26:${run.run_id}${run.observed_at},28:${run.tenant}`
      const texts = [`${stamp}2:U03:é:1,:false,-7,,`, `${stamp}2:U15:plain1795464900123456,:true,7,,`]
      const sum = texts.map((row) => createHash("md5").update(row).digest().readBigUInt64LE(8))
        .reduce((sum, some) => sum + some, 0n)
      assert.strictEqual(digest, sum.toString(16).padStart(32, "0"))
      assert.strictEqual((yield* ofRows(rows.toReversed())).digest, digest)
      assert.notStrictEqual((yield* ofRows([...rows, ...rows.slice(0, 1)])).digest, digest)
      assert.strictEqual((yield* ofRows([])).digest, "0".repeat(32))
    }))

  it.effect.prop(
    "without some rows is that of the others, with both algorithms",
    { scenario: scenarioFrom(), cut: Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 12 })) },
    ({ cut, scenario }) =>
      Effect.gen(function*() {
        const rows = rowsOf(run, scenario.things)
        for (const by of ["md5-sum", "sha256-lanes"] as const) {
          const [all, some, others] = yield* Effect.forEach(
            [rows, rows.slice(0, cut), rows.slice(cut)],
            (part) => Fingerprint.ofRows(Stream.make(part), things, by)
          )
          assert.strictEqual(Fingerprint.without(all?.digest ?? "", some?.digest ?? "", by), others?.digest)
        }
      })
  )
})
