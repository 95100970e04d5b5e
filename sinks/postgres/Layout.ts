/**
 * The tables and views in the database. The schema `S_rows` has the versions of the rows of all runs, also of runs that are not
 * published; readers need no access to it. The schema `S` has views of the published rows, so publishing a run updates one cell.
 */
import { Effect } from "effect"
import { hash } from "node:crypto"
import { comments, literal, name, names } from "../../src/duckdb/DuckDb.ts"
import { CannotCreate } from "../../src/failure/SinkError.ts"
import { historyOf, rowKey } from "../../src/history/Versions.ts"
import { runs } from "../../src/Outcome.ts"
import { forReaders, isEvents, isSnapshot, type Table } from "../../src/Table.ts"
import type { Connection } from "./Connection.ts"
import type { DatabaseTarget } from "./DatabaseTarget.ts"
import * as ReaderViews from "./ReaderViews.ts"
import * as Conversion from "./versions/Conversion.ts"
import * as Storage from "./versions/Storage.ts"

const { rowsOf, rowsSchema } = Storage

/** Creates a table, or adds its missing columns; an added column can be NULL. */
const table = (qualified: string, of: Table, others: ReadonlyArray<string>, isThere: boolean) => [
  isThere
    ? `ALTER TABLE ${qualified} ${
      of.columns.map((column) => `ADD COLUMN IF NOT EXISTS ${name(column.name)} ${Storage.types[column.type]}`).join(
        ", "
      )
    }`
    : `CREATE TABLE ${qualified} (${
      [
        ...of.columns.map((column) =>
          `${name(column.name)} ${Storage.types[column.type]}${column.required ? " NOT NULL" : ""}`
        ),
        ...others,
        ...of.key.length === 0 ? [] : [`PRIMARY KEY (${of.key.map(name).join(", ")})`]
      ].join(", ")
    })`,
  ...comments("TABLE", qualified, of)
]

const view = (table: Table, query: string, make = "CREATE VIEW") => [
  `${make} ${name(table.name)} AS ${query}`,
  ...comments("VIEW", name(table.name), table)
]

/** The runs, and the view of them for readers. All other views use that view, so it is never dropped. */
const runsStatements = (target: DatabaseTarget, _: Table, { isThere }: Found) => [
  ...table(rowsOf(target, runs), runs, ["published boolean NOT NULL DEFAULT false"], isThere),
  `COMMENT ON COLUMN ${rowsOf(target, runs)}.published IS 'Whether readers see the rows of the run.'`,
  `ALTER TABLE ${rowsOf(target, runs)} ADD COLUMN IF NOT EXISTS round_id text`,
  `COMMENT ON COLUMN ${rowsOf(target, runs)}.round_id IS 'The newest run of the round in which the run was published.'`,
  `ALTER TABLE ${
    rowsOf(target, runs)
  } ADD COLUMN IF NOT EXISTS tenant_number bigint, ADD COLUMN IF NOT EXISTS place bigint`,
  `CREATE UNIQUE INDEX IF NOT EXISTS runs_place ON ${rowsOf(target, runs)} (tenant_number, place)`,
  `COMMENT ON COLUMN ${rowsOf(target, runs)}.tenant_number IS 'The number of the tenant.'`,
  `COMMENT ON COLUMN ${
    rowsOf(target, runs)
  }.place IS 'The place of the run among the runs of its tenant, as in places.'`,
  `CREATE SEQUENCE IF NOT EXISTS ${Storage.numbersIn(target)} CACHE 100`,
  `COMMENT ON SEQUENCE ${Storage.numbersIn(target)} IS 'The numbers of versions and tenants.'`,
  ...view(
    runs,
    `SELECT ${names(runs)} FROM ${rowsOf(target, runs)} WHERE published`,
    isThere ? "CREATE OR REPLACE VIEW" : "CREATE VIEW"
  )
]

const placesStatements = (target: DatabaseTarget, of: Table, { isThere }: Found) =>
  table(rowsOf(target, of), of, ["UNIQUE (tenant, observed_at, run_id)"], isThere)

/** A query with its columns in the order for readers, as in the ledger. */
const inOrder = (of: Table, query: string) => `SELECT ${names(forReaders(of))} FROM (${query}) AS for_readers`

