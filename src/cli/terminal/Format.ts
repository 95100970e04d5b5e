/** Formats the result of a query, or another grid of values, for people or for programs. */
import type { DuckDBValue } from "@duckdb/node-api"
import * as Json from "../../text/Json.ts"
import * as Markdown from "../../text/Markdown.ts"
import * as Spreadsheet from "../../text/Spreadsheet.ts"
import * as CellValue from "./CellValue.ts"
import * as TextTable from "./TextTable.ts"

export const formats = ["table", "csv", "json", "ndjson", "markdown"] as const
export type Format = typeof formats[number]

const markdownLine = (row: ReadonlyArray<CellValue.Value>) =>
  `| ${row.map((value) => Markdown.escape(CellValue.toText(value))).join(" | ")} |`

const markdownHead = (names: ReadonlyArray<string>) => [markdownLine(names), markdownLine(names.map(() => "---"))]

/** A whole grid as lines for people. */
export const lay = (format: "table" | "markdown", grid: TextTable.Grid): string => {
  if (format === "markdown") return [...markdownHead(grid.names), ...grid.rows.map(markdownLine)].join("\n")
  const layout = TextTable.layout(grid)
  return [...TextTable.head(layout, grid.names), ...grid.rows.map((row) => TextTable.line(layout, row))].join("\n")
}

/** A format whose rows can be written as they come. */
export type Streamed = Exclude<Format, "table">

interface Form {
  readonly head: string
  readonly row: (row: ReadonlyArray<DuckDBValue>) => string
  readonly separator: string
  readonly tail: string
}

const object = (names: ReadonlyArray<string>) => (row: ReadonlyArray<DuckDBValue>) =>
  Json.stringify(Object.fromEntries(names.map((name, column) => [name, CellValue.forPrograms(row[column] ?? null)])))

/** The same value with each text in it guarded. Numbers in it stay numbers. */
const guarded = (value: CellValue.Value): CellValue.Value => {
  if (typeof value === "string") return Spreadsheet.guard(value)
  if (value === null || typeof value !== "object") return value
  return isList(value)
    ? value.map(guarded)
    : Object.fromEntries(Object.entries(value).map(([name, field]) => [Spreadsheet.guard(name), guarded(field)]))
}

const isList = (value: object): value is ReadonlyArray<CellValue.Value> => Array.isArray(value)

/** A number is never guarded, even if it has a sign and is too large for JSON. */
const csvField = (value: DuckDBValue) => {
  if (typeof value === "number" || typeof value === "bigint") return String(value)
  const cell = CellValue.forPrograms(value)
  if (typeof cell === "string") return Spreadsheet.field(cell)
  return Spreadsheet.quote(CellValue.toText(guarded(cell)))
}

const forms: Record<Streamed, (names: ReadonlyArray<string>) => Form> = {
  /** Without a byte order mark, because its usual readers are programs. */
  csv: (names) => {
    const row = (row: ReadonlyArray<DuckDBValue>) => Spreadsheet.record(row.map(csvField))
    return { head: row(names), row, separator: "", tail: "" }
  },
  json: (names) => ({ head: "[", row: object(names), separator: ",\n", tail: "]\n" }),
  ndjson: (names) => ({ head: "", row: (row) => `${object(names)(row)}\n`, separator: "", tail: "" }),
  markdown: (names) => ({
    head: `${markdownHead(names).join("\n")}\n`,
    row: (row) => `${markdownLine(row.map(CellValue.forPeople))}\n`,
    separator: "",
    tail: ""
  })
}

/** Formats rows that come in parts: `rows` formats the next ones, and `end` what follows the last. */
export const begin = (format: Streamed, names: ReadonlyArray<string>) => {
  const { head, row, separator, tail } = forms[format](names)
  let hasRows = false
  return {
    rows: (rows: ReadonlyArray<ReadonlyArray<DuckDBValue>>): string => {
      const text = `${hasRows ? separator : head}${rows.map(row).join(separator)}`
      hasRows = true
      return text
    },
    end: (): string => `${hasRows ? "" : head}${tail}`
  }
}
