/** Published files read back with DuckDB, which shares no code with what wrote them as text. */
import { Effect, Stream } from "effect"
import type { SinkError } from "../Sink.ts"
import type { Row, Table } from "../Table.ts"
import * as DuckDb from "./DuckDb.ts"
import * as Files from "./Files.ts"
import * as Ndjson from "./Ndjson.ts"

/** The rows of one table in one file, `undefined` if there is no such file. */
export const file = Effect.fnUntraced(function*(
  sink: string,
  path: string,
  table: Table,
  scan: (file: string) => string
) {
  const at = Files.at(sink, path)
  if (!(yield* at(Files.exists(path)))) return undefined
  const session = yield* at(DuckDb.open({}))
  const rows: Stream.Stream<ReadonlyArray<Row>, SinkError> = DuckDb.stream(
    session,
    table,
    `SELECT ${DuckDb.names(table)} FROM ${scan(path)}`
  ).pipe(Stream.mapError(Files.errorAt(sink, path)))
  return rows
})

/** The same for newline-delimited JSON as the engine makes it; a name that ends in `.gz` is of a file in gzip. */
export const ndjson = (sink: string, path: string, table: Table) =>
  file(sink, path, table, (file) => DuckDb.scanJson(file, Ndjson.columns(table, DuckDb.types)))
