/**
 * Applies one run to the history of its tenant. This is the only place where a version ends: when a run sees another
 * version of the row, or when a complete run does not see the row. A run that is not proved complete ends no version of
 * a row that it did not see. For a row that did not change, a run writes only the volatile cells.
 */
import { Effect } from "effect"
import * as DuckDb from "../../duckdb/DuckDb.ts"
import { volatile } from "../../duckdb/RowHash.ts"
import { type Loss, refusal } from "../../failure/Shrink.ts"
import { type SinkReason, Superseded } from "../../failure/SinkError.ts"
import { runs } from "../../Outcome.ts"
import type { SinkRun } from "../../Sink.ts"
import type { Table } from "../../Table.ts"
import {
  compare,
  type EarlierVersions,
  type LedgerRun,
  listed,
  type NewRows,
  numberedRows,
  stateBefore,
  valueOfRun
} from "./Compare.ts"
import { currentOf, hashesOf, pastOf, versionsOf } from "./StoredTables.ts"

/** Refuses a run that is older than the newest one, because only a rebuild can change the past. */
const refuseOutdated = Effect.fnUntraced(function*({ of, run, session }: LedgerRun) {
  const place = `(${DuckDb.constant(run.observed_at)}, ${DuckDb.literal(run.run_id)})`
  const later = yield* session.all(
    `SELECT run_id FROM ${of(runs)} WHERE tenant = ${DuckDb.literal(run.tenant)}
     AND pipeline = ${DuckDb.literal(run.pipeline)} AND (observed_at, run_id) > ${place} LIMIT 1`
  )
  if (later.length > 0) {
    return yield* new Superseded({ by: String(later[0]?.[0]), tenant: run.tenant })
  }
})

/** Counts the versions that the run would end. */
const lossOf = Effect.fnUntraced(function*(place: LedgerRun, snapshot: NewRows, { count }: EarlierVersions) {
  const [[gone = 0, seen = 0] = []] = yield* place.session.all(
    count === 0
      ? `SELECT 0, count(*) FROM ${numberedRows(place, snapshot)}`
      : `SELECT (SELECT count(*) FROM rest WHERE row_number IS NULL), count(row_number) FROM paired`
  )
  return { table: snapshot.table, before: count, gone: Number(gone), seen: Number(seen) }
})

/** The number of versions per statement. DuckDB keeps half a kilobyte per version in memory until the statement ends. */
const batchRows = 61_440n

/** Fills in the added columns of the versions that the run has seen again. */
const fillIn = Effect.fnUntraced(
  function*({ catalog, of, session }: LedgerRun, table: Table, { added }: EarlierVersions) {
    if (added.length === 0) return
    const versions = of(versionsOf(table))
    const lacking = `FROM ${versions} JOIN (FROM rest WHERE "has gaps") USING (version_number)`
    const [[last] = []] = yield* session.all(`SELECT max(${versions}.rowid) ${lacking}`)
    if (typeof last !== "bigint") return
    for (let from = 0n; from <= last; from += batchRows) {
      // DuckDB updates rows many times faster in the order of the table
      yield* session.run(
        `UPDATE ${versions} filled SET ${added.map((name) => `${DuckDb.name(name)} = ${valueOfRun(name)}`).join(", ")}
       FROM (
         SELECT ${versions}.rowid AS "row of version"${added.map((name) => `, ${valueOfRun(name)}`).join("")} ${lacking}
         WHERE ${versions}.rowid BETWEEN ${from} AND ${from + batchRows - 1n} ORDER BY "row of version"
       ) WHERE filled.rowid = "row of version";
       CHECKPOINT ${catalog}`
      )
    }
  }
)

/** Ends the versions that the run has replaced or missed, and records the sighting of all others. */
const carryOn = Effect.fnUntraced(
  function*({ isComplete, of, run, session }: LedgerRun, table: Table, before: EarlierVersions) {
    const [versions, past] = [of(versionsOf(table)), of(pastOf(table))]
    const [current, hashes] = [of(currentOf(table)), of(hashesOf(table))]
    const [now, changing] = [DuckDb.constant(run.observed_at), volatile(table)]
    const numbers = (where: string) => `(SELECT version_number FROM rest WHERE version_number IS NOT NULL AND ${where})`
    const hasEnded = isComplete ? `"is same" IS NOT TRUE` : `NOT "is same"`
    const seen = `SELECT version_number${listed(changing)} FROM paired WHERE version_number + row_number IS NOT NULL
    UNION ALL SELECT version_number${listed(changing)} FROM rest WHERE "is same"`
    const lastSeen = `${before.run_id} AS last_run_id, ${before.observed_at} AS observed_at${listed(changing)}`
    // a version that starts and ends at the same instant never existed
    yield* session.run(`
    UPDATE ${past} SET valid_to = ${now} WHERE valid_to IS NULL AND version_number IN ${
      numbers(`${hasEnded} AND NOT "is from this run"`)
    };
    INSERT INTO ${past} BY NAME SELECT version_number, ${now} AS valid_to, ${lastSeen}
    FROM ${current} WHERE version_number IN ${numbers(`${hasEnded} AND NOT "is from this run"`)};
    INSERT INTO ${past} BY NAME SELECT version_number, NULL AS valid_to, ${lastSeen}
    FROM ${current} WHERE NOT ${isComplete} AND version_number IN ${numbers("row_number IS NULL")};
    DELETE FROM ${past} WHERE valid_to IS NULL AND version_number IN (
      SELECT version_number FROM (${seen}) UNION ALL FROM ${numbers(`${hasEnded} AND "is from this run"`)});
    DELETE FROM ${versions} WHERE version_number IN ${numbers(`${hasEnded} AND "is from this run"`)};
    DELETE FROM ${current} WHERE version_number IN (
      SELECT version_number FROM paired WHERE version_number IS NOT NULL);
    INSERT INTO ${current} BY NAME ${seen};
    DELETE FROM ${hashes} WHERE version_number IN ${numbers(`(${hasEnded} OR "is same")`)};
    INSERT INTO ${hashes} BY NAME SELECT version_number, ${
      DuckDb.literal(run.tenant)
    } AS tenant, key_hash, version_hash,
      ${before.kind} AS hash_kind
    FROM rest WHERE "is same";
    DROP TABLE paired`)
  }
)

