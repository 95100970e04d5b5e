/** `example-sink:DIR`: the rows as newline-delimited JSON in gzip, `T/RUN_ID.ndjson.gz`, from a stream of values. */
import { Files, Instant, Read, type Row, RunFiles, type Sink } from "duo-mfa/sink"
import { Effect, Path, Stream } from "effect"
import { gzipSync } from "node:zlib"

const line = (row: Row) =>
  `${JSON.stringify(row, (_, cell: unknown) => typeof cell === "bigint" ? Instant.format(cell) : cell)}\n`

const gzip: Sink = {
  name: "example-sink",
  doc: "Newline-delimited JSON in gzip, one file per run and table.",
  location: (dataDirectory) => `${dataDirectory}/gzip`,

  open: Effect.fnUntraced(function*(location, run) {
    const path = yield* Path.Path
    const root = path.resolve(location)
    return yield* RunFiles.open(run, {
      root,
      target: ({ name }, id) => path.join(root, name, `${id}.ndjson.gz`),
      write: (file, table, run_ids, rows) => {
        const parts = Stream.map(rows.stream(table, ...run_ids), (some) => gzipSync(some.map(line).join("")))
        // two gzip files in a row unpack to the contents of both; an empty file is not a gzip file
        return Files.write(file, Stream.concat(Stream.make(gzipSync("")), parts))
      }
    })
  }),

  publish: Files.publish(),

  discard: Files.discard,

  read: Effect.fn("example-sink.read")(function*(location, run, table) {
    const path = yield* Path.Path
    return yield* Read.ndjson(path.resolve(location, table.name, `${Read.newestOf(run).run_id}.ndjson.gz`), run, table)
  })
}

export default gzip
