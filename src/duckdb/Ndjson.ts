/** Writes rows as newline-delimited JSON: all columns in the table's order, instants as RFC 3339, NULL as null. */
import type { Cell, Row, Table } from "../Table.ts"
import * as DuckDb from "./DuckDb.ts"
import * as Instant from "./Instant.ts"

/** A text whose characters need no escape in JSON. */
const plain = /^[ !#-[\]-~]*$/

const value = (cell: Exclude<Cell, null>): string =>
  typeof cell === "string"
    ? plain.test(cell) ? `"${cell}"` : JSON.stringify(cell.toWellFormed())
    : typeof cell === "bigint"
    ? `"${Instant.format(cell)}"`
    : String(cell)

/** Makes a function that writes a row of the table as a line, with its newline. */
export const line = ({ columns }: Table) => {
  const names = columns.map(({ name }) => name)
  const keys = names.map((name, index) => `${index === 0 ? "{" : ","}${JSON.stringify(name)}:`)
  const nulls = keys.map((key) => `${key}null`)
  return (row: Row): string => {
    let text = ""
    for (let index = 0; index < names.length; index++) {
      const cell = row[names[index] ?? ""] ?? null
      text += cell === null ? nulls[index] : keys[index] + value(cell)
    }
    return `${text}}\n`
  }
}

/** The columns of a table for DuckDB's JSON reader, with the SQL type to use for each column type. */
export const columns = (table: Table, types: Readonly<Record<Table["columns"][number]["type"], string>>) =>
  `{${table.columns.map(({ name, type }) => `${DuckDb.name(name)}: '${types[type]}'`).join(", ")}}`

const [toSeconds, toMicros] = ["%Y-%m-%dT%H:%M:%SZ", "%Y-%m-%dT%H:%M:%S.%fZ"].map(DuckDb.literal)
const yearZero = "-62167219200000000"

/** SQL that formats an instant as `Instant.format` does. */
const rfc3339 = (column: string) => {
  const micros = `epoch_us(${column})`
  const utc = `make_timestamp(${micros})`
  const text =
    `CASE WHEN ${micros} % 1000000 = 0 THEN strftime(${utc}, ${toSeconds}) ELSE strftime(${utc}, ${toMicros}) END`
  // DuckDB writes years before 0 without leading zeros
  const padded = `regexp_replace(regexp_replace(${text}, '^-', '-000'), '^-0*(\\d{4,})', '-\\1')`
  return `CASE WHEN ${micros} < ${yearZero} THEN ${padded} ELSE ${text} END`
}

/**
 * Changes a query for rows so that `COPY` writes it as our JSON. `isNamed` adds the table's name as the first column.
 */
export const objects = ({ columns, name: table }: Table, query: string, isNamed: boolean) => {
  const cells = columns.map(({ name, type }) => {
    const column = DuckDb.name(name)
    return type === "timestamp" ? `${rfc3339(column)} AS ${column}` : column
  })
  const named = isNamed ? [`${DuckDb.literal(table)} AS "table"`] : []
  return `SELECT ${[...named, ...cells].join(", ")} FROM (${query})`
}
