/** `example-sink/sorted:DIR`: the rows as Parquet, `T/RUN_ID.parquet`, in the order of their key, by SQL. */
import { DuckDb, Files, Read, RowsSql, RunFiles, type Sink } from "duo-mfa/sink"
import { Effect, Path } from "effect"

const sorted: Sink = {
  name: "example-sink/sorted",
  doc: "Parquet in the order of the key, one file per run and table.",
  location: (dataDirectory) => `${dataDirectory}/sorted`,

  open: Effect.fnUntraced(function*(location, run) {
    const path = yield* Path.Path
    const root = path.resolve(location)
    return yield* RunFiles.open(run, {
      root,
      target: ({ name }, id) => path.join(root, name, `${id}.parquet`),
      write: (file, table, run_ids, { session }) => {
        const key = table.key.map(DuckDb.name).join(", ")
        return RowsSql.copy(session, `${RowsSql.select(table, ...run_ids)} ORDER BY ${key}`, file, "FORMAT parquet")
      }
    })
  }),

  publish: Files.publish(),

  discard: Files.discard,

  read: Effect.fn("example-sink/sorted.read")(function*(location, run, table) {
    const path = yield* Path.Path
    return yield* Read.file(
      path.resolve(location, table.name, `${Read.newestOf(run).run_id}.parquet`),
      run,
      table,
      DuckDb.scanParquet
    )
  })
}

export default sorted
