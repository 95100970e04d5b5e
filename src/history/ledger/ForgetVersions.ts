/** Erases a person from a ledger: all versions of the person's rows, and with them every view of them at any time. */
import { Effect } from "effect"
import * as DuckDb from "../../duckdb/DuckDb.ts"
import { InputOutput } from "../../failure/SinkError.ts"
import type { Person, PersonRows } from "../../Sink.ts"
import type { Table } from "../../Table.ts"
import { historyOf } from "../Versions.ts"
import { inLedger } from "./Ledger.ts"
import * as StoredTables from "./StoredTables.ts"

const where = ({ tenant, user_id }: Person) =>
  `WHERE user_id = ${DuckDb.literal(user_id)}${tenant === null ? "" : ` AND tenant = ${DuckDb.literal(tenant)}`}`

/** The names of those tables of the ledger that have whole rows about persons. Format 1 kept the versions elsewhere. */
const stored = Effect.fnUntraced(function*(session: DuckDb.Session, catalog: string, tables: ReadonlyArray<Table>) {
  const names = yield* session.all(
    `SELECT table_name FROM duckdb_columns() JOIN duckdb_tables() USING (database_name, schema_name, table_name)
     WHERE database_name = ${DuckDb.literal(catalog)} AND schema_name = 'main' AND column_name = 'user_id'`
  )
  const there = new Set(names.flat().map(String))
  return tables.flatMap((table) => {
    const kept = [StoredTables.versionsOf(table), historyOf(table)].find(({ name }) => there.has(name))
    return kept === undefined ? [] : [{ table, kept }]
  })
})

/** How many versions of the person's rows there are, by tenant and table. */
export const count = Effect.fnUntraced(
  function*(session: DuckDb.Session, catalog: string, tables: ReadonlyArray<Table>, person: Person) {
    const counts: Array<PersonRows> = []
    for (const { kept, table } of yield* stored(session, catalog, tables)) {
      const rows = yield* session.all(
        `SELECT tenant, count(*) FROM ${inLedger(catalog, kept.name)} ${where(person)} GROUP BY ALL`
      )
      counts.push(
        ...rows.map(([tenant, rows]) => ({ tenant: String(tenant), table: table.name, rows: Number(rows) }))
      )
    }
    return counts
  }
)

/** Deletes the versions and what belongs to them. */
export const erase = Effect.fnUntraced(
  function*(session: DuckDb.Session, catalog: string, tables: ReadonlyArray<Table>, person: Person) {
    for (const { kept, table } of yield* stored(session, catalog, tables)) {
      const versions = inLedger(catalog, kept.name)
      const others = kept.name === historyOf(table).name
        ? []
        : [StoredTables.pastOf, StoredTables.currentOf, StoredTables.hashesOf].map((of) =>
          inLedger(catalog, of(table).name)
        )
      yield* session.run(
        [
          ...others.map((other) =>
            `DELETE FROM ${other} WHERE version_number IN (SELECT version_number FROM ${versions} ${where(person)})`
          ),
          `DELETE FROM ${versions} ${where(person)}`
        ].join(";\n")
      )
    }
  }
)

/** Fails if the ledger has the person. */
export const verify = Effect.fnUntraced(
  function*(session: DuckDb.Session, catalog: string, tables: ReadonlyArray<Table>, person: Person) {
    const left = yield* count(session, catalog, tables, person)
    if (left.length > 0) return yield* new InputOutput({ detail: "rows of the person are still there" })
  }
)
