/** The events of a log in the Parquet files below a directory, for a ledger that keeps none itself. */
import { Effect } from "effect"
import * as DuckDb from "../duckdb/DuckDb.ts"
import { isEvents, type Table } from "../Table.ts"
import type { EventsQuery } from "./ledger/Ledger.ts"
import * as ParquetFiles from "./ParquetFiles.ts"
import { asTable } from "./Snapshots.ts"

/** Finds out which tables have files, because a view over files needs at least one. */
export const find = Effect.fnUntraced(function*(session: DuckDb.Session, root: string, tables: ReadonlyArray<Table>) {
  const queries = new Map<string, string>()
  for (const table of tables.filter(isEvents)) {
    const files = ParquetFiles.files(DuckDb.literal(root), table)
    const [some] = yield* session.all(`SELECT 1 FROM glob(${files}) LIMIT 1`)
    if (some !== undefined) queries.set(table.name, asTable(table, ParquetFiles.select(files)))
  }
  const events: EventsQuery = ({ name }) => queries.get(name)
  return events
})
