/** Newline-delimited JSON: `T/RUN_ID.ndjson`, one object a row; or all rows on standard output, for a pipe. */
import { Effect, Path } from "effect"
import type { Sink } from "../src/Sink.ts"
import * as Files from "../src/staging/Files.ts"
import * as Read from "../src/staging/Read.ts"
import * as StandardOutput from "../src/staging/StandardOutput.ts"
import * as TextFiles from "../src/staging/TextFiles.ts"

const standardOutput = "-"

/** On standard output the tables share one stream, so a line says first which table it is of. */
const format = (isNamed: boolean): TextFiles.TextFormat => ({
  name: (table) => table.name,
  header: () => new Uint8Array(),
  rows: ({ name }) => (_, ndjson) =>
    isNamed
      ? Buffer.from(Buffer.from(ndjson).toString().replaceAll(/^\{/gm, `{"table":${JSON.stringify(name)},`))
      : ndjson
})

const publishFiles = Files.publish("ndjson")

const ndjson: Sink = {
  name: "ndjson",
  doc: "Newline-delimited JSON, one file a run and table; ndjson:- writes to standard output.",
  location: (dataDirectory) => `${dataDirectory}/ndjson`,

  open: Effect.fnUntraced(function*(location, run, directory) {
    const path = yield* Path.Path
    const isStandardOutput = location === standardOutput
    const root = isStandardOutput ? directory : path.resolve(location)
    return yield* TextFiles.openSink(run, format(isStandardOutput), {
      sink: "ndjson",
      location,
      root,
      target: ({ name }) => path.join(root, name, `${run.run_id}.ndjson`),
      seal: isStandardOutput ? StandardOutput.seal : Files.seal
    })
  }),

  publish: (publication, run_id, location) =>
    location === standardOutput
      ? StandardOutput.publish(publication, run_id).pipe(Files.at("ndjson", standardOutput))
      : publishFiles(publication, run_id, location),

  discard: (location, run_id) =>
    location === standardOutput ? Effect.void : Files.discard(location, run_id).pipe(Files.at("ndjson", location)),

  read: Effect.fn("ndjson.read")(function*(location, run, table) {
    const path = yield* Path.Path
    if (location === standardOutput) return undefined
    return yield* Read.ndjson("ndjson", path.resolve(location, table.name, `${run.run_id}.ndjson`), table)
  })
}

export default ndjson
