/** Makes the rows of a run from the objects that were read. */
import { Effect } from "effect"
import * as DuckDb from "../duckdb/DuckDb.ts"
import * as PersonalSql from "../duckdb/Personal.ts"
import * as RowsSql from "../duckdb/RowsSql.ts"
import type { RunDatabase } from "../duckdb/RunDatabase.ts"
import type { Extraction, Pipeline } from "../Pipeline.ts"
import type { Stamp } from "../Table.ts"
import { Progress } from "./Progress.ts"

/** The tables whose objects could be read. */
export const collectedTables = ({ rows, tables }: Pipeline, { lists }: Pick<Extraction, "lists">) =>
  tables.filter(({ name }) => lists.some(({ list }) => list.name === rows[name]?.list))

/** The treatment of cells that say something about a person. */
export type Personal = { readonly treatment: "keep" | "drop" } | {
  readonly treatment: "hash"
  readonly key: Uint8Array
}

/** If no table has more rows than this, they stay in memory, because a checkpoint would have to wait for the disk. */
const rowsInMemory = 30_000

/**
 * Makes the macros and the table `objects.lists` that the pipeline's SELECTs use, and an empty table per table of rows.
 */
export const prepare = Effect.fnUntraced(function*(
  { session }: RunDatabase,
  pipeline: Pipeline,
  { run_id }: Stamp,
  { lists }: Extraction
) {
  yield* session.run(pipeline.macros)
  yield* session.run("CREATE TABLE objects.lists (run_id VARCHAR, list VARCHAR, is_whole BOOLEAN)")
  for (const { doubt, list } of lists) {
    yield* session.run(
      `INSERT INTO objects.lists VALUES (${DuckDb.literal(run_id)}, ${DuckDb.literal(list.name)}, ${doubt === null})`
    )
  }
  for (const table of pipeline.tables) yield* session.run(RowsSql.create(table))
})

/**
 * Fills the tables of `rows`, and returns the number of rows of each. A table that was not collected stays empty and is
 * not in the result. Tables are made one after the other, because each needs half of the memory.
 */
export const make = Effect.fn("Rows.make")(function*(
  database: RunDatabase,
  pipeline: Pipeline,
  extraction: Extraction,
  personal: Personal
) {
  const progress = yield* Progress
  const session = yield* database.session.another
  if (personal.treatment === "hash") yield* PersonalSql.storeKey(session, personal.key)
  const [{ pages, total }] = extraction.lists
  const made: Record<string, number> = {}
  for (const table of collectedTables(pipeline, extraction)) {
    const cells = table.columns.map((column) => {
      const name = DuckDb.name(column.name)
      return column.personal ? `${PersonalSql.expression(personal.treatment, name)} AS ${name}` : name
    })
    const select = `SELECT ${cells.join(", ")} FROM (${pipeline.rows[table.name]?.select ?? ""})`
    yield* session.run(RowsSql.insert(table, select))
    const [counted] = yield* session.all(`SELECT count(*) FROM ${RowsSql.rowsTable(table)}`)
    const seen = Number(counted?.[0])
    made[table.name] = seen
    yield* progress({ stage: "writing", what: table.name, seen, total, pages })
  }
  if (Object.values(made).some((rows) => rows > rowsInMemory)) yield* session.run("CHECKPOINT rows")
  return made
}, Effect.scoped)
