/**
 * Compares the rows of a run with the versions that have not ended. A row with the same hashes as a version is that
 * version. The keys of the remaining rows are compared; on most days they are few.
 */
import { Effect } from "effect"
import * as DuckDb from "../../duckdb/DuckDb.ts"
import * as RowHash from "../../duckdb/RowHash.ts"
import type { SinkReason } from "../../failure/SinkError.ts"
import { runs } from "../../Outcome.ts"
import type { SinkRun } from "../../Sink.ts"
import type { Table } from "../../Table.ts"
import * as AddedColumns from "../AddedColumns.ts"
import { hashesOf, pastOf, versionsOf } from "./StoredTables.ts"

/** The rows of a run in one table; `rows` names the table of the session that has them, with their hashes. */
export interface NewRows {
  readonly table: Table
  readonly rows: string
}

/** A run and the ledger that it is applied to. */
export interface LedgerRun {
  readonly session: DuckDb.Session
  readonly catalog: string
  /** SQL for a table of the ledger. */
  readonly of: (table: Table) => string
  readonly run: SinkRun
  readonly isComplete: boolean
}

/** Names of columns for the end of a list. */
export const listed = (columns: ReadonlyArray<string>, from = "") =>
  columns.map((column) => `, ${from}${DuckDb.name(column)}`).join("")

/** SQL for the rows of the run, numbered. */
export const numberedRows = ({ run }: LedgerRun, { rows }: NewRows) =>
  `(SELECT rowid AS row_number, * FROM ${rows} WHERE run_id = ${DuckDb.literal(run.run_id)})`

/** The state of a table before the run. */
export interface EarlierVersions {
  /** The number of versions that have not ended. */
  readonly count: number
  /** SQL for the id and the time of the tenant's previous run of this table, which saw the current versions. */
  readonly run_id: string
  readonly observed_at: string
  /** The columns that were added after one of these versions was last seen. */
  readonly added: ReadonlyArray<string>
  /** The kind of the hashes: they depend on the columns and on the release of DuckDB. */
  readonly kind: bigint
}

/** Computes hashes of another kind again, from the stored versions. */
const hashAgain = Effect.fnUntraced(function*({ of, run, session }: LedgerRun, table: Table, kind: bigint) {
  const hashes = of(hashesOf(table))
  yield* session.run(
    `CREATE OR REPLACE TEMP TABLE stale AS SELECT version_number FROM ${hashes}
     WHERE tenant = ${DuckDb.literal(run.tenant)} AND hash_kind IS DISTINCT FROM ${kind};
     DELETE FROM ${hashes} WHERE version_number IN (FROM stale);
     INSERT INTO ${hashes} BY NAME SELECT version_number, tenant, key_hash, version_hash, ${kind} AS hash_kind
     FROM (${RowHash.withHashes(table, `FROM ${of(versionsOf(table))} WHERE version_number IN (FROM stale)`)});
     DROP TABLE stale`
  )
})

/** Finds the state of a table before the run. */
export const stateBefore = Effect.fnUntraced(
  function*(place: LedgerRun, table: Table): Effect.fn.Return<EarlierVersions, SinkReason> {
    const { of, run, session } = place
    const [[release] = []] = yield* session.all("SELECT version()")
    const kind = RowHash.kindOf(table, String(release))
    const open = `FROM ${of(hashesOf(table))} WHERE tenant = ${DuckDb.literal(run.tenant)}`
    const [[count, ofKind] = []] = yield* session.all(
      `SELECT count(*), count(*) FILTER (hash_kind = ${kind}) ${open}`
    )
    if (count === 0n) return { count: 0, run_id: "NULL", observed_at: "NULL::TIMESTAMPTZ", added: [], kind }
    const ofTenant = `FROM ${of(runs)} WHERE tenant = ${DuckDb.literal(run.tenant)}`
    const [last] = yield* session.all(
      `SELECT run_id, epoch_us(observed_at) ${ofTenant} AND run_id <> ${DuckDb.literal(run.run_id)}
       AND list_contains(string_split(tables_collected, ', '), ${DuckDb.literal(table.name)})
       ORDER BY observed_at DESC, run_id DESC LIMIT 1`
    )
    const [run_id, observed_at] = last === undefined
      ? ["NULL", "NULL::TIMESTAMPTZ"]
      : [DuckDb.literal(String(last[0])), DuckDb.constant(BigInt(String(last[1])))]
    if (ofKind !== count) yield* hashAgain(place, table, kind)
    const lastSeen = `SELECT min(observed_at) FROM ${of(pastOf(table))}
      WHERE valid_to IS NULL AND version_number IN (SELECT version_number ${open})`
    const later = yield* AddedColumns.addedByRuns(
      session,
      `${ofTenant} AND observed_at > least(${observed_at}, (${lastSeen}))`
    )
    return { count: Number(count), run_id, observed_at, added: AddedColumns.makingVersions(table, later), kind }
  }
)

