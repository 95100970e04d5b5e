/** Writes rows to Parquet files, whose metadata has the dictionary of the table and the runs of the rows. */
import { Array, Effect } from "effect"
import * as DuckDb from "../duckdb/DuckDb.ts"
import * as RowsSql from "../duckdb/RowsSql.ts"
import { InputOutput } from "../failure/SinkError.ts"
import type { Outcome } from "../Outcome.ts"
import type { Table } from "../Table.ts"
import { formatOf } from "../Version.ts"
import * as ParquetFiles from "./ParquetFiles.ts"

/** The description of a file. */
export interface WrittenParquet {
  readonly table: Table
  /** All tables of the pipeline. */
  readonly tables: ReadonlyArray<Table>
  /** The runs of the rows, of which the last is the newest. */
  readonly round: Array.NonEmptyReadonlyArray<Outcome>
  /** The name of the compression in DuckDB. */
  readonly compression: string
}

/** Rows per group. A group is in memory as a whole before it is written. */
const rowsPerGroup = 122_880

/**
 * A column with more different values per group than this is not dictionary-encoded. DuckDB's own limit of 24,576 takes as
 * much memory as the rows, and the files are as large either way.
 */
const dictionaryValuesMax = 4096

/** The key-value metadata of a file. */
const metadata = ({ round, table: { columns, doc, key, name }, tables }: WrittenParquet) => {
  const newest = Array.lastNonEmpty(round)
  return Object.entries({
    "duo_mfa.dictionary": JSON.stringify({ name, doc, key, columns }),
    "duo_mfa.run_id": newest.run_id,
    [ParquetFiles.formatKey]: String(formatOf(round)),
    [ParquetFiles.versionKey]: newest.tool_version,
    [ParquetFiles.runKey]: ParquetFiles.encodeRuns(tables, round)
  }).map(([key, value]) => `${DuckDb.literal(key)}: ${DuckDb.literal(value)}`).join(", ")
}

/** How every file is written. `metadata` is SQL for its key-value metadata. */
const options = (compression: string, metadata: string) =>
  `FORMAT parquet, COMPRESSION ${compression}, ROW_GROUP_SIZE ${rowsPerGroup}, ` +
  `DICTIONARY_SIZE_LIMIT ${dictionaryValuesMax}, KV_METADATA {${metadata}}`

/** Writes the rows of a query to a new file. Fails if the file exists. */
export const copy = (session: DuckDb.Session, query: string, file: string, written: WrittenParquet) =>
  RowsSql.copy(session, query, file, options(written.compression, metadata(written)))

/** Writes the rows of a file for which a condition holds to a new file, with the same metadata. Fails if it exists. */
export const copySome = Effect.fnUntraced(
  function*(session: DuckDb.Session, from: string, where: string, to: string, compression: string) {
    const pairs = yield* session.all(
      `SELECT decode(key), decode(value) FROM parquet_kv_metadata(${DuckDb.path(DuckDb.literal(from))})`
    )
    const same = pairs.map(([key, value]) => `${DuckDb.literal(String(key))}: ${DuckDb.literal(String(value))}`)
    yield* RowsSql.copy(
      session,
      `FROM ${DuckDb.scanParquet(from)} WHERE ${where}`,
      to,
      options(compression, same.join(", "))
    )
  }
)

/** Counts the rows of a file for which a condition holds. */
export const count = Effect.fnUntraced(function*(session: DuckDb.Session, file: string, where: string) {
  const counted = yield* session.all(`SELECT count(*) FROM ${DuckDb.scanParquet(file)} WHERE ${where}`)
  return Number(counted[0]?.[0])
})

/** The number of rows of a file. */
const rowsOf = ({ round, table }: WrittenParquet) => round.reduce((sum, { rows }) => sum + (rows[table.name] ?? 0), 0)

/** Fails if a file does not have all rows of the round. `where` is a condition for the rows of the round. */
export const verify = Effect.fnUntraced(
  function*(session: DuckDb.Session, file: string, where: string, written: WrittenParquet, expected = rowsOf(written)) {
    if ((yield* count(session, file, where)) !== expected) {
      return yield* new InputOutput({ detail: `${file} does not have the ${expected} rows that were written` })
    }
  }
)
