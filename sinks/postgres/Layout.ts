/**
 * The tables and views in the database. The schema `S_rows` has the rows of all runs, staged ones too; readers need no
 * access to it. The schema `S` has views of the published rows, so publishing a run updates one cell.
 */
import { Effect } from "effect"
import { hash } from "node:crypto"
import { comments, literal, name, names } from "../../src/duckdb/DuckDb.ts"
import { versionColumns } from "../../src/duckdb/RowHash.ts"
import { CannotCreate } from "../../src/failure/SinkError.ts"
import * as Snapshots from "../../src/history/Snapshots.ts"
import { historyOf, rowKey } from "../../src/history/Versions.ts"
import { runs } from "../../src/Outcome.ts"
import { type ColumnType, isEvents, isSnapshot, type Table, valueEarlier } from "../../src/Table.ts"
import type { Connection } from "./Connection.ts"
import type { DatabaseTarget } from "./DatabaseTarget.ts"

const types: Record<ColumnType, string> = {
  text: "text",
  boolean: "boolean",
  bigint: "bigint",
  timestamp: "timestamptz"
}

/** The schema of the rows. */
export const rowsSchema = ({ schema }: Pick<DatabaseTarget, "schema">) => `${schema}_rows`

/** The table with a table's rows of all runs, or with the runs. */
export const rowsOf = (target: Pick<DatabaseTarget, "schema">, table: Table) =>
  `${name(rowsSchema(target))}.${name(table.name)}`

/** The view for readers of a table's published rows, or of the published runs. */
export const viewOf = ({ schema }: Pick<DatabaseTarget, "schema">, table: string) => `${name(schema)}.${name(table)}`

const collects = (table: Table) => `${literal(table.name)} = ANY(string_to_array(tables_collected, ', '))`

/**
 * The query for the current rows: every row that the last complete run or a later run saw, as the last of them saw it. A run
 * that is not complete removes nothing. `known` is a condition that selects the runs.
 */
const current = (table: Table, known: string) => {
  const keys = rowKey(table).map(name).join(", ")
  return `WITH known AS (
    SELECT run_id, tenant, observed_at, complete, row_number() OVER (PARTITION BY tenant ORDER BY observed_at, run_id) AS place
    FROM runs WHERE ${collects(table)}${known}
  ), since AS (
    SELECT tenant, coalesce(max(place) FILTER (WHERE complete), 0) AS place FROM known GROUP BY tenant
  ), told AS (
    SELECT run_id, known.place AS told_place FROM known JOIN since USING (tenant) WHERE known.place >= since.place
  )
  SELECT ${names(table)} FROM (
    SELECT DISTINCT ON (${keys}) * FROM ${Snapshots.snapshotsOf(table)} JOIN told USING (run_id)
    ORDER BY ${keys}, told_place DESC) AS latest`
}

/** SQL for a text that is equal in two rows of the same version. */
const fingerprint = (table: Table) => `md5(ROW(${versionColumns(table).map(name).join(", ")})::text)`

/** Creates a table, or adds its missing columns; an added column can be NULL. */
const table = (qualified: string, of: Table, others: ReadonlyArray<string>, isThere: boolean) => [
  isThere
    ? `ALTER TABLE ${qualified} ${
      of.columns.map((column) => `ADD COLUMN IF NOT EXISTS ${name(column.name)} ${types[column.type]}`).join(", ")
    }`
    : `CREATE TABLE ${qualified} (${
      [
        ...of.columns.map((column) =>
          `${name(column.name)} ${types[column.type]}${column.required ? " NOT NULL" : ""}`
        ),
        ...others,
        `PRIMARY KEY (${of.key.map(name).join(", ")})`
      ].join(", ")
    })`,
  ...comments("TABLE", qualified, of)
]

const view = (table: Table, query: string, make = "CREATE VIEW") => [
  `${make} ${name(table.name)} AS ${query}`,
  ...comments("VIEW", name(table.name), table)
]

/** The runs, and the view of them for readers. All other views use that view, so it is never dropped. */
const runsStatements = (target: DatabaseTarget, isThere: boolean) => [
  ...table(rowsOf(target, runs), runs, ["published boolean NOT NULL DEFAULT false"], isThere),
  `COMMENT ON COLUMN ${rowsOf(target, runs)}.published IS 'Whether readers see the rows of the run.'`,
  `ALTER TABLE ${rowsOf(target, runs)} ADD COLUMN IF NOT EXISTS round_id text`,
  `COMMENT ON COLUMN ${rowsOf(target, runs)}.round_id IS 'The newest run of the round in which the run was published.'`,
  ...view(
    runs,
    `SELECT ${names(runs)} FROM ${rowsOf(target, runs)} WHERE published`,
    isThere ? "CREATE OR REPLACE VIEW" : "CREATE VIEW"
  )
]

