/** The rows of a run in a DuckDB file of their own, from which a sink makes at the end what it publishes. */
import { Effect, FileSystem } from "effect"
import { type Outcome } from "../Outcome.ts"
import { type Batch, CannotCreate, InputOutput, type SinkRun } from "../Sink.ts"
import { type Table } from "../Table.ts"
import * as DuckDb from "./DuckDb.ts"
import * as Files from "./Files.ts"

/** Rows that may wait in memory, all tables together, before they are committed to the file. */
const committedEvery = 20_480

/** How many rows of a table were staged. */
export interface Count {
  readonly table: Table
  readonly rows: number
}

/** The name of a staged table in SQL. */
export const table = ({ name }: Table) => `staged.main.${DuckDb.name(name)}`

/** What `seal` says of the counts. */
export const byName = (counts: ReadonlyArray<Count>) =>
  Object.fromEntries(counts.map(({ rows, table }) => [table.name, rows]))

/** Attaches a new file as `staged`, with the run's tables in it. */
export const open = Effect.fnUntraced(function*(session: DuckDb.Session, file: string, run: SinkRun) {
  if (yield* Files.exists(file)) return yield* new CannotCreate({ detail: `${file} is there already` })
  yield* session.run(`ATTACH ${DuckDb.literal(file)} AS staged (STORAGE_VERSION 'v1.4.0')`)
  const fs = yield* FileSystem.FileSystem
  yield* fs.chmod(file, 0o600).pipe(Effect.mapError(Files.reasonOf))
  const tables = yield* Effect.forEach(run.tables, (of) =>
    Effect.map(
      Effect.andThen(session.run(DuckDb.create(table(of), of)), DuckDb.appender(session, "staged", of)),
      (appender) => ({ of, appender, rows: 0 })
    ))
  let waiting = 0

  const commit = Effect.fnUntraced(function*() {
    if (waiting === 0) return
    yield* session.run("BEGIN")
    for (const { appender } of tables) yield* appender.flush
    yield* session.run("COMMIT")
    waiting = 0
  })

  return {
    write: Effect.fnUntraced(function*(batch: Batch) {
      for (const into of tables) {
        const rows = batch[into.of.name] ?? []
        yield* into.appender.append(rows)
        into.rows += rows.length
        waiting += rows.length
      }
      if (waiting >= committedEvery) yield* commit()
    }),
    /** Commits the rest and counts what is there, by table; only tables that were collected. */
    finish: Effect.fnUntraced(function*(outcome: Outcome) {
      yield* commit()
      const collected = tables.filter(({ of }) => outcome.tables_collected.includes(of.name))
      for (const { of, rows } of collected) {
        const [[count] = []] = yield* session.all(`SELECT count(*) FROM ${table(of)}`)
        if (count !== BigInt(rows)) {
          return yield* new InputOutput({ detail: `staged ${rows} rows of ${of.name}, found ${String(count)}` })
        }
      }
      return collected.map(({ of, rows }): Count => ({ table: of, rows }))
    }),
    /** Removes the file. */
    remove: Effect.andThen(session.run("DETACH staged"), Files.remove([file]))
  }
})
