/** The views for readers as two clients see them: DuckDB in the ledger, and psql in PostgreSQL. */
import { assert } from "@effect/vitest"
import mfa from "../../../pipelines/mfa.ts"
import { viewsIn } from "../../../src/history/DescribedPipeline.ts"
import { query, type Server } from "../../support/servers/postgres-server.ts"

const views = [
  ...mfa.tables.flatMap(({ name }) => [name, `${name}_history`, `${name}_changes`]),
  ...new Set(viewsIn(mfa.portable ?? ""))
]

/** What PostgreSQL calls the types of the ledger. */
const types: Readonly<Record<string, string>> = {
  VARCHAR: "text",
  BOOLEAN: "boolean",
  BIGINT: "bigint",
  DOUBLE: "double precision",
  DATE: "date",
  "TIMESTAMP WITH TIME ZONE": "timestamp with time zone"
}

/** A column of a view: the names of both, PostgreSQL's name of the type, and the comment. */
interface ViewColumn {
  readonly view: string
  readonly name: string
  readonly type: string
  readonly doc: string
}

/** What a client sees of all views. */
interface Seen {
  /** The comments of the views, in order. */
  readonly docs: ReadonlyArray<string>
  readonly columns: ReadonlyArray<ViewColumn>
  readonly rows: Readonly<Record<string, ReadonlyArray<string>>>
}

/** A query per view, with its rows as JSON: an instant in microseconds, a day as text. */
const rowsOf = (from: string, columns: ReadonlyArray<ViewColumn>, micros: (cell: string) => string) =>
  views.map((view) => {
    const cells = columns.filter((column) => column.view === view).map(({ name, type }) =>
      type === "timestamp with time zone"
        ? `${micros(`"${name}"`)} AS "${name}"`
        : type === "date"
        ? `"${name}"::text AS "${name}"`
        : `"${name}"`
    )
    return `SELECT '${view}' AS view, to_json(asked)::text AS row FROM (SELECT ${
      cells.join(", ")
    } FROM ${from}${view}) asked`
  })

const text = (value: unknown) => value === null || value === undefined ? "" : String(value)

/** Rows by view, in an order of their own. PostgreSQL's text cannot have NUL, so that another character stands for it. */
const byView = (rows: ReadonlyArray<Record<string, unknown>>) =>
  Object.fromEntries(views.map((view) => [
    view,
    rows.filter((row) => row["view"] === view)
      .map(({ row }) => JSON.stringify(JSON.parse(text(row))).replaceAll("\\u0000", "␀"))
      .toSorted()
  ]))

const columnsIn = (rows: ReadonlyArray<Record<string, unknown>>, typeOf: (type: string) => string | undefined) =>
  rows.map(({ doc, name, type, view }): ViewColumn => ({
    view: text(view),
    name: text(name),
    type: typeOf(text(type)) ?? `unexpected: ${text(type)}`,
    doc: text(doc)
  }))

const quoted = views.map((view) => `'${view}'`).join(", ")

/** The views of a ledger that DuckDB has open. `ask` gives the rows as objects. */
export const inDuckDb = async (
  ask: (sql: string) => Promise<ReadonlyArray<Record<string, unknown>>>
): Promise<Seen> => {
  const described = await ask(
    `SELECT table_name AS view, column_name AS name, data_type AS type, comment AS doc FROM duckdb_columns()
     WHERE table_name IN (${quoted}) AND database_name = current_database() ORDER BY table_name, column_index`
  )
  const columns = columnsIn(described, (type) => types[type])
  const docs = await ask(
    `SELECT comment AS doc FROM duckdb_views() WHERE view_name IN (${quoted}) AND database_name = current_database()
     ORDER BY view_name`
  )
  const rows: Array<Record<string, unknown>> = []
  for (const sql of rowsOf("", columns, (cell) => `epoch_us(${cell})`)) rows.push(...await ask(sql))
  return { docs: docs.map(({ doc }) => text(doc)), columns, rows: byView(rows) }
}

/** The views of a schema. */
export const inPostgres = (server: Server, schema: string): Seen => {
  const described = query(
    server,
    `SELECT relname AS view, attname AS name, format_type(atttypid, NULL) AS type, col_description(attrelid, attnum) AS doc
     FROM pg_attribute JOIN pg_class ON attrelid = pg_class.oid AND relname IN (${quoted})
     WHERE relnamespace = '${schema}'::regnamespace ORDER BY relname, attnum`
  )
  const columns = columnsIn(described, (type) => type)
  const docs = query(
    server,
    `SELECT obj_description(oid, 'pg_class') AS doc FROM pg_class
     WHERE relname IN (${quoted}) AND relnamespace = '${schema}'::regnamespace ORDER BY relname`
  )
  const micros = (cell: string) => `(extract(epoch FROM ${cell}) * 1000000)::bigint`
  const rows = query(server, rowsOf(`${schema}.`, columns, micros).join(" UNION ALL "))
  return { docs: docs.map(({ doc }) => text(doc)), columns, rows: byView(rows) }
}

/** Fails with the first view that has other rows. */
export const assertSame = (found: Seen, expected: Seen, what: string) => {
  assert.strictEqual(expected.docs.length, views.length)
  assert.deepStrictEqual(found.docs, expected.docs)
  assert.deepStrictEqual(found.columns, expected.columns)
  for (const view of views) assert.deepStrictEqual(found.rows[view], expected.rows[view], `${view}: ${what}`)
}

/** The views without rows. */
export const emptyIn = ({ rows }: Seen) => views.filter((view) => rows[view]?.length === 0)
