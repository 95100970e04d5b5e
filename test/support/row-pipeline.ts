/** Makes pipelines whose objects are already rows, so that tests choose the rows that the engine and the sinks get. */
import { Array, Clock, Effect } from "effect"
import * as DuckDb from "../../src/duckdb/DuckDb.ts"
import * as ObjectLoader from "../../src/duckdb/ObjectLoader.ts"
import * as RowsSql from "../../src/duckdb/RowsSql.ts"
import * as RunDatabase from "../../src/duckdb/RunDatabase.ts"
import type { ExpectedFailure } from "../../src/failure/ExpectedFailure.ts"
import type { List, Pipeline, ReadList } from "../../src/Pipeline.ts"
import type { Batch, Row, Stamp, Table } from "../../src/Table.ts"

/** Instants are texts in JSON, because some are integers beyond 2^53. */
const types = { text: "VARCHAR", boolean: "BOOLEAN", bigint: "BIGINT", timestamp: "VARCHAR" } as const

const listOf = (table: Table): List => ({
  name: table.name,
  object: `a row of ${table.name}`,
  columns: Object.fromEntries(table.columns.map(({ name, type }) => [name, types[type]])),
  id: table.key[0] ?? "run_id",
  created: "observed_at"
})

const selectOf = (table: Table) =>
  `SELECT ${
    table.columns.map(({ name, type }) => {
      const column = DuckDb.name(name)
      return type === "timestamp" ? `make_timestamptz(${column}::BIGINT) AS ${column}` : column
    }).join(", ")
  } FROM objects.${DuckDb.name(table.name)}`

/** Replaces half of a surrogate pair, which is not text. The engine does this before an object is loaded. */
const objectOf = ({ columns }: Table, row: Row) =>
  Object.fromEntries(columns.map(({ name }) => {
    const cell = row[name] ?? null
    return [name, typeof cell === "string" ? cell.toWellFormed() : typeof cell === "bigint" ? String(cell) : cell]
  }))

/** Adds the objects of a page. */
export const addObjects = (
  loader: ObjectLoader.ObjectLoader,
  columns: ObjectLoader.Columns,
  page: number,
  objects: ReadonlyArray<object>
) => Effect.forEach(ObjectLoader.encode(columns, objects), (some) => loader.add(page, some), { discard: true })

/** Loads objects as a list. */
const load = Effect.fnUntraced(function*(
  database: RunDatabase.RunDatabase,
  run_id: string,
  { columns, name }: Pick<List, "columns" | "name">,
  pages: ReadonlyArray<ReadonlyArray<object>>
) {
  const read = `readings.${DuckDb.name(name)}`
  const loader = yield* ObjectLoader.make(database, read, columns)
  for (const [page, objects] of pages.entries()) yield* addObjects(loader, columns, page, objects)
  yield* loader.finish
  const others = "run_id" in columns ? "" : `, ${DuckDb.literal(run_id)} AS run_id`
  yield* database.define(`CREATE VIEW IF NOT EXISTS objects.${DuckDb.name(name)} AS SELECT *${others} FROM ${read}`)
}, Effect.scoped)

const pagesOf = (table: Table, batches: ReadonlyArray<Batch>) =>
  batches.map((batch) => (batch[table.name] ?? []).map((row) => objectOf(table, row)))

/** The finished rows of a round. The files of their database are in the directory. */
export const finished = Effect.fnUntraced(function*(
  directory: string,
  tables: ReadonlyArray<Table>,
  batches: ReadonlyArray<Batch>
) {
  const database = yield* RunDatabase.open(directory)
  for (const table of tables) {
    yield* load(database, "", listOf(table), pagesOf(table, batches))
    yield* database.session.run(RowsSql.create(table))
    yield* database.session.run(RowsSql.insert(table, selectOf(table)))
  }
  return RowsSql.make(database.session)
})

export interface Options {
  readonly name: string
  readonly tables: ReadonlyArray<Table>
  readonly tenant?: string
  /** The rows of the run with that stamp. */
  readonly rows: (stamp: Stamp) => ReadonlyArray<Batch>
  /** An effect that runs after everything was read. */
  readonly after?: Effect.Effect<void, ExpectedFailure>
  /** Fields of the result of reading that differ from the usual. */
  readonly read?: Partial<ReadList>
  /** Another list without rows. Only its fields are counted. */
  readonly more?: { readonly list: List; readonly objects: ReadonlyArray<object> }
}

/** A pipeline whose source has exactly these rows. */
export const make = (
  { after = Effect.void, more, name, read, rows, tables, tenant = "api-00000000.duosecurity.com" }: Options
): Pipeline => ({
  name,
  doc: "Rows that are there already.",
  tables,
  macros: "",
  rows: Object.fromEntries(tables.map((table) => [table.name, { list: table.name, select: selectOf(table) }])),
  unknown: "",
  contradictions: "",
  counts: "SELECT NULL::VARCHAR AS run_id, NULL::VARCHAR AS name, NULL::VARCHAR AS words, 0 AS count WHERE false",
  views: "",
  sinks: [],
  connect: Effect.succeed({
    tenant,
    check: Effect.succeed([]),
    extract: Effect.fnUntraced(function*(stamp, { database }) {
      const batches = rows(stamp)
      for (const table of tables) yield* load(database, stamp.run_id, listOf(table), pagesOf(table, batches))
      if (more !== undefined) {
        yield* load(database, stamp.run_id, more.list, [more.objects])
      }
      yield* after
      const lists = [...tables.map(listOf), ...more === undefined ? [] : [more.list]].map((list): ReadList => ({
        list,
        doubt: null,
        proof: "page",
        total: batches.reduce((sum, batch) => sum + (batch[list.name] ?? []).length, 0),
        pages: batches.length,
        readings: 1,
        duplicates: 0,
        changed: 0,
        unknownFields: new Set(),
        ...read
      }))
      if (!Array.isReadonlyArrayNonEmpty(lists)) return yield* Effect.die("a pipeline has a table")
      const sent = { requests: batches.length, retries: 0, answeredAt: yield* Clock.currentTimeMillis }
      return { lists, refused: [], sent }
    })
  })
})
