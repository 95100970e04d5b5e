/**
 * The data dictionary, read from an empty ledger: every table, view and macro with its comment, and every column with its
 * type and its comment. The comments are written in the tables and in the views' SQL, and nowhere else.
 */
import { Effect } from "effect"
import * as DuckDb from "../duckdb/DuckDb.ts"
import { runs } from "../Outcome.ts"
import { isSnapshot, type Table } from "../Table.ts"
import type { DescribedPipeline } from "./DescribedPipeline.ts"
import * as Ledger from "./ledger/Ledger.ts"
import { meta } from "./ledger/Meta.ts"
import * as Snapshots from "./Snapshots.ts"
import { historyOf } from "./Versions.ts"
import * as Views from "./Views.ts"

/** A column of a table or a view, as the dictionary describes it. */
export interface DictionaryColumn {
  readonly name: string
  /** DuckDB's name of the type. */
  readonly type: string
  readonly doc: string
  readonly required: boolean
  readonly personal: boolean
  readonly volatile: boolean
}

/** A table, a view or a macro, as the dictionary describes it. */
export interface DictionaryEntry {
  readonly name: string
  /**
   * `rows` are the current rows, `runs` has one row per run, `meta` describes the ledger, `history` has the versions of rows,
   * `changes` the changes between runs. A `view` is a query over those. A `macro` gives the rows at an instant.
   */
  readonly kind: "rows" | "runs" | "meta" | "history" | "changes" | "view" | "macro"
  readonly doc: string
  readonly key: ReadonlyArray<string>
  readonly columns: ReadonlyArray<DictionaryColumn>
}

/** Describes the tables first, then their histories, their changes, the macros and the views. */
export const describe = Effect.fnUntraced(
  function*(pipelines: ReadonlyArray<DescribedPipeline>) {
    const session = yield* DuckDb.open({})
    yield* session.run("ATTACH ':memory:' AS ledger")
    for (const pipeline of pipelines) yield* Ledger.migrate(session, "ledger", pipeline, [], Snapshots.none)
    const tables = pipelines.flatMap((pipeline) => pipeline.tables)
    const snapshots = tables.filter(isSnapshot)
    const known = new Map<string, readonly [kind: DictionaryEntry["kind"], table: Table]>([
      ...tables.map((table) => [table.name, ["rows", table]] as const),
      [runs.name, ["runs", runs]],
      [meta.name, ["meta", meta]],
      ...snapshots.map((table) => [historyOf(table).name, ["history", historyOf(table)]] as const),
      ...snapshots.map((table) => [Views.changesOf(table).name, ["changes", Views.changesOf(table)]] as const)
    ])
    const personal = new Set(
      snapshots.map(Views.changesOf).flatMap(({ columns }) => columns.filter((_) => _.personal).map(({ name }) => name))
    )

    const columns = yield* session.all(
      `SELECT table_name, column_name, data_type, coalesce(comment, '') FROM duckdb_columns()
       WHERE database_name = 'ledger' ORDER BY table_oid, column_index`
    )
    const columnsOf = (name: string) =>
      columns.filter(([of]) => of === name).map(([_, column, type, doc]): DictionaryColumn => {
        const described = known.get(name)?.[1].columns.find((other) => other.name === column)
        return {
          name: String(column),
          type: String(type),
          doc: String(doc),
          required: described?.required ?? false,
          personal: described?.personal ?? personal.has(String(column)),
          volatile: described?.volatile ?? false
        }
      })
    const views = yield* session.all(
      "SELECT view_name, comment FROM duckdb_views() WHERE database_name = 'ledger' ORDER BY view_oid"
    )
    const macros = yield* session.all(
      "SELECT function_name, comment FROM duckdb_functions() WHERE database_name = 'ledger' ORDER BY function_oid"
    )
    const entries: ReadonlyArray<DictionaryEntry> = [
      ...[...known].map(([name, [kind, { doc, key }]]): DictionaryEntry => ({
        name,
        kind,
        doc,
        key,
        columns: columnsOf(name)
      })),
      ...macros.map(([name, doc]): DictionaryEntry => ({
        name: `${String(name)}(ts)`,
        kind: "macro",
        doc: String(doc),
        key: [],
        columns: []
      })),
      ...views.filter(([name]) => !known.has(String(name))).map(([name, doc]): DictionaryEntry => ({
        name: String(name),
        kind: "view",
        doc: String(doc),
        key: [],
        columns: columnsOf(String(name))
      }))
    ]
    return entries
  },
  Effect.scoped
)
