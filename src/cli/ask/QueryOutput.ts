/** Prints the answer to a query. Rows are printed as they come, so that the answer may be larger than the memory. */
import type { DuckDBValue } from "@duckdb/node-api"
import { Effect } from "effect"
import { wrap } from "../../text/Wrap.ts"
import * as Pager from "../shared/Pager.ts"
import * as CellValue from "../terminal/CellValue.ts"
import * as Format from "../terminal/Format.ts"
import * as Stdout from "../terminal/Stdout.ts"
import * as TextTable from "../terminal/TextTable.ts"
import type * as Select from "./Select.ts"

type Answer = Effect.Success<ReturnType<typeof Select.begin>>

/** A table is as large as the terminal is wide, and has so many rows. */
export const rowsMax = 40

/** The widths of a whole table are those of its first rows, because later ones are printed as they come. */
const rowsMeasured = 10_000

export interface Output {
  readonly format: Format.Format
  /** The width of the terminal, if a table has to fit on it. */
  readonly width: number | undefined
  /** How a person gets the whole answer if a table does not show it. */
  readonly forAll: string
  /** Whether a person reads the answer page by page. */
  readonly isPaged: boolean
}

type Writer = Effect.Success<typeof Pager.writer>

const number = new Intl.NumberFormat("en")

/** The lines below a table: how many rows and columns there are, and which of them are not shown. */
const foot = (rows: number, shown: number, { columns, hidden, isCut }: TextTable.Layout, output: Output) => {
  const all = number.format(rows)
  const parts = [
    shown < rows ? `${number.format(shown)} of ${all} rows` : rows === 1 ? "1 row" : `${all} rows`,
    ...hidden.length === 0 ? [] : [`${columns.length} of ${columns.length + hidden.length} columns`],
    ...isCut ? ["long cells are cut"] : []
  ]
  const isWhole = shown === rows && hidden.length === 0 && !isCut
  return [
    "",
    `${parts.join(", ")}${isWhole ? "" : `; ${output.forAll} shows all`}`,
    ...hidden.length === 0 ? [] : wrap(`Hidden: ${hidden.join(", ")}`, output.width ?? Infinity)
  ]
}

const text = (lines: ReadonlyArray<string>) => lines.map((line) => `${line}\n`).join("")

const table = Effect.fnUntraced(function*({ names, next }: Answer, output: Output, write: Writer) {
  const wanted = output.width === undefined ? rowsMeasured : rowsMax
  const first: Array<ReadonlyArray<DuckDBValue>> = []
  let rows = 0
  let chunk = yield* next
  for (; chunk !== undefined && rows < wanted; chunk = yield* next) {
    first.push(...chunk.getRows())
    rows += chunk.rowCount
  }
  const shown = (output.width === undefined ? first : first.slice(0, rowsMax)).map(CellValue.forTable)
  const layout = TextTable.layout({ names, rows: shown }, output.width)
  yield* write(text([...TextTable.head(layout, names), ...shown.map((row) => TextTable.line(layout, row))]))
  for (; chunk !== undefined; chunk = yield* next) {
    rows += chunk.rowCount
    if (output.width !== undefined) continue
    yield* write(text(chunk.getRows().map((row) => TextTable.line(layout, CellValue.forTable(row)))))
  }
  yield* write(text(foot(rows, output.width === undefined ? rows : shown.length, layout, output)))
})

const streamed = Effect.fnUntraced(function*(format: Format.Streamed, { names, next }: Answer, write: Writer) {
  const text = Format.begin(format, names)
  for (let chunk = yield* next; chunk !== undefined; chunk = yield* next) yield* write(text.rows(chunk.getRows()))
  yield* write(text.end())
})

/** Prints an answer, until the reader closes the pipe or leaves the pager. */
export const print = (output: Output) =>
  Effect.fnUntraced(
    function*(answer: Answer) {
      const write = yield* output.isPaged ? Pager.writer : Stdout.writer
      yield* output.format === "table" ? table(answer, output, write) : streamed(output.format, answer, write)
    },
    Effect.catchTag("ReaderLeft", () => Effect.void),
    Effect.scoped
  )
