/**
 * The rows of a run in a DuckDB database, once for all sinks that take them from there: text that DuckDB reads some
 * megabytes at a time, on a thread of its own, while the next ones are written. That takes less than half the time of
 * appending rows through its API.
 */
import { Effect, Exit, Fiber, FileSystem, Path, Scope } from "effect"
import type { SinkReason, Stage, Text } from "../Sink.ts"
import type { Table } from "../Table.ts"
import * as DuckDb from "./DuckDb.ts"
import * as Files from "./Files.ts"
import * as Ndjson from "./Ndjson.ts"

/** Bytes that wait for DuckDB in memory. */
const piece = 4 << 20

/** Less is not enough for reading JSON, and it takes all that it is given. */
const memory = "80MB"

/** Makes the database in a directory that is there, and is gone with the run. */
export const open = Effect.fnUntraced(function*(directory: string, tables: ReadonlyArray<Table>) {
  const fs = yield* FileSystem.FileSystem
  const { join } = yield* Path.Path
  const database = join(directory, "rows.duckdb")
  const scope = yield* Effect.acquireRelease(Scope.make(), (scope) => Scope.close(scope, Exit.void))
  const session = yield* Scope.provide(DuckDb.open({ spill: join(directory, "rows.spill") }), scope)
  // it is read as soon as it is written: packing it would take longer than reading it unpacked
  yield* session.run(
    `SET memory_limit = '${memory}'; SET force_compression = 'uncompressed'; ATTACH ${
      DuckDb.literal(database)
    } AS stage`
  )
  for (const table of tables) yield* session.run(DuckDb.create(rowsOf(table), table))
  yield* session.run("BEGIN")

  const waiting = new Map(tables.map((table) => [table, new Array<Uint8Array>()]))
  let size = 0
  let loading: Fiber.Fiber<void, SinkReason> | undefined

  const load = Effect.fnUntraced(function*(texts: ReadonlyArray<readonly [Table, ReadonlyArray<Uint8Array>]>) {
    for (const [table, text] of texts) {
      if (text.length === 0) continue
      const file = join(directory, `${table.name}.ndjson`)
      yield* Effect.mapError(fs.writeFile(file, Buffer.concat(text), { mode: 0o600, flag: "wx" }), Files.reasonOf)
      yield* session.run(`INSERT INTO ${rowsOf(table)} ${Ndjson.select(table, file)}`)
      yield* Files.remove([file])
    }
  })

  const loaded = Effect.suspend(() => loading === undefined ? Effect.void : Fiber.join(loading))

  /** Begins to load what is waiting, once DuckDB is through with what was before it. */
  const flush = Effect.gen(function*() {
    yield* loaded
    const texts = [...waiting].map(([table, texts]) => [table, texts.splice(0)] as const)
    size = 0
    loading = yield* Effect.forkIn(load(texts), scope)
  })

  return {
    /** Takes the rows of a batch. */
    write: (text: Text) =>
      Effect.suspend(() => {
        for (const [table, texts] of waiting) {
          const rows = text[table.name]
          if (rows === undefined || rows.length === 0) continue
          texts.push(rows)
          size += rows.length
        }
        return size < piece ? Effect.void : flush
      }),

    /** All rows are in the database, and it is closed. */
    finish: Effect.gen(function*() {
      yield* flush
      yield* loaded
      yield* session.run("COMMIT; CHECKPOINT stage; DETACH stage")
      yield* Scope.close(scope, Exit.void)
      const stage: Stage = { database }
      return stage
    }).pipe(Effect.withSpan("Stage.finish"))
  }
})

/** Makes the rows of a stage readable for a session, as `stage.TABLE`. */
export const attach = (session: DuckDb.Session, { database }: Stage) =>
  session.run(`ATTACH IF NOT EXISTS ${DuckDb.literal(database)} AS stage (READ_ONLY)`)

/** The name of a table's rows there. */
export const rowsOf = ({ name }: Table) => `stage.${DuckDb.name(name)}`
