/**
 * The run database holds what a run has read and made: `readings`, every object that was read; `objects`, each proved
 * object once; and `rows`, the rows of the tables. Its file has no name, so nothing of it outlives the process.
 */
import { Effect, FileSystem, Path, type Scope } from "effect"
import type { SinkReason } from "../Sink.ts"
import * as DuckDb from "../staging/DuckDb.ts"
import { reasonOf } from "../staging/Platform.ts"

export interface RunDatabase {
  /** Speaks SQL; the catalog `run` is in use. */
  readonly session: DuckDb.Session
}

/**
 * Without a write-ahead log DuckDB would write to the file after every statement, and before a checkpoint it keeps what it
 * has not written in memory: `ObjectLoader` makes the checkpoints. Compressing would take longer than reading uncompressed data.
 */
const settings = [
  "memory_limit = '300MB'",
  "threads = 2",
  "force_compression = 'uncompressed'",
  "auto_checkpoint_skip_wal_threshold = 1000000000000",
  "wal_autocheckpoint = '1TB'"
]

/** Makes it with a file in a directory; it is gone when the scope closes or the process ends. */
export const open = Effect.fn("RunDatabase.open")(function*(
  directory: string
): Effect.fn.Return<RunDatabase, SinkReason, FileSystem.FileSystem | Path.Path | Scope.Scope> {
  const fs = yield* FileSystem.FileSystem
  const { join } = yield* Path.Path
  const session = yield* DuckDb.open({})
  const file = join(directory, "run.duckdb")
  yield* session.run([
    ...settings.map((setting) => `SET ${setting}`),
    `ATTACH ${DuckDb.literal(file)} AS run (RECOVERY_MODE no_wal_writes, ROW_GROUP_SIZE 30720)`
  ].join("; "))
  yield* Effect.mapError(fs.remove(file), reasonOf)
  yield* session.run("USE run; CREATE SCHEMA readings; CREATE SCHEMA objects; CREATE SCHEMA rows")
  const database: RunDatabase = { session }
  return database
})
