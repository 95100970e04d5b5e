/** What the ledger's tables must look like, and how one run is applied to them. */
import { Effect } from "effect"
import { type Outcome, runs, toRow } from "../Outcome.ts"
import { Corrupt, InputOutput } from "../Sink.ts"
import type { ColumnType, Table } from "../Table.ts"
import * as DuckDb from "./DuckDb.ts"
import * as Spool from "./Spool.ts"
import type { Staged } from "./TextFiles.ts"

/** Our types as DuckDB's catalog names them. */
const catalogTypes: Record<ColumnType, string> = { ...DuckDb.types, timestamp: "TIMESTAMP WITH TIME ZONE" }

const inLedger = (catalog: string, { name }: Table) => `${catalog}.main.${DuckDb.name(name)}`

/** The columns that a ledger has not got, by table; a table that is not there yet lacks none. Fails if it is not ours. */
export const missing = Effect.fnUntraced(
  function*(session: DuckDb.Session, catalog: string, tables: ReadonlyArray<Table>) {
    const where = `WHERE database_name = ${DuckDb.literal(catalog)} AND schema_name = 'main'`
    const views = yield* session.all(`SELECT lower(view_name) FROM duckdb_views() ${where}`)
    const columns = yield* session.all(
      `SELECT lower(table_name), lower(column_name), data_type FROM duckdb_columns() ${where}`
    )
    return yield* Effect.forEach(
      tables,
      Effect.fnUntraced(function*(table) {
        if (views.some(([view]) => view === table.name)) {
          return yield* new Corrupt({ detail: `its ${table.name} is a view, where this version keeps a table` })
        }
        const there = new Map(columns.filter(([of]) => of === table.name).map(([_, column, type]) => [column, type]))
        for (const { name, type } of table.columns) {
          const found = there.get(name) ?? catalogTypes[type]
          if (found !== catalogTypes[type]) {
            return yield* new Corrupt({
              detail: `its column ${table.name}.${name} is ${String(found)}, this version keeps ${catalogTypes[type]}`
            })
          }
        }
        return { table, columns: there.size === 0 ? [] : table.columns.filter(({ name }) => !there.has(name)) }
      })
    )
  }
)

/** Makes the tables that are not there and the columns that they lack; a column that comes late can be NULL. */
const migrate = Effect.fnUntraced(function*(session: DuckDb.Session, catalog: string, tables: ReadonlyArray<Table>) {
  for (const { columns, table } of yield* missing(session, catalog, tables)) {
    const qualified = inLedger(catalog, table)
    yield* session.run(DuckDb.create(qualified, table))
    for (const { name, type } of columns) {
      yield* session.run(`ALTER TABLE ${qualified} ADD COLUMN ${DuckDb.name(name)} ${DuckDb.types[type]}`)
    }
    for (const comment of DuckDb.comments(qualified, table)) yield* session.run(comment)
  }
})

const isAboutUsers = ({ table }: Staged) => table.columns.some(({ name }) => name === "user_id")

/**
 * Which rows of its tenant a run replaces. A complete one replaces all. One that could not be proved complete replaces
 * the rows of those users that it saw, or where rows are not about users, those with the same key: what it did not see
 * may still be there.
 */
const replaced = (outcome: Outcome, staged: Staged, collected: ReadonlyArray<Staged>) => {
  if (outcome.complete) return "true"
  if (!isAboutUsers(staged)) {
    const key = staged.table.key.map(DuckDb.name).join(", ")
    return `(${key}) IN (SELECT (${key}) FROM (${Spool.select(staged)}))`
  }
  const seen = collected.filter(isAboutUsers).map((staged) => `SELECT user_id FROM (${Spool.select(staged)})`)
  return `user_id IN (${seen.join(" UNION ")})`
}

/** Applies the staged rows of a run to the ledger that is attached as `catalog`. */
export const apply = Effect.fnUntraced(
  function*(session: DuckDb.Session, catalog: string, outcome: Outcome, collected: ReadonlyArray<Staged>) {
    yield* migrate(session, catalog, [runs, ...collected.map(({ table }) => table)])
    const tenant = DuckDb.literal(outcome.tenant)
    yield* session.run("BEGIN")
    for (const staged of collected) {
      const qualified = inLedger(catalog, staged.table)
      yield* session.run(
        `DELETE FROM ${qualified} WHERE tenant = ${tenant} AND ${replaced(outcome, staged, collected)}`
      )
      yield* session.run(`INSERT INTO ${qualified} BY NAME ${Spool.select(staged)}`)
    }
    const ours = inLedger(catalog, runs)
    yield* session.run(`DELETE FROM ${ours} WHERE run_id = ${DuckDb.literal(outcome.run_id)}`)
    yield* session.run(
      `INSERT INTO ${ours} (${DuckDb.names(runs)}) VALUES (${
        Object.values(toRow(outcome)).map(DuckDb.constant).join(", ")
      })`
    )
    yield* session.run("COMMIT")
    yield* session.run(`CHECKPOINT ${catalog}`)
  }
)

/** Fails unless the ledger holds a run's rows, as many as were staged. */
export const verify = Effect.fnUntraced(
  function*(session: DuckDb.Session, catalog: string, run_id: string, collected: ReadonlyArray<Staged>) {
    for (const { rows, table } of [{ table: runs, rows: 1 }, ...collected]) {
      const counted = yield* session.all(
        `SELECT count(*) FROM ${inLedger(catalog, table)} WHERE run_id = ${DuckDb.literal(run_id)}`
      )
      if (counted[0]?.[0] !== BigInt(rows)) {
        return yield* new InputOutput({ detail: `${table.name} does not hold the ${rows} rows that were written` })
      }
    }
  }
)

/** The query for a run's rows in one table; `undefined` if the ledger keeps them no longer, or never did. */
export const select = Effect.fnUntraced(
  function*(session: DuckDb.Session, catalog: string, run_id: string, table: Table) {
    const run = DuckDb.literal(run_id)
    const kept = yield* session.all(
      `SELECT run_id FROM ${inLedger(catalog, runs)} ` +
        `WHERE tenant = (SELECT tenant FROM ${inLedger(catalog, runs)} WHERE run_id = ${run}) ` +
        `AND list_contains(string_split(tables_collected, ', '), ${DuckDb.literal(table.name)}) ` +
        "ORDER BY observed_at DESC, run_id DESC LIMIT 1"
    )
    return kept[0]?.[0] === run_id
      ? `SELECT ${DuckDb.names(table)} FROM ${inLedger(catalog, table)} WHERE run_id = ${run}`
      : undefined
  }
)
