/**
 * How one run changes the history of its tenant, and the only place where a version ends. A version ends when a run sees
 * another in its place, or when a complete run does not see it; a run that is not proved complete ends nothing for what
 * it did not see. What is the same as before costs a row of what is volatile, and nothing else.
 */
import { Effect } from "effect"
import { runs } from "../Outcome.ts"
import { type Loss, refusal } from "../Shrink.ts"
import { Overtaken, type SinkReason, type SinkRun } from "../Sink.ts"
import * as DuckDb from "../staging/DuckDb.ts"
import type { Table } from "../Table.ts"
import * as Added from "./Added.ts"
import { fingerprint, kindOfFingerprint, volatile } from "./Interval.ts"
import { currentOf, endedOf, versionsOf } from "./Stored.ts"

/** The rows of a run in one table: the name of a relation that has them, with the table's columns and types. */
export interface Snapshot {
  readonly table: Table
  readonly rows: string
}

/** What a run is applied to. */
interface Place {
  readonly session: DuckDb.Session
  readonly catalog: string
  /** SQL for a table of the ledger. */
  readonly of: (table: Table) => string
  readonly run: SinkRun
  readonly isComplete: boolean
}

const listed = (columns: ReadonlyArray<string>, from = "") =>
  columns.map((column) => `, ${from}${DuckDb.name(column)}`).join("")

/** The numbers of the versions that a run begins. */
const numbers = "temp.main.version_numbers"

const keyOf = ({ key }: Table) => key.map(DuckDb.name).join(", ")

/** A run that is older than what is there would have to change what was, which only a rebuild can. */
const refuseOutdated = Effect.fnUntraced(function*({ of, run, session }: Place) {
  const place = `(${DuckDb.constant(run.observed_at)}, ${DuckDb.literal(run.run_id)})`
  const later = yield* session.all(
    `SELECT run_id FROM ${of(runs)} WHERE tenant = ${DuckDb.literal(run.tenant)}
     AND pipeline = ${DuckDb.literal(run.pipeline)} AND (observed_at, run_id) > ${place} LIMIT 1`
  )
  if (later.length > 0) {
    return yield* new Overtaken({ by: String(later[0]?.[0]) })
  }
})

/** What is known of a table before the run. */
interface Before {
  /** How many versions are current. */
  readonly count: number
  /** SQL for the run that last saw the tenant's current versions if nothing else is said, and for when it was. */
  readonly run_id: string
  readonly observed_at: string
  /** The columns that came after some current version was last seen. */
  readonly added: ReadonlyArray<string>
  /** Whether the hashes that are kept can be compared with those of the run's rows. */
  readonly isHashed: boolean
  /** SQL for what kind these are of. */
  readonly kind: string
}

const look = Effect.fnUntraced(
  function*({ of, run, session }: Place, table: Table): Effect.fn.Return<Before, SinkReason> {
    const ofTenant = `FROM ${of(runs)} WHERE tenant = ${DuckDb.literal(run.tenant)}`
    const [last] = yield* session.all(
      `SELECT run_id, epoch_us(observed_at) ${ofTenant} AND run_id <> ${DuckDb.literal(run.run_id)}
       AND list_contains(string_split(tables_collected, ', '), ${DuckDb.literal(table.name)})
       ORDER BY observed_at DESC, run_id DESC LIMIT 1`
    )
    const [run_id, observed_at] = last === undefined
      ? ["NULL", "NULL::TIMESTAMPTZ"]
      : [DuckDb.literal(String(last[0])), DuckDb.constant(BigInt(String(last[1])))]
    const [[release] = []] = yield* session.all("SELECT version()")
    const kind = DuckDb.literal(kindOfFingerprint(table, String(release)))
    const current = `FROM ${of(currentOf(table))} WHERE tenant = ${DuckDb.literal(run.tenant)}`
    const [[count, isOneKind] = []] = yield* session.all(
      `SELECT count(*), coalesce(bool_and(hash_kind = ${kind} AND version_hash IS NOT NULL), false) ${current}`
    )
    const later = yield* Added.inRuns(
      session,
      `${ofTenant} AND observed_at > (SELECT min(coalesce(observed_at, ${observed_at})) ${current})`
    )
    const added = Added.of(table, later)
    const isHashed = isOneKind === true && added.length === 0
    return { count: Number(count), run_id, observed_at, added, isHashed, kind }
  }
)