const was = (column: string) => DuckDb.name(`was ${column}`)

/** The name of the column in `rest` that has the run's value of an added column. */
export const valueOfRun = (column: string) => DuckDb.name(`is ${column}`)

/** The largest number of keys in memory at once. */
const keysMax = 250_000

/** The query for the rows and versions that have no partner in `paired`, joined by their keys. `part` is a condition. */
const restOf = (place: LedgerRun, snapshot: NewRows, { added, observed_at }: EarlierVersions, part: string) => {
  const { of, run } = place
  const { table } = snapshot
  const key = table.key.map(DuckDb.name).join(", ")
  const tellingHash = added.length === 0 ? "NULL" : RowHash.ofVersion(table, added)
  const named = (as: (column: string) => string) =>
    added.map((column) => `, ${DuckDb.name(column)} AS ${as(column)}`).join("")
  const same = added.map((column) => {
    const since = AddedColumns.since(table, column, DuckDb.literal(run.tenant), of(runs))
    return ` AND (${was(column)} IS NOT DISTINCT FROM ${
      valueOfRun(column)
    } OR coalesce("last seen at" < ${since}, false))`
  })
  const lacks = ["false", ...added.map((column) => `${was(column)} IS DISTINCT FROM ${valueOfRun(column)}`)].join(
    " OR "
  )
  return `SELECT * EXCLUDE (${key}, "earlier hash", "new hash", "last seen at"${
    added.map((column) => `, ${was(column)}`).join("")
  }), "is same" AND (${lacks}) AS "has gaps"
    FROM (
      SELECT *, CASE WHEN version_number IS NOT NULL AND row_number IS NOT NULL
        THEN coalesce("earlier hash" = "new hash", false)${same.join("")} END AS "is same"
      FROM (
        SELECT version_number, ${key}, ${tellingHash} AS "earlier hash", coalesce(observed_at, ${observed_at}) AS "last seen at",
          valid_from = ${DuckDb.constant(run.observed_at)} AS "is from this run"${named(was)}
        FROM ${of(versionsOf(table))} JOIN (SELECT version_number FROM paired WHERE row_number IS NULL)
        USING (version_number)
        LEFT JOIN (SELECT version_number, observed_at FROM ${of(pastOf(table))} WHERE valid_to IS NULL)
        USING (version_number) WHERE ${part}
      ) FULL JOIN (
        SELECT row_number, ${key}, ${tellingHash} AS "new hash", key_hash, version_hash${
    listed(RowHash.volatile(table), "seen.")
  }${named(valueOfRun)}
        FROM ${numberedRows(place, snapshot)} seen JOIN (SELECT row_number FROM paired WHERE version_number IS NULL)
        USING (row_number) WHERE ${part}
      ) USING (${key})
    )`
}

/**
 * Makes two tables. `paired` has the number of every row and of every version that has not ended; a row and a version with
 * the same hashes are one row of it. `rest` has the rows and versions without such a partner. A row and a version with the
 * same key are one row of it, with a flag that says whether they are equal except in added columns, which are filled in.
 * The result is whether every row has its version and every version its row; then there is no `rest`.
 */
export const compare = Effect.fnUntraced(
  function*(place: LedgerRun, snapshot: NewRows, before: EarlierVersions): Effect.fn.Return<boolean, SinkReason> {
    const { of, run, session } = place
    const { table } = snapshot
    const changing = listed(RowHash.volatile(table))
    yield* session.run(
      `CREATE OR REPLACE TEMP TABLE paired AS SELECT version_number, row_number${changing}
       FROM (SELECT row_number, key_hash, version_hash${changing} FROM ${numberedRows(place, snapshot)}) FULL JOIN (
         SELECT version_number, key_hash, version_hash FROM ${of(hashesOf(table))}
         WHERE tenant = ${DuckDb.literal(run.tenant)}
       ) USING (key_hash, version_hash)`
    )
    const [[alone = 0] = []] = yield* session.all(
      "SELECT count(*) FROM paired WHERE version_number IS NULL OR row_number IS NULL"
    )
    if (Number(alone) === 0) return true
    const parts = 1 + Math.floor(Number(alone) / keysMax)
    for (let part = 0; part < parts; part++) {
      const query = restOf(
        place,
        snapshot,
        before,
        parts === 1 ? "true" : `${RowHash.ofKey(table)} % ${parts} = ${part}`
      )
      yield* session.run(part === 0 ? `CREATE OR REPLACE TEMP TABLE rest AS ${query}` : `INSERT INTO rest ${query}`)
    }
    return false
  }
)