/** The statements for a table and its views; they replace those that another version made. */
const tableStatements = (target: DatabaseTarget, of: Table, { isOfRuns, isThere }: Found) => {
  const snapshots = Storage.snapshotsOf(of)
  const asof = name(`${of.name}_asof`)
  const [versions, sightings] = [rowsOf(target, of), Storage.sightingsIn(target, of)]
  return [
    ...isThere || isOfRuns
      ? [`DROP FUNCTION ${asof}(timestamptz)`, `DROP VIEW ${name(historyOf(of).name)}, ${name(of.name)}, ${snapshots}`]
      : [],
    ...isOfRuns ? Conversion.begin(target, of) : [],
    ...table(versions, Storage.versionsOf(of), [], isThere),
    ...table(sightings, Storage.sightingsOf(of), [], isThere),
    ...isThere ? [] : [
      `CREATE INDEX ON ${versions} (${of.key.map(name).join(", ")})`,
      `CREATE INDEX ON ${sightings} ("version id")`,
      `CREATE INDEX ON ${sightings} ("tenant number", "end place")`
    ],
    ...view(
      { ...of, name: `${of.name}_snapshots`, doc: `The rows of ${of.name} as every run saw them.` },
      inOrder(of, Storage.snapshotsQuery(target, of))
    ),
    ...view(of, inOrder(of, Storage.currentQuery(of, ""))),
    ...view(historyOf(of), inOrder(historyOf(of), Storage.historyQuery(target, of))),
    `CREATE FUNCTION ${asof}(ts timestamptz) RETURNS SETOF ${name(of.name)} LANGUAGE sql STABLE
     BEGIN ATOMIC ${inOrder(of, Storage.currentQuery(of, " AND observed_at <= ts"))}; END`,
    `COMMENT ON FUNCTION ${asof}(timestamptz) IS ${
      literal(`The rows of ${of.name} as they were at an instant, as far as the runs know.`)
    }`
  ]
}

/**
 * The statements for a table of a log. An event is there once, whatever run has read it; the view shows the rows of published
 * runs.
 */
const logStatements = (target: DatabaseTarget, of: Table, { isThere }: Found) => [
  ...isThere ? [`DROP VIEW ${name(of.name)}`] : [],
  ...table(
    rowsOf(target, of),
    { ...of, key: isEvents(of) ? rowKey(of) : ["run_id", ...of.key] },
    [`FOREIGN KEY (run_id) REFERENCES ${rowsOf(target, runs)} ON DELETE CASCADE`],
    isThere
  ),
  ...view(of, inOrder(of, `SELECT * FROM ${rowsOf(target, of)} WHERE run_id IN (SELECT run_id FROM runs)`))
]

/** Whether a table of duo-mfa is there; and whether it is a table of the first layout, which had all rows of each run. */
interface Found {
  readonly isThere: boolean
  readonly isOfRuns: boolean
}

const statementsOf = (of: Table) =>
  of === runs
    ? runsStatements
    : of === Storage.places
    ? placesStatements
    : isSnapshot(of)
    ? tableStatements
    : logStatements

/** The statements that make a table and its views. A comment on the table says that duo-mfa made it, and in which layout. */
const parts = (target: DatabaseTarget, tables: ReadonlyArray<Table>) =>
  [runs, Storage.places, ...tables].map((of) => {
    const qualified = rowsOf(target, of)
    const make = statementsOf(of)
    const kind = tables.includes(of) && isSnapshot(of) ? "Versions" : "Rows"
    const mark = `${kind} of ${of.name} of all runs, for the views in ${target.schema}; made by ${
      hash("sha256", make(target, of, { isThere: false, isOfRuns: false }).join(), "hex").slice(0, 12)
    }.`
    return {
      of,
      qualified,
      mark,
      make: (found: string) => {
        const isThere = found.startsWith(`${kind} of `)
        const isOfRuns = !isThere && found.startsWith("Rows of ")
        return {
          converted: isOfRuns ? [of] : [],
          statements: [
            ...make(target, of, { isThere, isOfRuns }),
            `COMMENT ON TABLE ${qualified} IS ${literal(mark)}`
          ]
        }
      }
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
    return found === mark ? [] : [make(found)]
  })
})

/** The oldest version is PostgreSQL 14, because older ones have no functions with a body in `BEGIN ATOMIC`. */
const versionMin = 140_000

/** Creates what the schemas lack. Usually they lack nothing, and then no lock is taken. */
export const migrate = Effect.fnUntraced(
  function*(session: Connection, target: DatabaseTarget, run: ReaderViews.ViewedRun) {
    const [[version, encoding] = []] = yield* session.all(
      "SELECT current_setting('server_version_num'), current_setting('server_encoding')"
    )
    if (Number(version) < versionMin) {
      return yield* new CannotCreate({ detail: "the server is older than PostgreSQL 14" })
    }
    if (encoding !== "UTF8") {
      return yield* new CannotCreate({ detail: `the encoding of the database is ${encoding}, and must be UTF8` })
    }
    const missing = (yield* lacking(session, target, run.tables)).flatMap(({ statements }) => statements)
    if ((yield* ReaderViews.around(session, target, run, missing)).length === 0) return

    yield* session.run(
      `BEGIN; SELECT pg_advisory_xact_lock(hashtextextended(${literal(`duo-mfa ${target.schema}`)}, 0))`
    )
    const schemas = [target.schema, rowsSchema(target)]
    const there = yield* session.all("SELECT nspname FROM pg_namespace WHERE nspname IN ($1, $2)", schemas)
    const made = yield* lacking(session, target, run.tables)
    yield* session.run(
      [
        ...schemas.filter((schema) => !there.some(([found]) => found === schema))
          .map((schema) => `CREATE SCHEMA ${name(schema)}`),
        `SET LOCAL search_path = ${name(target.schema)}, pg_catalog`,
        ...yield* ReaderViews.around(session, target, run, made.flatMap(({ statements }) => statements))
      ].join(";\n")
    )
    yield* Conversion.finish(session, target, made.flatMap(({ converted }) => converted))
    yield* session.run("COMMIT")
  }
)
