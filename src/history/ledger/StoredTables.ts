/**
 * The tables that keep a history, made so that a run writes only changes. A version is written once, into `T_versions`. While
 * the tenant's newest run sees it, `T_current` has its volatile cells, which every run replaces; otherwise `T_past` has its
 * last sighting. `T_hashes` finds the versions of a run's rows. The view `T_history` joins all of them.
 */
import * as DuckDb from "../../duckdb/DuckDb.ts"
import { hashes, volatile } from "../../duckdb/RowHash.ts"
import { runs } from "../../Outcome.ts"
import * as Table from "../../Table.ts"
import { asTable } from "../Snapshots.ts"
import { historyOf } from "../Versions.ts"

const pick = ({ specs }: Table.Table, isWanted: (name: string) => boolean): Table.Specs =>
  Object.fromEntries(Object.entries(specs).filter(([name]) => isWanted(name)))

const version_number: Table.Spec = { ...Table.bigint("The number of the version in this ledger."), required: true }

/** The columns of `T_history` that change with later sightings, so that `T_versions` does not have them. */
const changing = (table: Table.Table) => ["valid_to", "last_run_id", "observed_at", ...volatile(table)]

/** The versions, with their cells and the time since when they are valid. */
export const versionsOf = (table: Table.Table) =>
  Table.make<Table.Specs>({
    name: `${table.name}_versions`,
    doc: `Every version of every row of ${table.name}, without the volatile columns.`,
    key: ["version_number"],
    columns: {
      version_number,
      ...pick(historyOf(table), (name) => name !== "run_id" && !changing(table).includes(name))
    }
  })

/** The versions that the tenant's newest run did not see. */
export const pastOf = (table: Table.Table) =>
  Table.make<Table.Specs>({
    name: `${table.name}_past`,
    doc:
      `The versions of ${table.name} that have ended, and those that the tenant's newest run did not see because it was not complete.`,
    key: ["version_number"],
    columns: { version_number, ...pick(historyOf(table), (name) => changing(table).includes(name)) }
  })

/** The versions that the tenant's newest run saw. */
export const currentOf = (table: Table.Table) =>
  Table.make<Table.Specs>({
    name: `${table.name}_current`,
    doc: `The versions of ${table.name} that the tenant's newest run saw, with their volatile columns.`,
    key: ["version_number"],
    columns: { version_number, ...pick(table, (name) => volatile(table).includes(name)) }
  })

/** The hashes by which a run finds the versions that have not ended. */
export const hashesOf = (table: Table.Table) =>
  Table.make<Table.Specs>({
    name: `${table.name}_hashes`,
    doc: `The hashes by which a run finds the versions of ${table.name} that have not ended.`,
    key: ["version_number"],
    columns: {
      version_number,
      ...pick(table, (name) => name === "tenant"),
      ...hashes,
      hash_kind: Table.bigint(
        "A number for the columns and the release of DuckDB that made the hashes; NULL if there are no hashes."
      )
    }
  })

/**
 * All tables that the ledger keeps for a table. It keeps no events, because it is copied for every run; but it keeps sums
 * of them, as they are.
 */
export const tablesOf = (table: Table.Table): ReadonlyArray<Table.Table> =>
  Table.isSnapshot(table)
    ? [versionsOf(table), pastOf(table), currentOf(table), hashesOf(table)]
    : Table.isEvents(table)
    ? []
    : [table]

/** SQL for the newest run of each tenant that collected a table; `from` is the table of the runs. */
const newest = ({ name }: Table.Table, from: string) =>
  `SELECT tenant, max(observed_at) AS newest_at, max_by(run_id, (observed_at, run_id)) AS newest_id FROM ${from}
   WHERE list_contains(string_split(tables_collected, ', '), ${DuckDb.literal(name)}) GROUP BY tenant`

const listed = (names: ReadonlyArray<string>) => names.map((name) => `, ${DuckDb.name(name)}`).join("")

/** The query for all versions as `T_history` has them; `from` gives the name of a stored table in the query. */
export const historyQuery = (table: Table.Table, from: (kept: Table.Table) => string) => {
  const cells = historyOf(table).columns.map(({ name }) => {
    if (name === "run_id" || name === "last_run_id") return `coalesce(sighting.last_run_id, newest_id) AS ${name}`
    if (name === "observed_at") return "coalesce(sighting.observed_at, newest_at) AS observed_at"
    return `${changing(table).includes(name) ? "sighting" : "version"}.${DuckDb.name(name)}`
  })
  return `WITH newest AS (${newest(table, runs.name)}), sighting AS (
    SELECT version_number${listed(changing(table))} FROM ${from(pastOf(table))}
    UNION ALL
    SELECT version_number, NULL, NULL, NULL${listed(volatile(table))} FROM ${from(currentOf(table))}
  )
  SELECT ${cells.join(", ")} FROM ${from(versionsOf(table))} version JOIN sighting USING (version_number)
  LEFT JOIN newest ON newest.tenant = version.tenant`
}

/** A history of format 1, which is in one table, with its missing columns and the columns of other users. */
export interface Earlier {
  readonly table: Table.Table
  /** The missing columns. */
  readonly lacking: ReadonlyArray<Table.Column>
  /** The columns that other users have added, and their types. */
  readonly others: ReadonlyArray<readonly [name: string, type: string]>
}

/**
 * The statements that move a history of format 1 into these tables. `of` is SQL for a table of the ledger. The number of a
 * version is the number of its row in the table of format 1.
 */
export const takeOver = ({ lacking, others, table }: Earlier, of: (name: string) => string): ReadonlyArray<string> => {
  const history = historyOf(table)
  const [versions, past, current, open] = [versionsOf(table), pastOf(table), currentOf(table), hashesOf(table)]
  const theirs = others.map(([name]) => name)
  const numbered = Table.make<Table.Specs>({ ...history, key: [], columns: { version_number, ...history.specs } })
  const rows = `SELECT rowid AS version_number, * FROM ${of(history.name)}`
  const all = `(${asTable(numbered, rows)})`
  const newestOf = `FROM ${all} LEFT JOIN (${newest(table, of(runs.name))}) USING (tenant)
     WHERE valid_to IS NULL AND last_run_id IS NOT DISTINCT FROM newest_id`
  return [
    ...lacking.filter(({ name, required }) => required && name in versions.specs).map(({ name }) =>
      `ALTER TABLE ${of(versions.name)} ALTER ${DuckDb.name(name)} DROP NOT NULL`
    ),
    ...others.map(([name, type]) => `ALTER TABLE ${of(versions.name)} ADD COLUMN ${DuckDb.name(name)} ${type}`),
    `INSERT INTO ${of(versions.name)} BY NAME SELECT ${DuckDb.names(versions)}${listed(theirs)} FROM ${all}${
      theirs.length === 0 ? "" : ` JOIN (SELECT version_number${listed(theirs)} FROM (${rows})) USING (version_number)`
    }`,
    `INSERT INTO ${of(current.name)} SELECT ${DuckDb.names(current)} ${newestOf}`,
    `INSERT INTO ${of(past.name)} SELECT ${DuckDb.names(past)} FROM ${all}
     WHERE version_number NOT IN (SELECT version_number FROM ${of(current.name)})`,
    `INSERT INTO ${of(open.name)} BY NAME SELECT version_number, tenant FROM ${all} WHERE valid_to IS NULL`,
    `DROP TABLE ${of(history.name)}`
  ]
}
