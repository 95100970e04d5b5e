/** Newline-delimited JSON: `T/RUN_ID.ndjson`, one object a row; or all rows on standard output, for a pipe. */
import { Effect, Path, Schema } from "effect"
import { tmpdir } from "node:os"
import type { Sink } from "../src/Sink.ts"
import * as DuckDb from "../src/staging/DuckDb.ts"
import * as Files from "../src/staging/Files.ts"
import * as Instant from "../src/staging/Instant.ts"
import * as Read from "../src/staging/Read.ts"
import * as StandardOutput from "../src/staging/StandardOutput.ts"
import * as TextFiles from "../src/staging/TextFiles.ts"
import type { Cell } from "../src/Table.ts"

const standardOutput = "-"

const value = (cell: Cell | undefined) =>
  typeof cell === "bigint" ? Instant.format(cell) : typeof cell === "string" ? cell.toWellFormed() : cell ?? null

/** On standard output the tables share one stream, so a line says first which table it is of. */
const format = (isNamed: boolean): TextFiles.TextFormat => ({
  name: (table) => table.name,
  header: () => "",
  line: (table) => (row) => {
    const object: Record<string, string | number | boolean | null> = isNamed ? { table: table.name } : {}
    for (const { name } of table.columns) object[name] = value(row[name])
    return `${JSON.stringify(object)}\n`
  }
})

const publishFiles = Files.publish("ndjson")
const isForStandardOutput = Schema.is(StandardOutput.Publication)

const ndjson: Sink = {
  name: "ndjson",
  doc: "Newline-delimited JSON, one file a run and table; ndjson:- writes to standard output.",
  location: (dataDirectory) => `${dataDirectory}/ndjson`,

  open: Effect.fn("ndjson.open")(function*(location, run) {
    const path = yield* Path.Path
    const isStandardOutput = location === standardOutput
    const root = isStandardOutput ? tmpdir() : path.resolve(location)
    return yield* TextFiles.openSink(run, format(isStandardOutput), {
      sink: "ndjson",
      location,
      root,
      target: ({ name }) => path.join(root, name, `${run.run_id}.ndjson`),
      seal: isStandardOutput ? StandardOutput.seal : Files.seal
    })
  }),

  publish: (publication, run_id) =>
    isForStandardOutput(publication)
      ? StandardOutput.publish(publication, run_id).pipe(Files.at("ndjson", standardOutput))
      : publishFiles(publication, run_id),

  discard: (location, run_id) =>
    Files.discard(location === standardOutput ? tmpdir() : location, run_id).pipe(Files.at("ndjson", location)),

  read: Effect.fn("ndjson.read")(function*(location, run, table) {
    const path = yield* Path.Path
    if (location === standardOutput) return undefined
    const columns = Read.columns(table)
    return yield* Read.file(
      "ndjson",
      path.resolve(location, table.name, `${run.run_id}.ndjson`),
      table,
      (file) => DuckDb.scanJson(file, columns)
    )
  })
}

export default ndjson
