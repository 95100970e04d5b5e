/**
 * The rows of a run on their way into DuckDB: text that DuckDB reads when the run is sealed. That takes half the time of
 * appending rows through its API, none of it on the event loop, and no memory until then.
 */
import type { SinkRun } from "../Sink.ts"
import type { Cell, Row, Table } from "../Table.ts"
import * as DuckDb from "./DuckDb.ts"
import * as TextFiles from "./TextFiles.ts"

const value = (cell: Exclude<Cell, null>) =>
  typeof cell === "string" ? cell.toWellFormed() : typeof cell === "bigint" ? String(cell) : cell

/** NULLs are left out, instants are counts of microseconds. */
const line = ({ columns }: Table) => (row: Row) => {
  const object: Record<string, string | number | boolean> = {}
  for (const { name } of columns) {
    const cell = row[name] ?? null
    if (cell !== null) object[name] = value(cell)
  }
  return `${JSON.stringify(object)}\n`
}

/** Opens a spool for a run; its files are staged under names that begin with the prefix. */
export const open = (run: SinkRun, root: string, prefix: string) =>
  TextFiles.open(run, root, { name: (table) => `${prefix}${table.name}`, header: () => "", line })

/** A query for the rows of a spooled table, with the table's names and types, in its order. */
export const select = ({ path, table }: TextFiles.Staged) => {
  const spooled = { ...DuckDb.types, timestamp: "BIGINT" }
  const columns = table.columns.map(({ name, type }) => `${DuckDb.name(name)}: '${spooled[type]}'`)
  const cells = table.columns.map(({ name, type }) => {
    const column = DuckDb.name(name)
    return type === "timestamp" ? `make_timestamptz(${column}) AS ${column}` : column
  })
  return `SELECT ${cells.join(", ")} FROM ${DuckDb.scanJson(path, `{${columns.join(", ")}}`)}`
}
