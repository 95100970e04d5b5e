/** Makes the rows of a run out of the objects that were read. */
import { Effect } from "effect"
import { readFileSync } from "node:fs"
import * as Personal from "../duckdb/Personal.ts"
import type { RunDatabase } from "../duckdb/RunDatabase.ts"
import type { Extraction, Pipeline } from "../Pipeline.ts"
import * as DuckDb from "../staging/DuckDb.ts"
import type { Stamp, Table } from "../Table.ts"

/** What the SELECTs of all pipelines share. */
const macros = readFileSync(new URL("../duckdb/macros.sql", import.meta.url), "utf8")

/** The name of a table's rows in the run database. */
export const rowsOf = ({ name }: Table) => `run.rows.${DuckDb.name(name)}`

/** The tables whose objects could be read. */
export const collectedOf = ({ rows, tables }: Pipeline, { lists }: Pick<Extraction, "lists">) =>
  tables.filter(({ name }) => lists.some(({ list }) => list.name === rows[name]?.list))

/** Fills `rows` with every table of the pipeline; those that were not collected are empty. */
export const make = Effect.fn("Rows.make")(function*(
  { session }: RunDatabase,
  pipeline: Pipeline,
  { run_id }: Stamp,
  extraction: Extraction,
  personal: Personal.Applied
) {
  yield* session.run(macros)
  yield* session.run("CREATE TABLE objects.lists (run_id VARCHAR, list VARCHAR, is_whole BOOLEAN)")
  for (const { doubt, list } of extraction.lists) {
    yield* session.run(
      `INSERT INTO objects.lists VALUES (${DuckDb.literal(run_id)}, ${DuckDb.literal(list.name)}, ${doubt === null})`
    )
  }
  if (personal.key !== undefined) yield* Personal.remember(session, personal.key)
  for (const table of pipeline.tables) yield* session.run(DuckDb.create(rowsOf(table), table))
  for (const table of collectedOf(pipeline, extraction)) {
    const cells = table.columns.map((column) => {
      const name = DuckDb.name(column.name)
      return column.personal ? `${Personal.expression(personal.treatment)(name)} AS ${name}` : name
    })
    yield* session.run(
      `INSERT INTO ${rowsOf(table)} BY NAME (SELECT ${cells.join(", ")} FROM (${
        pipeline.rows[table.name]?.select ?? ""
      }))`
    )
    yield* session.run("CHECKPOINT run")
  }
})
