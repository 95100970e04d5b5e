/**
 * The run database holds what a run has read and made, as three catalogs: `readings`, every object that was read;
 * `objects`, each proved object once; and `rows`, the rows of the tables. Its files have no name, so nothing of it outlives
 * the process.
 */
import { Effect, FileSystem, Path, type Scope } from "effect"
import type { SinkReason } from "../failure/SinkError.ts"
import { reasonOf } from "../files/Platform.ts"
import * as DuckDb from "./DuckDb.ts"

export interface RunDatabase {
  readonly session: DuckDb.Session
  /**
   * From now on what does not fit into memory may go to files that have a name, in the same directory. Whoever is killed
   * leaves them there, as he leaves what was staged for the sinks.
   */
  readonly overflow: Effect.Effect<void, SinkReason>
}

/**
 * Without a write-ahead log DuckDB would write to the file after every statement, and until a checkpoint it keeps in memory
 * what it has not written: whoever writes much makes checkpoints. Compressing would take longer than reading what is not.
 */
const settings = [
  "memory_limit = '200MB'",
  "threads = 1",
  "force_compression = 'uncompressed'",
  "auto_checkpoint_skip_wal_threshold = 1000000000000",
  "wal_autocheckpoint = '1TB'"
]

/**
 * Makes it with files in a directory, which lose their names before anything is written to them. DuckDB makes another file
 * there for the moment of a checkpoint.
 */
export const open = Effect.fn("RunDatabase.open")(function*(
  directory: string
): Effect.fn.Return<RunDatabase, SinkReason, FileSystem.FileSystem | Path.Path | Scope.Scope> {
  const fs = yield* FileSystem.FileSystem
  const { join } = yield* Path.Path
  const session = yield* DuckDb.open({})
  yield* session.run(
    [
      ...settings.map((setting) => `SET ${setting}`),
      "PRAGMA disable_checkpoint_on_shutdown",
      "ATTACH ':memory:' AS objects"
    ].join("; ")
  )
  for (const name of ["readings", "rows"]) {
    const file = join(directory, `${name}.duckdb`)
    yield* session.run(
      `ATTACH ${DuckDb.literal(file)} AS ${name} (RECOVERY_MODE no_wal_writes, ${DuckDb.groupRows})`
    )
    yield* Effect.mapError(fs.remove(file), reasonOf)
  }
  const database: RunDatabase = {
    session,
    overflow: session.run(`SET temp_directory = ${DuckDb.literal(join(directory, "overflow"))}`)
  }
  return database
})