const was = (column: string) => DuckDb.name(`was ${column}`)
const is = (column: string) => DuckDb.name(`is ${column}`)

/**
 * Compares the run with what is current. `matched` has a row for every key: the number of the current version, whether the
 * run saw the row and whether that is the same version, and what `T_current` says of it next; and the key of what is not
 * the same. A column that is new is filled in, and is no change.
 */
const compare = ({ of, run, session }: Place, { rows, table }: Snapshot, { added, isHashed, observed_at }: Before) => {
  const told = fingerprint(table, added)
  const tenant = DuckDb.literal(run.tenant)
  const named = (as: (column: string) => string) =>
    added.map((column) => `, ${DuckDb.name(column)} AS ${as(column)}`).join("")
  const same = added.map((column) => {
    const since = Added.since(table, column, tenant, of(runs))
    return ` AND (${was(column)} IS NOT DISTINCT FROM ${is(column)} OR coalesce("was seen at" < ${since}, false))`
  })
  const keys = table.key.map((column) =>
    `, CASE WHEN "is same" IS NOT TRUE THEN ${DuckDb.name(column)} END AS ${DuckDb.name(column)}`
  )
  const lacks = added.map((column) => `${was(column)} IS DISTINCT FROM ${is(column)}`)
  return session.run(
    `CREATE OR REPLACE TEMP TABLE matched AS
     SELECT version_number, "is of now", "is seen", "is same", "is hash"${listed(volatile(table))}${keys.join("")}${
      added.map((column) => `, ${is(column)}`).join("")
    }, "is same" AND (${["false", ...lacks].join(" OR ")}) AS "lacks something"
     FROM (
       SELECT *, CASE WHEN "is seen" THEN "was told" = "is told"${same.join("")} END AS "is same"
       FROM (
         SELECT version_number, ${keyOf(table)}, ${isHashed ? "version_hash" : told} AS "was told",
           valid_from = ${DuckDb.constant(run.observed_at)} AS "is of now", "was seen at"${named(was)}
         FROM ${of(versionsOf(table))} JOIN (
           SELECT version_number, version_hash, coalesce(observed_at, ${observed_at}) AS "was seen at"
           FROM ${of(currentOf(table))} WHERE tenant = ${tenant}
         ) USING (version_number)
       ) FULL JOIN (
         SELECT true AS "is seen", ${keyOf(table)}, ${told} AS "is told", ${fingerprint(table)} AS "is hash"${
      listed(volatile(table))
    }${named(is)} FROM ${rows}
       ) USING (${keyOf(table)})
     )`
  )
}

/** What the run would end of what was compared with it. */
const lossOf = Effect.fnUntraced(function*(session: DuckDb.Session, { rows, table }: Snapshot, { count }: Before) {
  const [[gone = 0, seen = 0] = []] = yield* session.all(
    count === 0
      ? `SELECT 0, count(*) FROM ${rows}`
      : `SELECT count(*) FILTER ("is seen" IS NULL), count("is seen") FROM matched`
  )
  return { table, before: count, gone: Number(gone), seen: Number(seen) }
})

/** Versions that are filled in at once: what DuckDB keeps of them until then takes half a kilobyte each. */
const batch = 61_440n

/** Gives the versions that were seen again the columns that came since they were last seen. */
const fillIn = Effect.fnUntraced(function*({ catalog, of, session }: Place, table: Table, { added }: Before) {
  if (added.length === 0) return
  const versions = of(versionsOf(table))
  const lacking = `FROM ${versions} JOIN (FROM matched WHERE "lacks something") USING (version_number)`
  const [[last] = []] = yield* session.all(`SELECT max(${versions}.rowid) ${lacking}`)
  if (typeof last !== "bigint") return
  for (let from = 0n; from <= last; from += batch) {
    // DuckDB updates rows in their order many times faster than in any other
    yield* session.run(
      `UPDATE ${versions} filled SET ${added.map((name) => `${DuckDb.name(name)} = ${is(name)}`).join(", ")}
       FROM (
         SELECT ${versions}.rowid AS "its row"${added.map((name) => `, ${is(name)}`).join("")} ${lacking}
         WHERE ${versions}.rowid BETWEEN ${from} AND ${from + batch - 1n} ORDER BY "its row"
       ) WHERE filled.rowid = "its row";
       CHECKPOINT ${catalog}`
    )
  }
})

