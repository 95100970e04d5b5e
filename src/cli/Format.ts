/** The result of a query, or another grid of values, as text: for people or for programs. */
import type { DuckDBResultReader, DuckDBValue } from "@duckdb/node-api"
import * as Instant from "../staging/Instant.ts"
import * as Json from "../text/Json.ts"
import * as Markdown from "../text/Markdown.ts"
import * as Spreadsheet from "../text/Spreadsheet.ts"
import * as Terminal from "../text/Terminal.ts"

export const formats = ["table", "csv", "json", "ndjson", "markdown"] as const
export type Format = typeof formats[number]

export type Value = string | number | boolean | null

/** A value as JSON has it: instants as RFC 3339, decimals as numbers, whole numbers that are too large for JSON as text. */
const toValue = (value: DuckDBValue): Value => {
  if (value === null || typeof value === "string" || typeof value === "boolean") return value
  if (typeof value === "number") return Number.isFinite(value) ? value : String(value)
  if (typeof value === "bigint") return Number.isSafeInteger(Number(value)) ? Number(value) : String(value)
  if ("scale" in value) return Number(String(value))
  return "micros" in value && typeof value.micros === "bigint" && value.constructor.name === "DuckDBTimestampTZValue"
    ? Instant.format(value.micros)
    : String(value)
}

export interface Grid {
  readonly names: ReadonlyArray<string>
  readonly rows: ReadonlyArray<ReadonlyArray<Value>>
}

const show = (value: Value) => value === null ? "" : Terminal.inert(String(value))

const wide =
  /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]|\p{Emoji_Presentation}/u
const segmenter = new Intl.Segmenter("en")

/** Columns of a terminal that a text takes. */
const width = (text: string) => {
  let columns = 0
  for (const { segment } of segmenter.segment(text)) columns += wide.test(segment) ? 2 : 1
  return columns
}

const table = ({ names, rows }: Grid) => {
  const cells = [names, ...rows].map((row) => row.map((value) => show(value)))
  const widths = names.map((_, column) => Math.max(...cells.map((row) => width(row[column] ?? ""))))
  const isNumber = names.map((_, column) => rows.some((row) => typeof row[column] === "number"))
  const line = (row: ReadonlyArray<string>) =>
    row.map((text, column) => {
      const space = " ".repeat((widths[column] ?? 0) - width(text))
      return isNumber[column] ? space + text : text + space
    }).join("  ").trimEnd()
  const [head = [], ...body] = cells
  return [line(head), line(widths.map((columns) => "-".repeat(columns))), ...body.map(line)].join("\n")
}

/** Without a byte order mark: who reads it is mostly a program. */
const csv = ({ names, rows }: Grid) => {
  const field = (value: Value) =>
    typeof value === "string" ? Spreadsheet.field(value) : value === null ? "" : String(value)
  return [names, ...rows].map((row) => row.map(field).join(",")).join("\r\n")
}

const objects = ({ names, rows }: Grid) =>
  rows.map((row) => Json.stringify(Object.fromEntries(names.map((name, column) => [name, row[column]]))))

const markdown = ({ names, rows }: Grid) => {
  const line = (row: ReadonlyArray<Value>) =>
    `| ${row.map((value) => value === null ? "" : Markdown.escape(String(value))).join(" | ")} |`
  return [line(names), line(names.map(() => "---")), ...rows.map(line)].join("\n")
}

const printers: Record<Format, (grid: Grid) => string> = {
  table,
  csv,
  json: (grid) => `[${objects(grid).join(",\n")}]`,
  ndjson: (grid) => objects(grid).join("\n"),
  markdown
}

export const lay = (format: Format, grid: Grid): string => printers[format](grid)

export const print = (format: Format, result: DuckDBResultReader): string =>
  lay(format, { names: result.deduplicatedColumnNames(), rows: result.getRows().map((row) => row.map(toValue)) })
