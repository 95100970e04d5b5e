/** Reads published files back with DuckDB. It shares no code with the JavaScript that writes text files. */
import { Effect } from "effect"
import * as Files from "../files/Files.ts"
import type { PublishedRun, Query } from "../Sink.ts"
import type { Table } from "../Table.ts"
import * as DuckDb from "./DuckDb.ts"
import * as Ndjson from "./Ndjson.ts"

/** The run whose id names the files that a run is in: the newest of its round. */
export const newestOf = (run: PublishedRun): Pick<PublishedRun, "run_id" | "observed_at"> => run.round ?? run

/**
 * The rows of one table of one run in one file; undefined if the file does not exist. The file of a round also has the
 * rows of other runs.
 */
export const file = Effect.fnUntraced(function*(
  path: string,
  { round, run_id }: PublishedRun,
  table: Table,
  scan: (file: string) => string
) {
  if (!(yield* Files.exists(path))) return undefined
  const session = yield* DuckDb.open({})
  const condition = round === null ? "" : ` WHERE run_id = ${DuckDb.literal(run_id)}`
  const query: Query = { session, sql: `SELECT ${DuckDb.names(table)} FROM ${scan(path)}${condition}` }
  return query
})

/** The same for a file of newline-delimited JSON. A file is decompressed if its name ends in `.gz` or `.zst`. */
export const ndjson = (path: string, run: PublishedRun, table: Table) =>
  file(path, run, table, (file) => DuckDb.scanJson(file, Ndjson.columns(table, DuckDb.types)))
