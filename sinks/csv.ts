/**
 * CSV for spreadsheets: `T/RUN_ID.csv`, by RFC 4180. NULL is an empty field, no cell can start a formula, and a byte order
 * mark marks the file as UTF-8.
 */
import { Effect, Path, Stream } from "effect"
import * as DuckDb from "../src/duckdb/DuckDb.ts"
import * as Instant from "../src/duckdb/Instant.ts"
import * as Ndjson from "../src/duckdb/Ndjson.ts"
import * as Read from "../src/duckdb/Read.ts"
import * as RowsSql from "../src/duckdb/RowsSql.ts"
import { CannotCreate } from "../src/failure/SinkError.ts"
import * as Files from "../src/files/Files.ts"
import * as ForgetFiles from "../src/files/removal/ForgetFiles.ts"
import * as RunFiles from "../src/files/RunFiles.ts"
import type { Sink } from "../src/Sink.ts"
import type { Cell, Row } from "../src/Table.ts"
import * as Spreadsheet from "../src/text/Spreadsheet.ts"

const option = /\?bom=(yes|no)$/

/** Parses a location such as `DIR?bom=no`. */
const parse = Effect.fnUntraced(function*(location: string) {
  const path = yield* Path.Path
  const root = path.resolve(location.replace(option, ""))
  return {
    root,
    hasMark: option.exec(location)?.[1] !== "no",
    target: ({ name }: { readonly name: string }, id: string) => path.join(root, name, `${id}.csv`)
  }
})

const field = (cell: Cell | undefined): string =>
  typeof cell === "string"
    ? Spreadsheet.field(cell)
    : typeof cell === "bigint"
    ? Instant.format(cell)
    : String(cell ?? "")

const asWritten = (row: Row): Row =>
  Object.fromEntries(
    Object.entries(row).map(([name, cell]) => [name, typeof cell === "string" ? Spreadsheet.unguard(cell) : cell])
  )

/** Tells whom each record of a file is about. The first one has the names of the columns. */
const reader = () => {
  let names: ReadonlyArray<string> | undefined
  return (record: string) => {
    const fields = Spreadsheet.fields(record)
    if (names === undefined) {
      names = fields
      return undefined
    }
    const [tenant, user_id] = [names.indexOf("tenant"), names.indexOf("user_id")].map((at) => fields[at])
    return tenant === undefined || user_id === undefined ? undefined : { tenant, user_id }
  }
}

/** The longest line that can be read back. The text of every cell may have a megabyte. */
const lineBytesMax = 4 * DuckDb.rowBytesMax

const csv: Sink = {
  name: "csv",
  doc: "CSV, one file per run and table, safe to open in a spreadsheet; ?bom=no for no byte order mark.",
  location: (dataDirectory) => `${dataDirectory}/csv`,

  open: Effect.fnUntraced(function*(location, run) {
    const { hasMark, root, target } = yield* parse(location)
    if (root.includes("?")) return yield* new CannotCreate({ detail: "a ? can only begin ?bom=no or ?bom=yes" })
    return yield* RunFiles.open(run, {
      root,
      target,
      write: (file, table, run_ids, rows) => {
        const names = table.columns.map(({ name }) => name)
        const header = (hasMark ? Spreadsheet.byteOrderMark : "") + Spreadsheet.record(names.map(Spreadsheet.field))
        const records = Stream.map(
          rows.stream(table, ...run_ids),
          (some) => some.map((row) => Spreadsheet.record(names.map((name) => field(row[name])))).join("")
        )
        return Files.write(file, Stream.concat(Stream.make(header), records))
      }
    })
  }),

  publish: Files.publish((location) => Effect.map(parse(location), ({ root }) => root)),

  discard: (location, run_id) => Effect.flatMap(parse(location), ({ root }) => Files.discard(root, run_id)),

  pruneRuns: Effect.fnUntraced(function*(location, tables, runs, removal) {
    const { target } = yield* parse(location)
    return yield* RunFiles.prune(tables, runs, removal, (table, id) => [target(table, id)])
  }),

  forget: Effect.fnUntraced(function*(location, tables, person, removal) {
    const { root } = yield* parse(location)
    const formatOf = (file: string) => file.endsWith(".csv") ? { hasQuotes: true } : undefined
    return yield* ForgetFiles.forget({ root, formatOf, reader }, tables, person, removal)
  }),

  read: Effect.fn("csv.read")(function*(location, run, table) {
    const { target } = yield* parse(location)
    const columns = Ndjson.columns(table, DuckDb.types)
    const rows = yield* Read.file(
      target(table, Read.newestOf(run).run_id),
      run,
      table,
      (file) =>
        `read_csv(${
          DuckDb.path(DuckDb.literal(file))
        }, auto_detect = false, columns = ${columns}, header = true, delim = ',', quote = '"', ` +
        `escape = '"', nullstr = '', new_line = '\\r\\n', parallel = false, max_line_size = ${lineBytesMax}, ` +
        `buffer_size = ${lineBytesMax}, ${DuckDb.asStored})`
    )
    return rows && Stream.map(RowsSql.stream(rows.session, table, rows.sql), (some) => some.map(asWritten))
  })
}

export default csv
