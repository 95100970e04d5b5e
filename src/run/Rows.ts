/** Makes the rows of a run out of the objects that were read. */
import { Effect } from "effect"
import * as PersonalSql from "../duckdb/Personal.ts"
import type { RunDatabase } from "../duckdb/RunDatabase.ts"
import type { Extraction, Pipeline } from "../Pipeline.ts"
import { Progress } from "../Progress.ts"
import * as DuckDb from "../staging/DuckDb.ts"
import { rowsOf } from "../staging/RowsSql.ts"
import type { Stamp } from "../Table.ts"

/** The tables whose objects could be read. */
export const collectedOf = ({ rows, tables }: Pipeline, { lists }: Pick<Extraction, "lists">) =>
  tables.filter(({ name }) => lists.some(({ list }) => list.name === rows[name]?.list))

/** What becomes of cells that say something about a person. */
export type Personal = { readonly treatment: "keep" | "drop" } | {
  readonly treatment: "hash"
  readonly key: Uint8Array
}

/**
 * Fills `rows` with every table of the pipeline; those that were not collected are empty. Gives how
 * many rows each table has that was.
 */
export const make = Effect.fn("Rows.make")(function*(
  { session }: RunDatabase,
  pipeline: Pipeline,
  { run_id }: Stamp,
  extraction: Extraction,
  personal: Personal
) {
  const progress = yield* Progress
  yield* session.run(pipeline.macros)
  yield* session.run("CREATE TABLE objects.lists (run_id VARCHAR, list VARCHAR, is_whole BOOLEAN)")
  for (const { doubt, list } of extraction.lists) {
    yield* session.run(
      `INSERT INTO objects.lists VALUES (${DuckDb.literal(run_id)}, ${DuckDb.literal(list.name)}, ${doubt === null})`
    )
  }
  if (personal.treatment === "hash") yield* PersonalSql.remember(session, personal.key)
  for (const table of pipeline.tables) yield* session.run(DuckDb.create(rowsOf(table), table))
  const rows: Record<string, number> = {}
  for (const table of collectedOf(pipeline, extraction)) {
    const cells = table.columns.map((column) => {
      const name = DuckDb.name(column.name)
      return column.personal ? `${PersonalSql.expression(personal.treatment, name)} AS ${name}` : name
    })
    yield* session.run(
      `INSERT INTO ${rowsOf(table)} BY NAME (SELECT ${cells.join(", ")} FROM (${
        pipeline.rows[table.name]?.select ?? ""
      }))`
    )
    yield* session.run("CHECKPOINT rows")
    const [counted] = yield* session.all(`SELECT count(*) FROM ${rowsOf(table)}`)
    rows[table.name] = Number(counted?.[0])
    const [{ pages, total }] = extraction.lists
    yield* progress({ stage: "writing", what: table.name, seen: rows[table.name] ?? 0, total, pages })
  }
  return rows
})
