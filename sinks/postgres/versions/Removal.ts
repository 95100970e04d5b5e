/** Takes rows out of the database: those of discarded runs and of pruned runs, and those of a person who is forgotten. */
import { Effect } from "effect"
import { literal, name } from "../../../src/duckdb/DuckDb.ts"
import { runs } from "../../../src/Outcome.ts"
import type { Person, PersonRows, Removal } from "../../../src/Sink.ts"
import { isSnapshot, type Table } from "../../../src/Table.ts"
import * as Cells from "../Cells.ts"
import type { Connection, Text } from "../Connection.ts"
import type { DatabaseTarget } from "../DatabaseTarget.ts"
import * as Fold from "./Fold.ts"
import * as Storage from "./Storage.ts"

/** The names of the tables that have versions. */
const versioned = Effect.fnUntraced(function*({ all }: Connection, target: DatabaseTarget) {
  const found = yield* all(
    "SELECT relname FROM pg_class WHERE relnamespace = to_regnamespace($1) AND relkind = 'r' AND relname LIKE '%' || $2",
    [name(Storage.rowsSchema(target)), Storage.sightingsSuffix]
  )
  return found.map(([table]) => (table ?? "").slice(0, -Storage.sightingsSuffix.length))
})

/** Deletes what only runs of the tenants that are gone have seen. The transaction has the lock of the tenants. */
export const sweep = Effect.fnUntraced(
  function*(session: Connection, target: DatabaseTarget, tenants: ReadonlyArray<string>) {
    const gone = yield* session.all(`${Fold.gone(target, tenants)} LIMIT 1`)
    if (gone.length === 0) return
    yield* session.run(Fold.sweep(target, yield* versioned(session, target), tenants).join(";\n"))
  }
)

/** Removes a round that is not published: its runs, and what only they have seen. */
export const discard = Effect.fnUntraced(function*(session: Connection, target: DatabaseTarget, run_id: string) {
  const { all, run } = session
  const those = `FROM ${Storage.rowsOf(target, runs)} WHERE (run_id = $1 OR round_id = $1) AND NOT published`
  const [there = []] = yield* all("SELECT to_regclass($1), to_regclass($2)", [
    Storage.rowsOf(target, runs),
    Storage.placesIn(target)
  ])
  if (there[0] === null) return
  // the first layout has no places, and a run takes its rows with it
  if (there[1] === null) return yield* Effect.asVoid(all(`DELETE ${those}`, [run_id]))
  const tenants = (yield* all(`SELECT DISTINCT tenant ${those}`, [run_id])).map(([tenant]) => tenant ?? "")
  if (tenants.length === 0) return
  yield* run(["BEGIN", ...Fold.lock(target, tenants)].join(";\n"))
  yield* all(`DELETE ${those}`, [run_id])
  yield* sweep(session, target, tenants)
  yield* run("COMMIT")
})

/** Deletes published runs, and what only they have seen. The text says how many runs there were. */
export const pruneRuns = Effect.fnUntraced(function*(
  session: Connection,
  target: DatabaseTarget,
  run_ids: ReadonlyArray<string>,
  { dryRun }: Removal
) {
  const { all, run } = session
  const those = `FROM ${Storage.rowsOf(target, runs)} WHERE published AND run_id IN (${
    run_ids.map(literal).join(", ")
  })`
  const [[there = null] = []] = yield* all("SELECT to_regclass($1)", [Storage.placesIn(target)])
  const found = there === null || run_ids.length === 0 ? [] : yield* all(`SELECT tenant ${those}`)
  if (!dryRun && found.length > 0) {
    const tenants = found.map(([tenant]) => tenant ?? "")
    yield* run(["BEGIN", ...Fold.lock(target, tenants), `DELETE ${those}`].join(";\n"))
    yield* sweep(session, target, tenants)
    yield* run("COMMIT")
  }
  return `rows of ${found.length} runs`
})

const user = "user_id"

/** Erases a person from tables, in one transaction. The result is how many rows the published runs had. */
export const forget = Effect.fnUntraced(function*(
  session: Connection,
  target: DatabaseTarget,
  tables: ReadonlyArray<Table>,
  { tenant, user_id }: Person,
  { dryRun }: Removal
) {
  const { all, run } = session
  const exists = (qualified: string) =>
    Effect.map(all("SELECT to_regclass($1)", [qualified]), ([[found = null] = []]) => found !== null)
  const those = `${name(user)} = ${literal(Cells.stored(user_id))}${
    tenant === null ? "" : ` AND tenant = ${literal(Cells.stored(tenant))}`
  }`
  const inTable = Effect.fnUntraced(function*(table: Table) {
    const rows = Storage.rowsOf(target, table)
    const tenants = yield* all(`SELECT DISTINCT tenant FROM ${rows} WHERE ${those}`)
    yield* run(Fold.lock(target, tenants.map(([of]) => of ?? "")).join(";\n"))
    const view = Storage.viewOf(target, isSnapshot(table) ? `${table.name}_snapshots` : table.name)
    const counted = yield* all(`SELECT tenant, count(*) FROM ${view} WHERE ${those} GROUP BY tenant ORDER BY tenant`)
    if (!dryRun) {
      const gone = `DELETE FROM ${rows} WHERE ${those}`
      yield* run(
        (yield* exists(Storage.sightingsIn(target, table)))
          ? `WITH gone AS (${gone} RETURNING "version id")
             DELETE FROM ${Storage.sightingsIn(target, table)} WHERE "version id" IN (SELECT "version id" FROM gone)`
          : gone
      )
    }
    return counted.map(([of = "", count]: ReadonlyArray<Text>): PersonRows => ({
      tenant: of ?? "",
      table: table.name,
      rows: Number(count)
    }))
  })
  const there = yield* Effect.filter(tables, (table) => exists(Storage.rowsOf(target, table)))
  yield* run("BEGIN")
  const counted = yield* Effect.forEach(there, inTable)
  yield* run("COMMIT")
  return counted.flat()
})
