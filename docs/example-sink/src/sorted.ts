/** `example-sink/sorted:DIR`: the rows as Parquet, `T/RUN_ID.parquet`, in the order of their key: all of them at once. */
import { DuckDb, Files, type Outcome, Read, type Sink, type SinkRun, type Stage, Staged } from "duo-mfa/sink"
import { Effect, Path } from "effect"

const name = "example-sink/sorted"

const open = Effect.fnUntraced(function*(root: string, run: SinkRun) {
  const path = yield* Path.Path
  const staged = (name: string) => path.join(root, Files.stagedName(name, run.run_id))
  const target = (name: string) => path.join(root, name, `${run.run_id}.parquet`)
  yield* Files.prepare(root, run.tables.map((table) => target(table.name)))

  return Effect.fnUntraced(function*(outcome: Outcome, stage: Stage) {
    const collected = run.tables.filter((table) => outcome.tables_collected.includes(table.name))
    const session = yield* DuckDb.open({ spill: staged("spill") })
    yield* Staged.attach(session, stage)
    for (const table of collected) {
      const to = staged(table.name)
      // made first, so that it is never anybody else's to read
      yield* Effect.scoped(Files.create(to))
      const query = `FROM ${Staged.rowsOf(table)} ORDER BY ${table.key.map(DuckDb.name).join(", ")}`
      yield* session.run(`COPY (${query}) TO ${DuckDb.literal(to)} (FORMAT parquet, USE_TMP_FILE false)`)
    }
    const moves = collected.map((table) => ({ from: staged(table.name), to: target(table.name) }))
    return {
      rows: Object.fromEntries(collected.map((table) => [table.name, outcome.rows[table.name] ?? 0])),
      ...(yield* Files.seal(moves))
    }
  }, Effect.scoped)
})

const sorted: Sink = {
  name,
  doc: "Parquet in the order of the key, one file a run and table.",
  location: (dataDirectory) => `${dataDirectory}/sorted`,

  open: Effect.fn(`${name}.open`)(function*(location, run) {
    const at = Files.at(name, location)
    const path = yield* Path.Path
    const seal = yield* at(open(path.resolve(location), run))
    return { seal: (outcome, stage) => at(seal(outcome, stage)) }
  }),

  publish: Files.publish(name),

  discard: (location, run_id) => Files.discard(location, run_id).pipe(Files.at(name, location)),

  read: Effect.fn(`${name}.read`)(function*(location, run, table) {
    const path = yield* Path.Path
    const file = path.resolve(location, table.name, `${run.run_id}.parquet`)
    return yield* Read.file(name, file, table, DuckDb.scanParquet)
  })
}

export default sorted
