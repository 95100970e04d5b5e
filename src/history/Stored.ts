/**
 * How a ledger keeps a history, so that a run writes only what changed. A version is written once, into `T_versions`. What
 * a run says again of every current version is in `T_current`, which the run replaces. When a version ends, its row goes
 * from `T_current` to `T_ended`. `T_history` shows the three as one.
 */
import { runs } from "../Outcome.ts"
import * as DuckDb from "../staging/DuckDb.ts"
import * as Table from "../Table.ts"
import { historyOf, volatile } from "./Interval.ts"
import { asTable } from "./Snapshots.ts"

const pick = ({ specs }: Table.Table, isWanted: (name: string) => boolean): Table.Specs =>
  Object.fromEntries(Object.entries(specs).filter(([name]) => isWanted(name)))

const version_number: Table.Spec = { ...Table.bigint("The number of the version in this ledger."), required: true }

/** What `T_history` says of a version that is not in `T_versions`, or not as it was seen last. */
const changing = (table: Table.Table) => ["valid_to", "last_run_id", "observed_at", ...volatile(table)]

/** The versions: what they were, and since when. */
export const versionsOf = (table: Table.Table) =>
  Table.make<Table.Specs>({
    name: `${table.name}_versions`,
    doc: `Every version of every row of ${table.name}; what is volatile is as it was when the version was first seen.`,
    key: ["version_number"],
    columns: {
      version_number,
      ...pick(historyOf(table), (name) => !["run_id", "observed_at", "valid_to", "last_run_id"].includes(name))
    }
  })

/** The versions that have ended. */
export const endedOf = (table: Table.Table) =>
  Table.make<Table.Specs>({
    name: `${table.name}_ended`,
    doc: `When versions of ${table.name} ended, and what was volatile in them when they were last seen.`,
    key: ["version_number"],
    columns: {
      version_number,
      ...pick(historyOf(table), (name) => changing(table).includes(name)),
      valid_to: Table.instant("When it ended.")
    }
  })

/** The versions that are current. */
export const currentOf = (table: Table.Table) =>
  Table.make<Table.Specs>({
    name: `${table.name}_current`,
    doc: `The versions of ${table.name} that are current, and what was volatile in them when they were last seen.`,
    key: ["version_number"],
    columns: {
      version_number,
      ...pick(table, (name) => name === "tenant"),
      last_run_id: Table.text("The run that last saw it; NULL for the tenant's newest run that collected the table."),
      observed_at: Table.timestamp("When that was; NULL with last_run_id."),
      version_hash: Table.bigint("A hash of the columns that tell versions apart."),
      hash_kind: Table.text("What made the hash; NULL if there is none."),
      ...pick(table, (name) => volatile(table).includes(name))
    }
  })

/** All that is kept of a table. */
export const tablesOf = (table: Table.Table) => [versionsOf(table), endedOf(table), currentOf(table)]

/** The newest run of every tenant that collected a table; `from` is the table of the runs. */
const newest = ({ name }: Table.Table, from: string) =>
  `SELECT tenant, max(observed_at) AS newest_at, max_by(run_id, (observed_at, run_id)) AS newest_id FROM ${from}
   WHERE list_contains(string_split(tables_collected, ', '), ${DuckDb.literal(name)}) GROUP BY tenant`

const listed = (names: ReadonlyArray<string>) => names.map((name) => `, ${DuckDb.name(name)}`).join("")

/** The query for all versions as `T_history` has them; `from` says what the query calls a table that is kept. */
export const history = (table: Table.Table, from: (kept: Table.Table) => string) => {
  const cells = historyOf(table).columns.map(({ name }) =>
    name === "run_id"
      ? "sighting.last_run_id AS run_id"
      : `${changing(table).includes(name) ? "sighting" : "version"}.${DuckDb.name(name)}`
  )
  return `WITH newest AS (${newest(table, runs.name)}), sighting AS (
    SELECT version_number${listed(changing(table))} FROM ${from(endedOf(table))}
    UNION ALL
    SELECT version_number, NULL, coalesce(last_run_id, newest_id), coalesce(observed_at, newest_at)${
    listed(volatile(table))
  }
    FROM ${from(currentOf(table))} LEFT JOIN newest USING (tenant)
  )
  SELECT ${cells.join(", ")} FROM ${from(versionsOf(table))} version JOIN sighting USING (version_number)`
}

/** A history that format 1 kept in one table, and what is there besides the columns that this version keeps. */
export interface Earlier {
  readonly table: Table.Table
  /** The columns that it lacks. */
  readonly lacking: ReadonlyArray<Table.Column>
  /** The columns that somebody else has added, and their types. */
  readonly others: ReadonlyArray<readonly [name: string, type: string]>
}

/** The statements that take it over; `of` is SQL for a table of the ledger. A version has the number of its row there. */
export const takeOver = ({ lacking, others, table }: Earlier, of: (name: string) => string): ReadonlyArray<string> => {
  const history = historyOf(table)
  const [versions, ended, current] = [versionsOf(table), endedOf(table), currentOf(table)]
  const theirs = others.map(([name]) => name)
  const numbered = Table.make<Table.Specs>({ ...history, key: [], columns: { version_number, ...history.specs } })
  const rows = `SELECT rowid AS version_number, * FROM ${of(history.name)}`
  const all = `(${asTable(numbered, rows)})`
  const isImplied = "last_run_id IS NOT DISTINCT FROM newest_id"
  return [
    ...lacking.filter(({ name, required }) => required && name in versions.specs).map(({ name }) =>
      `ALTER TABLE ${of(versions.name)} ALTER ${DuckDb.name(name)} DROP NOT NULL`
    ),
    ...others.map(([name, type]) => `ALTER TABLE ${of(versions.name)} ADD COLUMN ${DuckDb.name(name)} ${type}`),
    `INSERT INTO ${of(versions.name)} BY NAME SELECT ${DuckDb.names(versions)}${listed(theirs)} FROM ${all}${
      theirs.length === 0 ? "" : ` JOIN (SELECT version_number${listed(theirs)} FROM (${rows})) USING (version_number)`
    }`,
    `INSERT INTO ${of(ended.name)} SELECT ${DuckDb.names(ended)} FROM ${all} WHERE valid_to IS NOT NULL`,
    `INSERT INTO ${of(current.name)} BY NAME SELECT version_number, tenant,
       CASE WHEN NOT ${isImplied} THEN last_run_id END AS last_run_id,
       CASE WHEN NOT ${isImplied} THEN observed_at END AS observed_at${listed(volatile(table))}
     FROM ${all} LEFT JOIN (${newest(table, of(runs.name))}) USING (tenant) WHERE valid_to IS NULL`,
    `DROP TABLE ${of(history.name)}`
  ]
}
