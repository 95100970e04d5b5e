/** The rows that the laws of a sink write: two tables with every type of column, and difficult texts. */
import { Arbitrary, Schema } from "effect"
import type { Outcome } from "../../src/Outcome.ts"
import type { SinkRun } from "../../src/Sink.ts"
import * as Table from "../../src/Table.ts"

const columns = {
  ...Table.common,
  user_id: Table.id("Whom the row is about."),
  name: Table.id("Text that every row has."),
  moment: Table.instant("An instant that every row has."),
  note: Table.text("Text, \"quoted\", it's said; or nothing."),
  is_on: Table.boolean("Yes, no or unknown."),
  count: Table.bigint("How many."),
  seen_at: Table.timestamp("When.")
}

export const things = Table.make({ name: "things", doc: "Things, it's said.", key: ["user_id"], columns })
export const others = Table.make({ name: "others", doc: "Other things.", key: ["user_id"], columns })
export const tables: ReadonlyArray<Table.Table> = [things, others]

/** Texts that some format has to escape, quote or guard. */
const fragments: ReadonlyArray<string> = [
  ..."=+-@\t\r\n'\",;|\\\0\u001b\u2028\u2029\ufeff＝＋－＠é漢😀 ",
  "'=",
  "''",
  "\r\n",
  "\"\"",
  "\ud800",
  "\udc00",
  "\ufffe\uffff\ufdd0\u{1ffff}\u{10fffe}",
  "null",
  "NULL",
  "true",
  "{}",
  "\\N",
  "\\u0041",
  "=1+1",
  "👩‍👩‍👧",
  "%s",
  "long".repeat(20_000)
]
const instants = [0n, -1n, 1n, 1_795_464_900_123_000n, -62_135_596_800_000_000n, 253_402_300_799_999_999n].concat(
  [-210_866_803_200_000_001n, 9_223_339_708_800_000_000n]
)

const { all, array, map, schema } = Arbitrary
const nullable = <A>(of: Arbitrary.Arbitrary<A>) =>
  map(all([schema(Schema.Boolean), of]), ([isNull, value]) => isNull ? null : value)
const text = map(
  array(schema(Schema.Union([Schema.Literals(fragments), Schema.NonEmptyString])), { minLength: 1, maxLength: 4 }),
  (parts) => parts.join("")
)
const count = map(
  schema(Schema.Union([Schema.Literals([Number.MAX_SAFE_INTEGER, Number.MIN_SAFE_INTEGER]), Schema.Int])),
  (some) => some + 0
)
const instantFrom = (earliest: bigint) =>
  map(
    schema(Schema.Union([Schema.Literals(instants.filter((micros) => micros >= earliest)), Schema.Int])),
    (micros) => BigInt(micros)
  )

/** The cells of a row, except its stamp and its user. */
const cellsFrom = (earliest: bigint) =>
  all({
    name: text,
    moment: instantFrom(earliest),
    note: nullable(text),
    is_on: nullable(schema(Schema.Boolean)),
    count: nullable(count),
    seen_at: nullable(instantFrom(earliest))
  })
export type Cells = ReturnType<typeof cellsFrom> extends Arbitrary.Arbitrary<infer A> ? A : never

/** Rows of both tables. No instant is before `earliest`. */
export const scenarioFrom = (earliest = -(2n ** 63n)) =>
  all({
    things: array(cellsFrom(earliest), { maxLength: 12 }),
    others: array(cellsFrom(earliest), { maxLength: 4 })
  })

/** An ordinary row, for laws that need at least one. */
export const plain: Cells = {
  name: "plain",
  moment: 1_795_464_900_123_456n,
  note: null,
  is_on: true,
  count: 7,
  seen_at: null
}

/** Each difficult text alone, doubled, and between other texts. */
export const hostile: ReadonlyArray<Cells> = fragments.flatMap((text) =>
  [text, `${text}${text}`, `a${text}b`].map((name) => ({ ...plain, name, note: name }))
)

/** The rows of a run, one per user. */
export const rowsOf = (run: SinkRun, cells: ReadonlyArray<Cells>, first = 0): ReadonlyArray<Table.Row> =>
  cells.map((some, index) => ({
    run_id: run.run_id,
    observed_at: run.observed_at,
    tenant: run.tenant,
    user_id: `U${first + index}`,
    ...some
  }))

/** The n-th run of a tenant, a minute after the previous one. */
export const runOf = (number: number, tenant = "api-11111111.duosecurity.com"): SinkRun => ({
  run_id: `01K${String(number).padStart(23, "0")}`,
  observed_at: 1_795_464_900_123_000n + BigInt(number) * 60_000_000n,
  tenant,
  pipeline: "test",
  tables,
  views: "",
  maxShrink: 100,
  allowEmpty: false
})

export const outcomeOf = (run: SinkRun, rows: Table.Batch, changes: Partial<Outcome> = {}): Outcome => ({
  run_id: run.run_id,
  pipeline: run.pipeline,
  tenant: run.tenant,
  host: null,
  window: null,
  started_at: "2026-11-23T20:14:00.000Z",
  finished_at: "2026-11-23T20:16:00.000Z",
  observed_at: new Date(Number(run.observed_at / 1000n)).toISOString(),
  tool_version: "0.0.0",
  complete: true,
  incomplete_reason: null,
  proof: null,
  total_objects: rows["things"]?.length ?? 0,
  pages: 1,
  sweeps: 1,
  requests: 1,
  retries: 0,
  duplicates: 0,
  changed: 0,
  unknown_values: 0,
  contradictions: 0,
  fields: {},
  columns_added: [],
  tables_collected: tables.map(({ name }) => name),
  warnings: [],
  warned: {},
  counts: [],
  rows: Object.fromEntries(Object.entries(rows).map(([table, some]) => [table, some.length])),
  ...changes
})
