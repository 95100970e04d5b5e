/** Published files read back with DuckDB, which shares no code with what wrote them as text. */
import { Effect, Stream } from "effect"
import { type SinkError } from "../Sink.ts"
import { type Row, type Table } from "../Table.ts"
import * as DuckDb from "./DuckDb.ts"
import * as Files from "./Files.ts"

/** Bytes that a reader of text makes room for: a row of Duo's has a few thousand. */
export const longestRow = 16_777_216

/** `{"user_id": 'VARCHAR', …}`: the columns of a table as readers of text want them. */
export const columns = (table: Table) =>
  `{${table.columns.map(({ name, type }) => `${DuckDb.name(name)}: '${DuckDb.types[type]}'`).join(", ")}}`

/** The rows of one table in one file, `undefined` if there is no such file. */
export const file = Effect.fnUntraced(function*(
  sink: string,
  path: string,
  table: Table,
  scan: (file: string) => string
) {
  const at = Files.at(sink, path)
  if (!(yield* at(Files.exists(path)))) return undefined
  const session = yield* at(DuckDb.open({ memory: DuckDb.memory }))
  const rows: Stream.Stream<ReadonlyArray<Row>, SinkError> = DuckDb.stream(
    session,
    table,
    `SELECT ${DuckDb.names(table)} FROM ${scan(DuckDb.literal(path))}`
  ).pipe(Stream.mapError(Files.errorAt(sink, path)))
  return rows
})
