/** Published files read back with DuckDB, which shares no code with what wrote them as text. */
import { Effect } from "effect"
import * as Files from "../files/Files.ts"
import type { Query } from "../Sink.ts"
import type { Table } from "../Table.ts"
import * as DuckDb from "./DuckDb.ts"
import * as Ndjson from "./Ndjson.ts"

/** The rows of one table in one file, `undefined` if there is no such file. */
export const file = Effect.fnUntraced(function*(path: string, table: Table, scan: (file: string) => string) {
  if (!(yield* Files.exists(path))) return undefined
  const session = yield* DuckDb.open({})
  const query: Query = { session, sql: `SELECT ${DuckDb.names(table)} FROM ${scan(path)}` }
  return query
})

/** The same for newline-delimited JSON as the engine makes it; a name that ends in `.gz` or `.zst` is of a file packed so. */
export const ndjson = (path: string, table: Table) =>
  file(path, table, (file) => DuckDb.scanJson(file, Ndjson.columns(table, DuckDb.types)))
