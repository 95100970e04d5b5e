/**
 * Cells in the text format of PostgreSQL's COPY, one line per row, and back. PostgreSQL's text can have any character except
 * NUL, which becomes ␀. A literal ␀ is escaped as ␛␀.
 */
import * as Instant from "../../src/duckdb/Instant.ts"
import type { Cell, Column, Row, Table } from "../../src/Table.ts"
import type { Text } from "./Connection.ts"

/** Every ␛ in a row of them before a ␀ is doubled, as backslashes before a quote are in other formats. */
const marked = /(␛*)([\0␀])/g
const guard = (text: string) =>
  text.replaceAll(marked, (_, escapes: string, end: string) => `${escapes}${escapes}${end === "\0" ? "" : "␛"}␀`)

/** A text as the database has it. */
export const stored = (text: string) => guard(text.toWellFormed())

const unguard = (text: string) =>
  text.replaceAll(/(␛*)␀/g, (_, escapes: string) => {
    const literal = escapes.slice(0, Math.floor(escapes.length / 2))
    return `${literal}${escapes.length % 2 === 0 ? "\0" : "␀"}`
  })

const escapes: Readonly<Record<string, string>> = { "\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t" }

const field = (cell: Cell | undefined): string =>
  typeof cell === "string"
    ? stored(cell).replaceAll(/[\\\n\r\t]/g, (character) => escapes[character] ?? character)
    : typeof cell === "bigint"
    ? Instant.format(cell)
    : cell === null || cell === undefined
    ? "\\N"
    : String(cell)

/** Rows as lines, with the columns in the table's order. */
export const lines = ({ columns }: Table, rows: ReadonlyArray<Row>) =>
  rows.map((row) => `${columns.map(({ name }) => field(row[name])).join("\t")}\n`).join("")

/** SQL for a column as text that can be read back. */
export const selected = ({ type }: Column, name: string) =>
  type === "timestamp" ? `(extract(epoch FROM ${name}) * 1000000)::bigint` : name

const cell = ({ type }: Column, text: Text): Cell => {
  if (text === null) return null
  switch (type) {
    case "text":
      return unguard(text)
    case "boolean":
      return text === "t"
    case "bigint":
      return Number(text)
    case "timestamp":
      return BigInt(text)
  }
}

/** A row from the text of its columns. */
export const row = ({ columns }: Table, texts: ReadonlyArray<Text>): Row =>
  Object.fromEntries(columns.map((column, index) => [column.name, cell(column, texts[index] ?? null)]))