/** The statements for a table and its views; they replace those that another version made. */
const tableStatements = (target: DatabaseTarget, of: Table, isThere: boolean) => {
  const snapshots = Snapshots.snapshotsOf(of)
  const asof = name(`${of.name}_asof`)
  const kept = { ...of, key: ["run_id", ...of.key] }
  const known = `FOREIGN KEY (run_id) REFERENCES ${rowsOf(target, runs)} ON DELETE CASCADE`
  return [
    ...isThere
      ? [`DROP FUNCTION ${asof}(timestamptz)`, `DROP VIEW ${name(historyOf(of).name)}, ${name(of.name)}, ${snapshots}`]
      : [],
    ...table(rowsOf(target, of), kept, [known], isThere),
    ...view(
      { ...of, name: `${of.name}_snapshots`, doc: `The rows of ${of.name} as every run saw them.` },
      `SELECT ${
        of.columns.map((column) => {
          const [cell, earlier] = [name(column.name), valueEarlier(column)]
          return earlier === null ? cell : `coalesce(${cell}, ${earlier}) AS ${cell}`
        }).join(", ")
      } FROM ${rowsOf(target, of)} WHERE run_id IN (SELECT run_id FROM runs)`
    ),
    ...view(of, current(of, "")),
    ...view(historyOf(of), Snapshots.historyQuery(of, fingerprint(of))),
    `CREATE FUNCTION ${asof}(ts timestamptz) RETURNS SETOF ${name(of.name)} LANGUAGE sql STABLE
     BEGIN ATOMIC ${current(of, " AND observed_at <= ts")}; END`,
    `COMMENT ON FUNCTION ${asof}(timestamptz) IS ${
      literal(`The rows of ${of.name} as they were at an instant, as far as the runs know.`)
    }`
  ]
}

/**
 * The statements for a table of a log. An event is there once, whatever run has read it; the view shows the rows of published
 * runs.
 */
const logStatements = (target: DatabaseTarget, of: Table, isThere: boolean) => [
  ...isThere ? [`DROP VIEW ${name(of.name)}`] : [],
  ...table(
    rowsOf(target, of),
    { ...of, key: isEvents(of) ? rowKey(of) : ["run_id", ...of.key] },
    [`FOREIGN KEY (run_id) REFERENCES ${rowsOf(target, runs)} ON DELETE CASCADE`],
    isThere
  ),
  ...view(of, `SELECT ${names(of)} FROM ${rowsOf(target, of)} WHERE run_id IN (SELECT run_id FROM runs)`)
]

/** The statements that make a table and its views. A comment on the table says that duo-mfa made it, and in which layout. */
const parts = (target: DatabaseTarget, tables: ReadonlyArray<Table>) =>
  [runs, ...tables].map((of) => {
    const qualified = rowsOf(target, of)
    const statements = (isThere: boolean) =>
      of === runs
        ? runsStatements(target, isThere)
        : isSnapshot(of)
        ? tableStatements(target, of, isThere)
        : logStatements(target, of, isThere)
    const mark = `Rows of ${of.name} of all runs, for the views in ${target.schema}; made by ${
      hash("sha256", statements(false).join(), "hex").slice(0, 12)
    }.`
    return {
      qualified,
      mark,
      make: (isThere: boolean) => [...statements(isThere), `COMMENT ON TABLE ${qualified} IS ${literal(mark)}`]
    }
  })

/**
 * The statements for the parts that are missing or have another layout. They fail if an object of such a name was not made by
 * duo-mfa.
 */
const lacking = Effect.fnUntraced(function*({ all }: Connection, target: DatabaseTarget, tables: ReadonlyArray<Table>) {
  const every = parts(target, tables)
  const [marks = []] = yield* all(
    `SELECT ${
      every.map(({ qualified }) => `obj_description(to_regclass(${literal(qualified)}), 'pg_class')`).join(", ")
    }`
  )
  return every.flatMap(({ make, mark }, index) => {
    const found = marks[index] ?? ""
    return found === mark ? [] : make(found.startsWith("Rows of "))
  })
})

/** The oldest version is PostgreSQL 14, because older ones have no functions with a body in `BEGIN ATOMIC`. */
const versionMin = 140_000

/** Creates what the schemas lack. Usually they lack nothing, and then no lock is taken. */
export const migrate = Effect.fnUntraced(
  function*(session: Connection, target: DatabaseTarget, tables: ReadonlyArray<Table>) {
    const [[version, encoding] = []] = yield* session.all(
      "SELECT current_setting('server_version_num'), current_setting('server_encoding')"
    )
    if (Number(version) < versionMin) {
      return yield* new CannotCreate({ detail: "the server is older than PostgreSQL 14" })
    }
    if (encoding !== "UTF8") {
      return yield* new CannotCreate({ detail: `the encoding of the database is ${encoding}, and must be UTF8` })
    }
    if ((yield* lacking(session, target, tables)).length === 0) return

    yield* session.run(
      `BEGIN; SELECT pg_advisory_xact_lock(hashtextextended(${literal(`duo-mfa ${target.schema}`)}, 0))`
    )
    const schemas = [target.schema, rowsSchema(target)]
    const there = yield* session.all("SELECT nspname FROM pg_namespace WHERE nspname IN ($1, $2)", schemas)
    yield* session.run(
      [
        ...schemas.filter((schema) => !there.some(([found]) => found === schema))
          .map((schema) => `CREATE SCHEMA ${name(schema)}`),
        `SET LOCAL search_path = ${name(target.schema)}, pg_catalog`,
        ...yield* lacking(session, target, tables),
        "COMMIT"
      ].join(";\n")
    )
  }
)
