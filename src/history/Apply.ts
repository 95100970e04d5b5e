/**
 * How one run changes the history of its tenant, and the only place where a version ends. A version ends when a run sees
 * another in its place, or when a complete run does not see it; a run that is not proved complete ends nothing for what
 * it did not see.
 */
import { Effect } from "effect"
import { runs } from "../Outcome.ts"
import { type Loss, refusal } from "../Shrink.ts"
import { Overtaken, type SinkReason, type SinkRun } from "../Sink.ts"
import * as DuckDb from "../staging/DuckDb.ts"
import type { Table } from "../Table.ts"
import * as Added from "./Added.ts"
import { fingerprint, historyOf, volatile } from "./Interval.ts"

/** The rows of a run in one table: the name of a table that has them, with its columns and types. */
export interface Snapshot {
  readonly table: Table
  readonly rows: string
}

const keyOf = ({ key }: Table) => key.map(DuckDb.name).join(", ")

/**
 * Holds the run against what is current: `matched` has for every key the current version and the row that was seen, by
 * their row ids, and whether that is the same version.
 */
const compare = (
  session: DuckDb.Session,
  catalog: string,
  { rows, table }: Snapshot,
  tenant: string,
  added: ReadonlyArray<string>
) => {
  const history = `${catalog}.main.${DuckDb.name(historyOf(table).name)}`
  const later = added.map((column) => ({
    column: DuckDb.name(column),
    since: Added.since(table, column, tenant, `${catalog}.main.${runs.name}`),
    version: DuckDb.name(`version ${column}`),
    fresh: DuckDb.name(`fresh ${column}`)
  }))
  const told = (id: "version" | "fresh") =>
    `SELECT rowid AS ${id}, ${keyOf(table)}, ${fingerprint(table, added)} AS told_${id}, observed_at AS ${id}_at${
      later.map((names) => `, ${names.column} AS ${names[id]}`).join("")
    }`
  const same = later.map(({ fresh, since, version }) =>
    `(${version} IS NOT DISTINCT FROM ${fresh} OR coalesce(version_at < ${since}, false))`
  )
  return session.run(
    `CREATE OR REPLACE TEMP TABLE matched AS
     SELECT version, fresh, CASE WHEN told_version = told_fresh THEN ${
      ["true", ...same].join(" AND ")
    } ELSE told_version = told_fresh END AS same
     FROM (${told("version")} FROM ${history} WHERE tenant = ${tenant} AND valid_to IS NULL)
     FULL JOIN (${told("fresh")} FROM ${rows}) USING (${keyOf(table)})`
  )
}

/** What the run would end of what was compared with it. */
const lossOf = Effect.fnUntraced(function*(session: DuckDb.Session, table: Table) {
  const counted = yield* session.all(
    "SELECT count(version), count(*) FILTER (fresh IS NULL), count(fresh) FROM matched"
  )
  const [before = 0, gone = 0, seen = 0] = (counted[0] ?? []).map(Number)
  return { table, before, gone, seen }
})

/** A run that is older than what is there would have to change what was, which only a rebuild can. */
const refuseOutdated = Effect.fnUntraced(function*(session: DuckDb.Session, catalog: string, run: SinkRun) {
  const later = yield* session.all(
    `SELECT run_id FROM ${catalog}.main.${runs.name}
     WHERE tenant = ${DuckDb.literal(run.tenant)} AND pipeline = ${DuckDb.literal(run.pipeline)}
     AND observed_at > ${DuckDb.constant(run.observed_at)} LIMIT 1`
  )
  if (later.length > 0) {
    return yield* new Overtaken({ by: String(later[0]?.[0]) })
  }
})

/** Rows that are changed at once: what DuckDB keeps of them until then takes half a kilobyte each. */
const batch = 61_440

/**
 * Changes rows of a history by their row ids, some at a time, and brings each to the file: the file is a copy that nobody
 * sees, so nothing has to be undone. Nothing is deleted meanwhile, for that would give the rows other ids.
 */
