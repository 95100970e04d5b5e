/** Makes the rows and the sentences of a pipeline from objects, as the engine does, with the pipeline's own SQL. */
import { Effect } from "effect"
import * as DuckDb from "../../src/duckdb/DuckDb.ts"
import * as Instant from "../../src/duckdb/Instant.ts"
import type { List, Pipeline } from "../../src/Pipeline.ts"
import type { Row, Stamp } from "../../src/Table.ts"
import { makeRows, rowsOf } from "./run-database.ts"

/** The objects of a list, decoded, and whether the list is proved complete. */
export interface ObjectsOf {
  readonly list: List
  readonly objects: ReadonlyArray<object>
  readonly isWhole?: boolean
}

export interface Made {
  readonly rows: Readonly<Record<string, ReadonlyArray<Row>>>
  /** The sentences about unknown values and about contradictions, with how often each occurs. */
  readonly unknown: Readonly<Record<string, number>>
  readonly contradictions: Readonly<Record<string, number>>
}

export const make = Effect.fnUntraced(
  function*(pipeline: Pipeline, { observed_at, run_id, tenant }: Stamp, lists: ReadonlyArray<ObjectsOf>) {
    const session = yield* DuckDb.open({})
    yield* session.run(`
      ATTACH ':memory:' AS run; USE run; CREATE SCHEMA objects; CREATE SCHEMA rows;
      CREATE TABLE objects.lists (run_id VARCHAR, list VARCHAR, is_whole BOOLEAN)`)
    for (const { isWhole = true, list: { columns, name }, objects } of lists) {
      yield* session.run(`
        INSERT INTO objects.lists VALUES (${DuckDb.literal(run_id)}, '${name}', ${isWhole});
        CREATE TABLE objects.${name} AS SELECT
          ${DuckDb.literal(run_id)} AS run_id,
          ${DuckDb.literal(Instant.format(observed_at))}::TIMESTAMPTZ AS observed_at,
          ${DuckDb.literal(tenant)} AS tenant,
          unnest(from_json_strict(${DuckDb.literal(JSON.stringify(objects))}, ${
        DuckDb.literal(JSON.stringify([columns]))
      }), max_depth := 2)`)
    }
    yield* session.run(pipeline.macros)
    yield* makeRows(session, pipeline.name, pipeline.tables)
    const sentences = Effect.fnUntraced(function*(select: string) {
      const found = yield* session.all(`SELECT what, times FROM (${select})`)
      return Object.fromEntries(found.map(([what, times]) => [String(what), Number(times)]))
    })
    const rows: Record<string, ReadonlyArray<Row>> = {}
    for (const table of pipeline.tables) rows[table.name] = yield* rowsOf(session, table)
    const made: Made = {
      rows,
      unknown: yield* sentences(pipeline.unknown),
      contradictions: yield* sentences(pipeline.contradictions)
    }
    return made
  },
  Effect.scoped
)
