/** `example-sink:DIR`: the rows as newline-delimited JSON in gzip, `T/RUN_ID.ndjson.gz`, written as they come. */
import { Files, Read, type Sink, TextFiles } from "duo-mfa/sink"
import { Effect, Path } from "effect"
import { gzipSync } from "node:zlib"

const format: TextFiles.TextFormat = {
  name: (table) => table.name,
  // what gzip unpacks of two files, one after the other, is what was in both; nothing at all is no file of gzip
  header: () => gzipSync(""),
  rows: () => (_, ndjson) => gzipSync(ndjson)
}

const gzip: Sink = {
  name: "example-sink",
  doc: "Newline-delimited JSON in gzip, one file a run and table.",
  location: (dataDirectory) => `${dataDirectory}/gzip`,

  open: Effect.fnUntraced(function*(location, run) {
    const path = yield* Path.Path
    const root = path.resolve(location)
    return yield* TextFiles.openSink(run, format, {
      sink: "example-sink",
      location,
      root,
      target: ({ name }) => path.join(root, name, `${run.run_id}.ndjson.gz`),
      seal: Files.seal
    })
  }),

  publish: Files.publish("example-sink"),

  discard: (location, run_id) => Files.discard(location, run_id).pipe(Files.at("example-sink", location)),

  read: Effect.fn("example-sink.read")(function*(location, run, table) {
    const path = yield* Path.Path
    return yield* Read.ndjson("example-sink", path.resolve(location, table.name, `${run.run_id}.ndjson.gz`), table)
  })
}

export default gzip