const inBatches = Effect.fnUntraced(function*(
  session: DuckDb.Session,
  catalog: string,
  rows: string,
  update: (rows: string) => string
) {
  const counted = yield* session.all(`SELECT max(version) FROM matched WHERE ${rows}`)
  const last = counted[0]?.[0]
  if (typeof last !== "bigint") return
  for (let from = 0n; from <= last; from += BigInt(batch)) {
    yield* session.run(
      update(`SELECT * FROM matched WHERE (${rows}) AND version BETWEEN ${from} AND ${from + BigInt(batch) - 1n}`)
    )
    yield* session.run(`CHECKPOINT ${catalog}`)
  }
})

/** Brings a history up to what was compared with it. */
const change = Effect.fnUntraced(function*(
  session: DuckDb.Session,
  catalog: string,
  history: string,
  { rows: fresh, table }: Snapshot,
  { observed_at, run_id }: SinkRun,
  isComplete: boolean,
  added: ReadonlyArray<string>
) {
  const run = DuckDb.literal(run_id)
  const now = DuckDb.constant(observed_at)
  const names = DuckDb.names(table)
  const seen = table.columns.map(({ name }) => `seen.${DuckDb.name(name)}`).join(", ")
  // DuckDB updates rows in their order many times faster than in any other, such as that of what was seen
  const changing = [...volatile(table), ...added].map(DuckDb.name)
  const seenAgain = changing.map((name) => `, seen.${name}`).join("")
  const refreshed = changing.map((name) => `, ${name} = again.${name}`).join("")
  yield* inBatches(
    session,
    catalog,
    "same",
    (rows) =>
      `CREATE OR REPLACE TEMP TABLE again AS
       SELECT matched.version AS "its row"${seenAgain}
       FROM (${rows}) matched JOIN ${fresh} seen ON seen.rowid = matched.fresh ORDER BY matched.version;
       UPDATE ${history} kept SET run_id = ${run}, observed_at = ${now}, last_run_id = ${run}${refreshed}
       FROM again WHERE kept.rowid = again."its row"`
  )
  yield* inBatches(
    session,
    catalog,
    isComplete ? "NOT same OR fresh IS NULL" : "NOT same",
    (rows) => `UPDATE ${history} SET valid_to = ${now} WHERE rowid IN (SELECT version FROM (${rows}))`
  )
  // what a run of the same instant saw was never so
  yield* session.run(`DELETE FROM ${history} WHERE valid_from = ${now} AND valid_to = ${now}`)
  yield* session.run(
    `INSERT INTO ${history} (${names}, valid_from, valid_to, first_run_id, last_run_id)
     SELECT ${seen}, ${now}, NULL, ${run}, ${run}
     FROM ${fresh} seen JOIN matched ON matched.fresh = seen.rowid WHERE matched.same IS NOT TRUE`
  )
})

const applyTable = Effect.fn("Ledger.apply")(function*(
  session: DuckDb.Session,
  catalog: string,
  run: SinkRun,
  isComplete: boolean,
  losses: ReadonlyArray<Loss>,
  snapshot: Snapshot
) {
  const { table } = snapshot
  yield* Effect.annotateCurrentSpan("duo_mfa.table", table.name)
  const history = `${catalog}.main.${DuckDb.name(historyOf(table).name)}`
  const added = Added.of(table, yield* Added.inRuns(session, `FROM ${catalog}.main.${runs.name}`))
  yield* compare(session, catalog, snapshot, DuckDb.literal(run.tenant), added)
  const all = [...losses, yield* lossOf(session, table)]
  const refused = isComplete ? refusal(all, run) : undefined
  if (refused !== undefined) return yield* refused
  yield* change(session, catalog, history, snapshot, run, isComplete, added)
  return all
})

/** Applies a run to the histories in `catalog`, whose `runs` have it already. */
export const apply: (
  session: DuckDb.Session,
  catalog: string,
  run: SinkRun,
  isComplete: boolean,
  snapshots: ReadonlyArray<Snapshot>
) => Effect.Effect<void, SinkReason> = Effect.fnUntraced(
  function*(session, catalog, run, isComplete, snapshots) {
    yield* refuseOutdated(session, catalog, run)
    // what others have deleted is taken out now, and not while row ids count
    yield* session.run(`CHECKPOINT ${catalog}`)
    let losses: ReadonlyArray<Loss> = []
    for (const snapshot of snapshots) {
      losses = yield* applyTable(session, catalog, run, isComplete, losses, snapshot)
    }
    yield* session.run("DROP TABLE IF EXISTS matched; DROP TABLE IF EXISTS again")
  }
)
