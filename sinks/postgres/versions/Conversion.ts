/** Turns tables of the first layout, which had all rows of each run, into versions. This happens once, in one transaction. */
import { Effect } from "effect"
import { literal, name } from "../../../src/duckdb/DuckDb.ts"
import { runs } from "../../../src/Outcome.ts"
import type { Table } from "../../../src/Table.ts"
import type { Connection } from "../Connection.ts"
import type { DatabaseTarget } from "../DatabaseTarget.ts"
import * as Fold from "./Fold.ts"
import * as Storage from "./Storage.ts"

/** The name of a table of the first layout while it is converted. */
const before = (table: Table) => name(`${table.name} before`)
const beforeIn = (target: DatabaseTarget, table: Table) => `${name(Storage.rowsSchema(target))}.${before(table)}`

/** Puts a table of the first layout aside, and adds the columns that it does not have yet. */
export const begin = (target: DatabaseTarget, table: Table) => [
  `ALTER TABLE ${Storage.rowsOf(target, table)} RENAME TO ${before(table)}`,
  `ALTER TABLE ${beforeIn(target, table)} ${
    table.columns.map((column) => `ADD COLUMN IF NOT EXISTS ${name(column.name)} ${Storage.types[column.type]}`).join(
      ", "
    )
  }`
]

/** Puts the rows of all runs into the new tables: the first run of every tenant, then the second of every tenant. */
export const finish = Effect.fnUntraced(
  function*({ all, run }: Connection, target: DatabaseTarget, tables: ReadonlyArray<Table>) {
    if (tables.length === 0) return
    const rounds = yield* all(
      `SELECT string_agg(run_id, ' ') FROM (
         SELECT run_id, row_number() OVER (PARTITION BY tenant ORDER BY observed_at, run_id) AS number
         FROM ${Storage.rowsOf(target, runs)} WHERE ${tables.map(Storage.collects).join(" OR ")}
       ) AS numbered GROUP BY number ORDER BY number`
    )
    for (const [ids] of rounds) {
      const round = (ids ?? "").split(" ")
      const ofRound = `(SELECT * FROM %) AS rows WHERE run_id IN (${round.map(literal).join(", ")})`
      yield* run(
        [
          ...Fold.place(target, round),
          ...tables.flatMap((table) =>
            Fold.fold(target, table, round, Fold.numbered(target, table, ofRound.replace("%", beforeIn(target, table))))
          )
        ].join(";\n")
      )
    }
    yield* run(tables.map((table) => `DROP TABLE ${beforeIn(target, table)}`).join(";\n"))
  }
)
