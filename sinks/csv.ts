/** CSV for spreadsheets: `T/RUN_ID.csv`, RFC 4180, NULL is an empty field, and no cell can start a formula. */
import { Effect, Path, Stream } from "effect"
import type { Sink } from "../src/Sink.ts"
import * as DuckDb from "../src/staging/DuckDb.ts"
import * as Files from "../src/staging/Files.ts"
import * as Instant from "../src/staging/Instant.ts"
import * as Ndjson from "../src/staging/Ndjson.ts"
import * as Read from "../src/staging/Read.ts"
import * as TextFiles from "../src/staging/TextFiles.ts"
import type { Cell, Row } from "../src/Table.ts"

/**
 * What a spreadsheet would take for a formula, also behind apostrophes: guarding those too is what makes it possible to
 * take the guard off again.
 */
const formula = /^'*[=+\-@\t\r\n＝＋－＠]/
const guarded = /^'+[=+\-@\t\r\n＝＋－＠]/

const guard = (text: string) => formula.test(text) ? `'${text}` : text
const unguard = (text: string) => guarded.test(text) ? text.slice(1) : text

const quote = (text: string) => /[",\r\n]/.test(text) ? `"${text.replaceAll("\"", "\"\"")}"` : text

const field = (cell: Cell | undefined): string =>
  typeof cell === "string"
    ? quote(guard(cell.toWellFormed()))
    : typeof cell === "bigint"
    ? Instant.format(cell)
    : cell === null || cell === undefined
    ? ""
    : String(cell)

const record = (fields: ReadonlyArray<string>) => `${fields.join(",")}\r\n`

const format: TextFiles.TextFormat = {
  name: (table) => table.name,
  header: ({ columns }) => Buffer.from(record(columns.map(({ name }) => quote(name)))),
  rows: ({ columns }) => (rows) =>
    Buffer.from(rows.map((row) => record(columns.map(({ name }) => field(row[name])))).join(""))
}

const asWritten = (row: Row): Row =>
  Object.fromEntries(Object.entries(row).map(([name, cell]) => [name, typeof cell === "string" ? unguard(cell) : cell]))

/** Bytes that reading makes room for in a line, which may have a text of a megabyte in every cell. */
const longestLine = 4 * DuckDb.longestRow

const csv: Sink = {
  name: "csv",
  doc: "CSV, one file a run and table, safe to open in a spreadsheet.",
  location: (dataDirectory) => `${dataDirectory}/csv`,

  open: Effect.fnUntraced(function*(location, run) {
    const path = yield* Path.Path
    const root = path.resolve(location)
    return yield* TextFiles.openSink(run, format, {
      sink: "csv",
      location,
      root,
      target: ({ name }) => path.join(root, name, `${run.run_id}.csv`),
      seal: Files.seal
    })
  }),

  publish: Files.publish("csv"),

  discard: (location, run_id) => Files.discard(location, run_id).pipe(Files.at("csv", location)),

  read: Effect.fn("csv.read")(function*(location, run, table) {
    const path = yield* Path.Path
    const columns = Ndjson.columns(table, DuckDb.types)
    const rows = yield* Read.file(
      "csv",
      path.resolve(location, table.name, `${run.run_id}.csv`),
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
