/** Makes the rows of a run out of the objects that were read. */
import { Effect } from "effect"
import * as PersonalSql from "../duckdb/Personal.ts"
import * as RunDatabase from "../duckdb/RunDatabase.ts"
import type { Extraction, Pipeline } from "../Pipeline.ts"
import { Progress } from "../Progress.ts"
import * as DuckDb from "../staging/DuckDb.ts"
import * as RowsSql from "../staging/RowsSql.ts"
import type { Stamp, Table } from "../Table.ts"

/** The tables whose objects could be read. */
export const collectedOf = ({ rows, tables }: Pipeline, { lists }: Pick<Extraction, "lists">) =>
  tables.filter(({ name }) => lists.some(({ list }) => list.name === rows[name]?.list))

/** What becomes of cells that say something about a person. */
export type Personal = { readonly treatment: "keep" | "drop" } | {
  readonly treatment: "hash"
  readonly key: Uint8Array
}

/** Of all tables, as a rule. */
const rowsPerObject = 5

/** So few rows of a table stay in memory: writing them to the file waits for the disk. */
const rowsInMemory = 30_000

/**
 * Fills `rows` with every table of the pipeline; those that were not collected are empty. Gives how
 * many rows each table has that was.
 */
export const make = Effect.fn("Rows.make")(function*(
  { session }: RunDatabase.RunDatabase,
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
  for (const table of pipeline.tables) yield* session.run(RowsSql.create(table))
  const [{ pages, total }] = extraction.lists

  const makeTable = Effect.fnUntraced(function*(table: Table) {
    const own = yield* session.another
    if (personal.treatment === "hash") yield* PersonalSql.remember(own, personal.key)
    const cells = table.columns.map((column) => {
      const name = DuckDb.name(column.name)
      return column.personal ? `${PersonalSql.expression(personal.treatment, name)} AS ${name}` : name
    })
    const select = `SELECT ${cells.join(", ")} FROM (${pipeline.rows[table.name]?.select ?? ""})`
    yield* own.run(RowsSql.insert(table, select))
    const [counted] = yield* own.all(`SELECT count(*) FROM ${RowsSql.rowsOf(table)}`)
    const seen = Number(counted?.[0])
    yield* progress({ stage: "writing", what: table.name, seen, total, pages })
    return [table.name, seen] as const
  }, Effect.scoped)

  const made = yield* Effect.forEach(collectedOf(pipeline, extraction), makeTable, {
    concurrency: RunDatabase.concurrency((total ?? Infinity) * rowsPerObject)
  })
  if (made.some(([_, rows]) => rows > rowsInMemory)) yield* session.run("CHECKPOINT rows")
  return Object.fromEntries(made)
})
