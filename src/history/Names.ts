/**
 * The names of a ledger that is attached, in the database in use, as this version of the program makes them: so a ledger of
 * an earlier version answers every question too, and what a ledger says its views are is not run.
 */
import { Effect } from "effect"
import { runs } from "../Outcome.ts"
import * as DuckDb from "../staging/DuckDb.ts"
import type { Table } from "../Table.ts"
import { historyOf } from "./Interval.ts"
import * as Snapshots from "./Snapshots.ts"
import * as Views from "./Views.ts"

interface Described {
  readonly tables: ReadonlyArray<Table>
  readonly views: string
}

/** Makes them for those of the pipelines that the ledger has tables of, and for whatever else lies in it. */
export const make = Effect.fnUntraced(
  function*(session: DuckDb.Session, catalog: string, pipelines: ReadonlyArray<Described>) {
    const inCatalog = `WHERE database_name = ${DuckDb.literal(catalog)} AND schema_name = 'main'`
    const columns = yield* session.all(`SELECT table_name, column_name FROM duckdb_columns() ${inCatalog}`)
    const there = new Set(columns.map(([table]) => String(table)))
    const rows = (name: string) => `FROM ${DuckDb.name(catalog)}.main.${DuckDb.name(name)}`

    /** A table with all of its columns, whatever the ledger has of it. */
    const view = (table: Table) => {
      const isWhole = table.columns.every(({ name }) =>
        columns.some(([of, column]) => of === table.name && column === name)
      )
      const query = isWhole
        ? `SELECT ${DuckDb.names(table)} ${rows(table.name)}`
        : Snapshots.asTable(table, rows(table.name))
      return Snapshots.view(table, there.has(table.name) ? query : Snapshots.none(table))
    }
    const extracted = pipelines.filter(({ tables }) => tables.some((table) => there.has(historyOf(table).name)))
    yield* session.run(
      [
        ...view(runs),
        ...extracted.flatMap(({ tables, views }) => [
          ...tables.flatMap((table) => [...view(historyOf(table)), ...Views.statements(table)]),
          views
        ])
      ].join(";\n")
    )
    const made = yield* session.all("SELECT view_name FROM duckdb_views() WHERE database_name = current_database()")
    const others = [...there].filter((name) => made.every(([view]) => view !== name))
    for (const name of others) yield* session.run(`CREATE VIEW ${DuckDb.name(name)} AS ${rows(name)}`)
  }
)
