/**
 * The rows of a run in a DuckDB database: text that DuckDB reads some megabytes at a time, on a thread of its own, while
 * the next ones are written. That takes less than half the time of appending rows through its API.
 */
import { Effect, Fiber, FileSystem, Path } from "effect"
import type { SinkReason } from "../Sink.ts"
import type { Batch, Table } from "../Table.ts"
import * as DuckDb from "./DuckDb.ts"
import * as Files from "./Files.ts"
import * as Ndjson from "./Ndjson.ts"
import * as RowsSql from "./RowsSql.ts"

/** Bytes that wait for DuckDB in memory. */
const piece = 4 << 20

/** While rows come in, less is not enough for reading JSON, and it takes all that it is given; afterwards sinks work in it. */
const [loadingMemory, sealingMemory] = ["80MB", "128MB"]

/** Makes the database in a directory that is there, and is gone with the run. */
export const open = Effect.fnUntraced(function*(directory: string, tables: ReadonlyArray<Table>) {
  const fs = yield* FileSystem.FileSystem
  const { join } = yield* Path.Path
  const scope = yield* Effect.scope
  const session = yield* DuckDb.open({ spill: join(directory, "rows.spill") })
  // it is read as soon as it is written: packing it would take longer than reading it unpacked
  yield* session.run(
    `SET memory_limit = '${loadingMemory}'; SET force_compression = 'uncompressed'; ATTACH ${
      DuckDb.literal(join(directory, "rows.duckdb"))
    } AS rows`
  )
  for (const table of tables) yield* session.run(DuckDb.create(RowsSql.rowsOf(table), table))
  yield* session.run("BEGIN")

  const staged = tables.map((table) => ({
    table,
    encode: Ndjson.encoder(table),
    waiting: new Array<Uint8Array>()
  }))
  let size = 0
  let loading: Fiber.Fiber<void, SinkReason> | undefined

  const load = Effect.fnUntraced(function*(texts: ReadonlyArray<readonly [Table, ReadonlyArray<Uint8Array>]>) {
    for (const [table, text] of texts) {
      if (text.length === 0) continue
      const file = join(directory, `${table.name}.ndjson`)
      yield* Effect.mapError(fs.writeFile(file, Buffer.concat(text), { mode: 0o600, flag: "wx" }), Files.reasonOf)
      yield* session.run(`INSERT INTO ${RowsSql.rowsOf(table)} ${Ndjson.select(table, file)}`)
      yield* Files.remove([file])
    }
  })

  const loaded = Effect.suspend(() => loading === undefined ? Effect.void : Fiber.join(loading))

  /** Begins to load what is waiting, once DuckDB is through with what was before it. */
  const flush = Effect.gen(function*() {
    yield* loaded
    const texts = staged.map(({ table, waiting }) => [table, waiting.splice(0)] as const)
    size = 0
    loading = yield* Effect.forkIn(load(texts), scope)
  })

  return {
    /** Takes the rows of a batch. */
    write: (batch: Batch) =>
      Effect.suspend(() => {
        for (const { encode, table, waiting } of staged) {
          const bytes = encode(batch[table.name] ?? [])
          if (bytes.length > 0) waiting.push(bytes)
          size += bytes.length
        }
        return size < piece ? Effect.void : flush
      }),

    /** The rows, once all of them are in the database. */
    finish: Effect.gen(function*() {
      yield* flush
      yield* loaded
      yield* session.run(
        `COMMIT; CHECKPOINT rows; SET memory_limit = '${sealingMemory}'`
      )
      return RowsSql.make(session)
    }).pipe(Effect.withSpan("Stage.finish"))
  }
})
