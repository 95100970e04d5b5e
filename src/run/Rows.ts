/** Makes the rows of runs from the objects that were read. */
import { type Array, Effect } from "effect"
import * as DuckDb from "../duckdb/DuckDb.ts"
import * as PersonalSql from "../duckdb/Personal.ts"
import * as RowsSql from "../duckdb/RowsSql.ts"
import type { RunDatabase } from "../duckdb/RunDatabase.ts"
import type { Extraction, Pipeline } from "../Pipeline.ts"
import type { Stamp } from "../Table.ts"
import { Progress } from "./Progress.ts"

/** A run whose lists are read. Several runs can share a run database. */
export interface ExtractedRun {
  readonly stamp: Stamp
  readonly extraction: Extraction
}

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
  runs: Array.NonEmptyReadonlyArray<ExtractedRun>
) {
  const lists = runs.flatMap(({ extraction, stamp }) =>
    extraction.lists.map(({ doubt, list }) =>
      `(${DuckDb.literal(stamp.run_id)}, ${DuckDb.literal(list.name)}, ${doubt === null})`
    )
  )
  yield* session.run([
    pipeline.macros,
    "CREATE TABLE objects.lists (run_id VARCHAR, list VARCHAR, is_whole BOOLEAN)",
    `INSERT INTO objects.lists VALUES ${lists.join(", ")}`,
    ...pipeline.tables.map(RowsSql.create)
  ].join(";\n"))
})

/**
 * Fills the tables of `rows`, and returns the number of rows of each for every run, by its id. A table that was not
 * collected has no rows of the run and is not in its result. Tables are made one after the other, because each needs
 * half of the memory.
 */
export const make = Effect.fn("Rows.make")(function*(
  database: RunDatabase,
  pipeline: Pipeline,
  runs: Array.NonEmptyReadonlyArray<ExtractedRun>,
  personal: Personal
) {
  const progress = yield* Progress
  const session = yield* database.session.another
  if (personal.treatment === "hash") yield* PersonalSql.storeKey(session, personal.key)
  const made = new Map<string, Record<string, number>>(runs.map(({ stamp }) => [stamp.run_id, {}]))
  let isLarge = false
  for (const table of pipeline.tables) {
    const collected = runs.filter(({ extraction }) => collectedTables(pipeline, extraction).includes(table))
    if (collected.length === 0) continue
    const cells = table.columns.map((column) => {
      const name = DuckDb.name(column.name)
      return column.personal ? `${PersonalSql.expression(personal.treatment, name)} AS ${name}` : name
    })
    const select = `SELECT ${cells.join(", ")} FROM (${pipeline.rows[table.name]?.select ?? ""})`
    yield* session.run(RowsSql.insert(table, select))
    const counted = yield* session.all(`SELECT run_id, count(*) FROM ${RowsSql.rowsTable(table)} GROUP BY run_id`)
    for (const { extraction: { lists: [{ pages, total }] }, stamp: { run_id } } of collected) {
      const seen = Number(counted.find(([run]) => run === run_id)?.[1] ?? 0)
      made.set(run_id, { ...made.get(run_id), [table.name]: seen })
      yield* progress({ stage: "writing", what: table.name, seen, total, pages })
      isLarge ||= seen > rowsInMemory
    }
  }
  if (isLarge) yield* session.run("CHECKPOINT rows")
  return made
}, Effect.scoped)