/** Brings a history up to what was compared with it. */
const change = Effect.fnUntraced(function*(place: Place, { rows, table }: Snapshot, before: Before) {
  const { isComplete, of, run, session } = place
  const [versions, ended, current] = [of(versionsOf(table)), of(endedOf(table)), of(currentOf(table))]
  const [now, tenant] = [DuckDb.constant(run.observed_at), DuckDb.literal(run.tenant)]
  const [[free] = []] = yield* session.all(`SELECT coalesce(max(version_number), 0) + 1 FROM ${versions}`)
  const [isFirst, changing] = [before.count === 0, volatile(table)]
  const own = table.columns.map(({ name }) => name).filter((name) => name in versionsOf(table).specs)
  const isOver = isComplete ? `"is same" IS NOT TRUE` : `NOT "is same"`
  const seenBefore = `coalesce(last_run_id, ${before.run_id}) AS last_run_id,
    coalesce(observed_at, ${before.observed_at}) AS observed_at`
  yield* fillIn(place, table, before)
  if (!isFirst) {
    // a version that begins and ends at one instant never existed
    yield* session.run(`
    INSERT INTO ${ended} BY NAME SELECT version_number, ${now} AS valid_to, ${seenBefore}${listed(changing, "current.")}
    FROM ${current} current JOIN (FROM matched WHERE ${isOver} AND NOT "is of now") USING (version_number);
    DELETE FROM ${versions} WHERE version_number IN (
      SELECT version_number FROM matched WHERE ${isOver} AND "is of now");
    CREATE OR REPLACE TEMP TABLE unseen AS SELECT * REPLACE (${seenBefore}) FROM ${current}
    WHERE tenant = ${tenant} AND NOT ${isComplete}
    AND version_number IN (SELECT version_number FROM matched WHERE "is seen" IS NULL);
    DELETE FROM ${current} WHERE tenant = ${tenant}`)
  }
  yield* session.run(`
    CREATE OR REPLACE TEMP SEQUENCE version_numbers START ${free};
    INSERT INTO ${versions} BY NAME
    SELECT nextval('${numbers}') AS version_number, ${now} AS valid_from, ${
    DuckDb.literal(run.run_id)
  } AS first_run_id${listed(own, "seen.")} FROM ${rows} seen ${isFirst ? "" : `JOIN matched USING (${keyOf(table)})`}`)
  yield* session.run(`
    INSERT INTO ${current} BY NAME
    SELECT version_number, tenant, ${fingerprint(table)} AS version_hash, ${before.kind} AS hash_kind${listed(changing)}
    FROM ${versions} WHERE version_number >= ${free}`)
  if (isFirst) return
  yield* session.run(`
    INSERT INTO ${current} BY NAME
    SELECT version_number, ${tenant} AS tenant, "is hash" AS version_hash, ${before.kind} AS hash_kind${
    listed(changing)
  }
    FROM matched WHERE "is same";
    INSERT INTO ${current} BY NAME FROM unseen`)
})

const applyTable = Effect.fn("Ledger.apply")(function*(
  place: Place,
  losses: ReadonlyArray<Loss>,
  snapshot: Snapshot
) {
  const { isComplete, run, session } = place
  const { table } = snapshot
  yield* Effect.annotateCurrentSpan("duo_mfa.table", table.name)
  const before = yield* look(place, table)
  if (before.count > 0) yield* compare(place, snapshot, before)
  const all = [...losses, yield* lossOf(session, snapshot, before)]
  const refused = isComplete ? refusal(all, run) : undefined
  if (refused !== undefined) return yield* refused
  yield* change(place, snapshot, before)
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
    const of = ({ name }: Table) => `${catalog}.main.${DuckDb.name(name)}`
    const place: Place = { session, catalog, of, run, isComplete }
    yield* refuseOutdated(place)
    let losses: ReadonlyArray<Loss> = []
    for (const snapshot of snapshots) losses = yield* applyTable(place, losses, snapshot)
    yield* session.run(`DROP TABLE IF EXISTS matched; DROP TABLE IF EXISTS unseen; DROP SEQUENCE IF EXISTS ${numbers}`)
  }
)
