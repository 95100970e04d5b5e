/** The rows of runs in a ledger: they are added, counted and found again. */
import { Effect } from "effect"
import * as DuckDb from "../../duckdb/DuckDb.ts"
import { InputOutput } from "../../failure/SinkError.ts"
import { collectedTables, type Outcome, runs } from "../../Outcome.ts"
import { isEvents, isSnapshot, type Table } from "../../Table.ts"
import { historyOf } from "../Versions.ts"
import { inLedger } from "./Ledger.ts"
import * as Meta from "./Meta.ts"
import * as StoredTables from "./StoredTables.ts"

/** SQL for the versions that the newest run of each tenant saw. */
const sightings = (catalog: string, table: Table) =>
  `FROM ${inLedger(catalog, StoredTables.versionsOf(table).name)} version
   JOIN ${inLedger(catalog, StoredTables.currentOf(table).name)} sighting USING (version_number)`

/** SQL for the versions that a run saw. The run must be the tenant's newest. */
const newest = (catalog: string, table: Table, run: string) =>
  `${sightings(catalog, table)}
   WHERE version.tenant = (SELECT tenant FROM ${inLedger(catalog, runs.name)} WHERE run_id = ${run})`

/** SQL for some ids of runs. */
const literals = (run_ids: ReadonlyArray<string>) => run_ids.map(DuckDb.literal).join(", ")

/** Adds the rows of runs to the tables of a log that the ledger keeps. `rows` gives the table of the session with them. */
export const addSums = Effect.fnUntraced(
  function*(
    session: DuckDb.Session,
    catalog: string,
    tables: ReadonlyArray<Table>,
    run_ids: ReadonlyArray<string>,
    rows: (table: Table) => string
  ) {
    for (const table of tables.filter((table) => !isSnapshot(table) && !isEvents(table))) {
      const ours = inLedger(catalog, table.name)
      const ofRuns = `WHERE run_id IN (${literals(run_ids)})`
      yield* session.run(
        `DELETE FROM ${ours} ${ofRuns};
         INSERT INTO ${ours} BY NAME SELECT ${DuckDb.names(table)} FROM ${rows(table)} ${ofRuns}`
      )
    }
  }
)

/**
 * Fails unless the ledger has as many rows of each run as were staged. They must be the newest runs of their tenants. It
 * keeps no events.
 */
export const verify = Effect.fn("Ledger.verify")(
  function*(session: DuckDb.Session, catalog: string, tables: ReadonlyArray<Table>, outcomes: ReadonlyArray<Outcome>) {
    const ofRuns = `WHERE run_id IN (${literals(outcomes.map(({ run_id }) => run_id))})`
    const refuseOthers = Effect.fnUntraced(function*(
      name: string,
      countsByTenant: string,
      round: ReadonlyArray<Outcome>,
      expected: (outcome: Outcome) => number
    ) {
      const counted = yield* session.all(countsByTenant)
      for (const outcome of round) {
        const rows = expected(outcome)
        if (Number(counted.find(([tenant]) => tenant === outcome.tenant)?.[1] ?? 0) !== rows) {
          return yield* new InputOutput({ detail: `${name} does not have the ${rows} rows that were written` })
        }
      }
    })
    const countsOf = (name: string) =>
      `SELECT tenant, count(*) FROM ${inLedger(catalog, name)} ${ofRuns} GROUP BY tenant`
    yield* refuseOthers(runs.name, countsOf(runs.name), outcomes, () => 1)
    for (const table of tables.filter((table) => !isEvents(table))) {
      yield* refuseOthers(
        table.name,
        isSnapshot(table)
          ? `SELECT version.tenant, count(*) ${sightings(catalog, table)}
             WHERE version.tenant IN (SELECT tenant FROM ${inLedger(catalog, runs.name)} ${ofRuns})
             GROUP BY version.tenant`
          : countsOf(table.name),
        outcomes.filter((outcome) => collectedTables([table], outcome).length > 0),
        ({ rows }) => rows[table.name] ?? 0
      )
    }
  }
)

/**
 * The query for a run's rows in one table; `undefined` if they are not all current, because the tenant has a newer run. The
 * table needs only a name and columns.
 */
export const select = Effect.fnUntraced(
  function*(session: DuckDb.Session, catalog: string, run_id: string, table: Table) {
    yield* Meta.read(session, catalog)
    const run = DuckDb.literal(run_id)
    if (!isSnapshot(table)) {
      const there = yield* session.all(
        `SELECT 1 FROM duckdb_tables() WHERE database_name = ${DuckDb.literal(catalog)} AND schema_name = 'main'
         AND table_name = ${DuckDb.literal(table.name)}`
      )
      return there.length === 0
        ? undefined
        : `SELECT ${DuckDb.names(table)} FROM ${inLedger(catalog, table.name)} WHERE run_id = ${run}`
    }
    const known = yield* session.all(
      `SELECT run_id FROM ${inLedger(catalog, runs.name)} ` +
        `WHERE tenant = (SELECT tenant FROM ${inLedger(catalog, runs.name)} WHERE run_id = ${run}) ` +
        `AND list_contains(string_split(tables_collected, ', '), ${DuckDb.literal(table.name)}) ` +
        "ORDER BY observed_at DESC, run_id DESC LIMIT 1"
    )
    if (known[0]?.[0] !== run_id) return undefined
    const changing = yield* session.all(
      `SELECT column_name FROM duckdb_columns() WHERE database_name = ${DuckDb.literal(catalog)}
       AND schema_name = 'main' AND table_name = ${DuckDb.literal(StoredTables.currentOf(table).name)}`
    )
    if (changing.length === 0) {
      return `SELECT ${DuckDb.names(table)} FROM ${inLedger(catalog, historyOf(table).name)} WHERE run_id = ${run}`
    }
    const cells = table.columns.map(({ name }) => {
      if (name === "run_id") return `${run} AS run_id`
      if (name === "observed_at") {
        return `(SELECT observed_at FROM ${inLedger(catalog, runs.name)} WHERE run_id = ${run}) AS observed_at`
      }
      return `${changing.some(([found]) => found === name) ? "sighting" : "version"}.${DuckDb.name(name)}`
    })
    return `SELECT ${cells.join(", ")} ${newest(catalog, table, run)}`
  }
)
