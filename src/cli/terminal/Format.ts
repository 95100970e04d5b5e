/** Formats the result of a query, or another grid of values, for people or for programs. */
import type { DuckDBValue } from "@duckdb/node-api"
import * as Instant from "../../duckdb/Instant.ts"
import * as Json from "../../text/Json.ts"
import * as Markdown from "../../text/Markdown.ts"
import * as Spreadsheet from "../../text/Spreadsheet.ts"
import * as Terminal from "../../text/Terminal.ts"

export const formats = ["table", "csv", "json", "ndjson", "markdown"] as const
export type Format = typeof formats[number]

export type Value = string | number | boolean | null | ReadonlyArray<Value> | { readonly [name: string]: Value }

/**
 * A value as JSON has it: instants as RFC 3339, decimals as numbers, whole numbers that are too large for JSON as text,
 * lists, structs and maps as lists and objects.
 */
const toValue = (value: DuckDBValue): Value => {
  if (value === null || typeof value === "string" || typeof value === "boolean") return value
  if (typeof value === "number") return Number.isFinite(value) ? value : String(value)
  if (typeof value === "bigint") return Number.isSafeInteger(Number(value)) ? Number(value) : String(value)
  if ("scale" in value) return Number(String(value))
  if ("items" in value) return value.items.map(toValue)
  if ("tag" in value) return toValue(value.value)
  if ("entries" in value) {
    return Object.fromEntries(
      Array.isArray(value.entries)
        ? value.entries.map((entry) => [toText(toValue(entry.key)), toValue(entry.value)])
        : Object.entries(value.entries).map(([name, field]) => [name, toValue(field)])
    )
  }
  return "micros" in value && typeof value.micros === "bigint" && value.constructor.name === "DuckDBTimestampTZValue"
    ? Instant.format(value.micros)
    : String(value)
}

/** A value as text; a list or an object is its JSON. */
const toText = (value: Value) =>
  value !== null && typeof value === "object" ? Json.stringify(value) : String(value ?? "")

export interface Grid {
  readonly names: ReadonlyArray<string>
  readonly rows: ReadonlyArray<ReadonlyArray<Value>>
}

const show = (value: Value) => Terminal.safeLine(toText(value))

const wide =
  /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]|\p{Emoji_Presentation}/u
const segmenter = new Intl.Segmenter("en")

/** How many columns of a terminal a text takes. */
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

const markdownLine = (row: ReadonlyArray<Value>) =>
  `| ${row.map((value) => Markdown.escape(toText(value))).join(" | ")} |`

const markdownHead = (names: ReadonlyArray<string>) => [markdownLine(names), markdownLine(names.map(() => "---"))]

/** A whole grid as lines for people. */
export const lay = (format: "table" | "markdown", grid: Grid): string =>
  format === "table" ? table(grid) : [...markdownHead(grid.names), ...grid.rows.map(markdownLine)].join("\n")

/** Rows of DuckDB as values. */
export const values = (rows: ReadonlyArray<ReadonlyArray<DuckDBValue>>) => rows.map((row) => row.map(toValue))

/** A format whose rows can be written as they come. */
export type Streamed = Exclude<Format, "table">

interface Form {
  readonly head: string
  readonly row: (row: ReadonlyArray<Value>) => string
  readonly separator: string
  readonly tail: string
}

const object = (names: ReadonlyArray<string>) => (row: ReadonlyArray<Value>) =>
  Json.stringify(Object.fromEntries(names.map((name, column) => [name, row[column]])))

const forms: Record<Streamed, (names: ReadonlyArray<string>) => Form> = {
  /** Without a byte order mark, because its usual readers are programs. */
  csv: (names) => {
    const field = (value: Value) =>
      typeof value === "number" || typeof value === "boolean" ? String(value) : Spreadsheet.field(toText(value))
    const row = (row: ReadonlyArray<Value>) => Spreadsheet.record(row.map(field))
    return { head: row(names), row, separator: "", tail: "" }
  },
  json: (names) => ({ head: "[", row: object(names), separator: ",\n", tail: "]\n" }),
  ndjson: (names) => ({ head: "", row: (row) => `${object(names)(row)}\n`, separator: "", tail: "" }),
  markdown: (names) => ({
    head: `${markdownHead(names).join("\n")}\n`,
    row: (row) => `${markdownLine(row)}\n`,
    separator: "",
    tail: ""
  })
}

/** Formats rows that come in parts: `rows` formats the next ones, and `end` what follows the last. */
export const begin = (format: Streamed, names: ReadonlyArray<string>) => {
  const { head, row, separator, tail } = forms[format](names)
  let hasRows = false
  return {
    rows: (rows: ReadonlyArray<ReadonlyArray<Value>>): string => {
      const text = `${hasRows ? separator : head}${rows.map(row).join(separator)}`
      hasRows = true
      return text
    },
    end: (): string => `${hasRows ? "" : head}${tail}`
  }
}
