/**
 * CSV for spreadsheets: `T/RUN_ID.csv`, RFC 4180, NULL is an empty field, no cell can start a formula, and a byte order
 * mark says that it is UTF-8.
 */
import { Effect, Path, Stream } from "effect"
import { CannotCreate, type Sink } from "../src/Sink.ts"
import * as DuckDb from "../src/staging/DuckDb.ts"
import * as Files from "../src/staging/Files.ts"
import * as Instant from "../src/staging/Instant.ts"
import * as Ndjson from "../src/staging/Ndjson.ts"
import * as Read from "../src/staging/Read.ts"
import * as TextFiles from "../src/staging/TextFiles.ts"
import type { Cell, Row } from "../src/Table.ts"
import * as Spreadsheet from "../src/text/Spreadsheet.ts"

const option = /\?bom=(yes|no)$/

/** `DIR?bom=no` as what it means. */
const parse = Effect.fnUntraced(function*(location: string) {
  const path = yield* Path.Path
  return { root: path.resolve(location.replace(option, "")), hasMark: option.exec(location)?.[1] !== "no" }
})

const field = (cell: Cell | undefined): string =>
  typeof cell === "string"
    ? Spreadsheet.field(cell)
    : typeof cell === "bigint"
    ? Instant.format(cell)
    : cell === null || cell === undefined
    ? ""
    : String(cell)

const format = (hasMark: boolean): TextFiles.TextFormat => ({
  name: (table) => table.name,
  header: ({ columns }) =>
    Buffer.from(
      (hasMark ? Spreadsheet.byteOrderMark : "") +
        Spreadsheet.record(columns.map(({ name }) => Spreadsheet.field(name)))
    ),
  rows: ({ columns }) => (rows) =>
    Buffer.from(rows.map((row) => Spreadsheet.record(columns.map(({ name }) => field(row[name])))).join(""))
})

const asWritten = (row: Row): Row =>
  Object.fromEntries(
    Object.entries(row).map(([name, cell]) => [name, typeof cell === "string" ? Spreadsheet.unguard(cell) : cell])
  )

/** Bytes that reading makes room for in a line, which may have a text of a megabyte in every cell. */
const longestLine = 4 * DuckDb.longestRow

const csv: Sink = {
  name: "csv",
  doc: "CSV, one file a run and table, safe to open in a spreadsheet; ?bom=no for no byte order mark.",
  location: (dataDirectory) => `${dataDirectory}/csv`,

  open: Effect.fnUntraced(function*(location, run) {
    const path = yield* Path.Path
    const { hasMark, root } = yield* parse(location)
    if (root.includes("?")) {
      return yield* new CannotCreate({ detail: "a ? can only begin ?bom=no or ?bom=yes" }).pipe(
        Files.at("csv", location)
      )
    }
    return yield* TextFiles.openSink(run, format(hasMark), {
      sink: "csv",
      location,
      root,
      target: ({ name }) => path.join(root, name, `${run.run_id}.csv`),
      seal: Files.seal
    })
  }),

  publish: Files.publish("csv", (location) => Effect.map(parse(location), ({ root }) => root)),

  discard: (location, run_id) =>
    Effect.flatMap(parse(location), ({ root }) => Files.discard(root, run_id)).pipe(Files.at("csv", location)),

  read: Effect.fn("csv.read")(function*(location, run, table) {
    const path = yield* Path.Path
    const { root } = yield* parse(location)
    const columns = Ndjson.columns(table, DuckDb.types)
    const rows = yield* Read.file(
      "csv",
      path.join(root, table.name, `${run.run_id}.csv`),
      table,
      (file) =>
        `read_csv(${
          DuckDb.path(DuckDb.literal(file))
        }, auto_detect = false, columns = ${columns}, header = true, delim = ',', quote = '"', ` +
        `escape = '"', nullstr = '', new_line = '\\r\\n', parallel = false, max_line_size = ${longestLine}, ` +
        `buffer_size = ${longestLine}, ${DuckDb.asStored})`
    )
    return rows?.pipe(Stream.map((chunk) => chunk.map(asWritten)))
  })
}

export default csv