/** Records the sighting of every version, when the run has seen all of them again and nothing else. */
const seeAgain = Effect.fnUntraced(function*({ of, session }: LedgerRun, table: Table) {
  const current = of(currentOf(table))
  yield* session.run(`
    DELETE FROM ${of(pastOf(table))} WHERE valid_to IS NULL AND version_number IN (SELECT version_number FROM paired);
    DELETE FROM ${current} WHERE version_number IN (SELECT version_number FROM paired);
    INSERT INTO ${current} BY NAME SELECT version_number${listed(volatile(table))} FROM paired;
    DROP TABLE paired`)
})

/** Inserts the versions that the run saw first. */
const begin = Effect.fnUntraced(function*(place: LedgerRun, snapshot: NewRows, before: EarlierVersions) {
  const { of, run, session } = place
  const { table } = snapshot
  const versions = versionsOf(table)
  const own = table.columns.map(({ name }) => name).filter((name) => name in versions.specs)
  const [[free] = []] = yield* session.all(`SELECT coalesce(max(version_number), 0) + 1 FROM ${of(versions)}`)
  const [rows, isFirst] = [numberedRows(place, snapshot), before.count === 0]
  if (!isFirst) {
    yield* session.run(
      `CREATE OR REPLACE TEMP TABLE new_versions AS SELECT ${free} + row_number() OVER () - 1 AS version_number, row_number, key_hash,
         version_hash${listed(volatile(table))}
       FROM rest WHERE row_number IS NOT NULL AND "is same" IS NOT TRUE;
       DROP TABLE rest`
    )
  }
  const newVersions = isFirst ? `(SELECT *, ${free} + row_number AS version_number FROM ${rows})` : "new_versions"
  const whole = isFirst
    ? newVersions
    : `${rows} JOIN (SELECT row_number, version_number FROM new_versions) USING (row_number)`
  yield* session.run(`
    INSERT INTO ${of(versions)} BY NAME SELECT version_number, ${DuckDb.constant(run.observed_at)} AS valid_from, ${
    DuckDb.literal(run.run_id)
  } AS first_run_id${listed(own)} FROM ${whole};
    INSERT INTO ${of(currentOf(table))} BY NAME SELECT version_number${listed(volatile(table))} FROM ${newVersions};
    INSERT INTO ${of(hashesOf(table))} BY NAME SELECT version_number, ${DuckDb.literal(run.tenant)} AS tenant, key_hash,
      version_hash, ${before.kind} AS hash_kind FROM ${newVersions};
    DROP TABLE IF EXISTS new_versions`)
})

const applyTable = Effect.fn("Ledger.apply")(function*(
  place: LedgerRun,
  losses: ReadonlyArray<Loss>,
  snapshot: NewRows
) {
  const { isComplete, run } = place
  const { table } = snapshot
  yield* Effect.annotateCurrentSpan("duo_mfa.table", table.name)
  const before = yield* stateBefore(place, table)
  if (before.count > 0 && (yield* compare(place, snapshot, before))) {
    yield* seeAgain(place, table)
    return [...losses, { table, before: before.count, gone: 0, seen: before.count }]
  }
  const all = [...losses, yield* lossOf(place, snapshot, before)]
  const refused = isComplete ? refusal(all, run) : undefined
  if (refused !== undefined) return yield* refused
  if (before.count > 0) {
    yield* fillIn(place, table, before)
    yield* carryOn(place, table, before)
  }
  yield* begin(place, snapshot, before)
  return all
})

/** Applies a run to the histories in `catalog`. Its row is in `runs` already. */
export const apply: (
  session: DuckDb.Session,
  catalog: string,
  run: SinkRun,
  isComplete: boolean,
  snapshots: ReadonlyArray<NewRows>
) => Effect.Effect<void, SinkReason> = Effect.fnUntraced(
  function*(session, catalog, run, isComplete, snapshots) {
    const of = ({ name }: Table) => `${catalog}.main.${DuckDb.name(name)}`
    const place: LedgerRun = { session, catalog, of, run, isComplete }
    yield* refuseOutdated(place)
    let losses: ReadonlyArray<Loss> = []
    for (const snapshot of snapshots) losses = yield* applyTable(place, losses, snapshot)
  }
)
