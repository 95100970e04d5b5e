/** Reads published files back with DuckDB. It shares no code with the JavaScript that writes text files. */
import { Effect } from "effect"
import * as Files from "../files/Files.ts"
import type { Query } from "../Sink.ts"
import type { Table } from "../Table.ts"
import * as DuckDb from "./DuckDb.ts"
import * as Ndjson from "./Ndjson.ts"

/** The rows of one table in one file; undefined if the file does not exist. */
export const file = Effect.fnUntraced(function*(path: string, table: Table, scan: (file: string) => string) {
  if (!(yield* Files.exists(path))) return undefined
  const session = yield* DuckDb.open({})
  const query: Query = { session, sql: `SELECT ${DuckDb.names(table)} FROM ${scan(path)}` }
  return query
})

/** The same for a file of newline-delimited JSON. A file is decompressed if its name ends in `.gz` or `.zst`. */
export const ndjson = (path: string, table: Table) =>
  file(path, table, (file) => DuckDb.scanJson(file, Ndjson.columns(table, DuckDb.types)))
