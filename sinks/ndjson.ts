/** Newline-delimited JSON: `T/RUN_ID.ndjson`, one object a row; or all rows on standard output, for a pipe. */
import { Effect, Path } from "effect"
import type { Sink } from "../src/Sink.ts"
import * as Files from "../src/staging/Files.ts"
import * as Ndjson from "../src/staging/Ndjson.ts"
import * as Read from "../src/staging/Read.ts"
import * as RowsSql from "../src/staging/RowsSql.ts"
import * as RunFiles from "../src/staging/RunFiles.ts"
import * as StandardOutput from "../src/staging/StandardOutput.ts"

const standardOutput = "-"

const publishFiles = Files.publish()

const ndjson: Sink = {
  name: "ndjson",
  doc: "Newline-delimited JSON, one file a run and table; ndjson:- writes to standard output.",
  location: (dataDirectory) => `${dataDirectory}/ndjson`,

  open: Effect.fnUntraced(function*(location, run, directory) {
    const path = yield* Path.Path
    const isStandardOutput = location === standardOutput
    const root = isStandardOutput ? directory : path.resolve(location)
    return yield* RunFiles.open(run, {
      root,
      target: ({ name }, run_id) => path.join(root, name, `${run_id}.ndjson`),
      write: (file, table, run_id, { session }) =>
        RowsSql.copy(
          session,
          Ndjson.objects(table, RowsSql.select(table, run_id), isStandardOutput),
          file,
          "FORMAT json"
        ),
      seal: isStandardOutput ? StandardOutput.seal : Files.seal
    })
  }),

  publish: (publication, run_id, location) =>
    location === standardOutput
      ? StandardOutput.publish(publication, run_id)
      : publishFiles(publication, run_id, location),

  discard: (location, run_id) => location === standardOutput ? Effect.void : Files.discard(location, run_id),

  read: Effect.fn("ndjson.read")(function*(location, run, table) {
    const path = yield* Path.Path
    if (location === standardOutput) return undefined
    return yield* Read.ndjson(path.resolve(location, table.name, `${run.run_id}.ndjson`), table)
  })
}

export default ndjson
