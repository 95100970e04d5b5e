/** Prints the answer to a query. Rows are printed as they come, so that the answer may be larger than the memory. */
import type { DuckDBValue } from "@duckdb/node-api"
import { Effect } from "effect"
import * as Format from "../terminal/Format.ts"
import * as Stdout from "../terminal/Stdout.ts"
import type * as Select from "./Select.ts"

type Answer = Effect.Success<ReturnType<typeof Select.begin>>

/** How many rows a table may have. All of them are in memory, because the widths of columns depend on every row. */
const rowsMax = 10_000

const table = Effect.fnUntraced(function*({ names, next }: Answer) {
  const rows: Array<ReadonlyArray<DuckDBValue>> = []
  for (let chunk = yield* next; chunk !== undefined && rows.length <= rowsMax; chunk = yield* next) {
    rows.push(...chunk.getRows())
  }
  yield* Stdout.printText(Format.lay("table", { names, rows: Format.values(rows.slice(0, rowsMax)) }))
  if (rows.length > rowsMax) {
    yield* Effect.logWarning(`The table ends after ${rowsMax} rows, and there are more: --format csv has all of them`)
  }
})

const streamed = Effect.fnUntraced(function*(format: Format.Streamed, { names, next }: Answer) {
  const write = yield* Stdout.writer
  const text = Format.begin(format, names)
  for (let chunk = yield* next; chunk !== undefined; chunk = yield* next) {
    yield* write(text.rows(Format.values(chunk.getRows())))
  }
  yield* write(text.end())
}, Effect.catchTag("ReaderLeft", () => Effect.void))

/** Prints an answer, until the reader closes the pipe. */
export const print = (format: Format.Format) => (answer: Answer) =>
  format === "table" ? table(answer) : streamed(format, answer)
