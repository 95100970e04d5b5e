/**
 * The run database holds what a run has read and made, as three catalogs: `readings`, every object that was read;
 * `objects`, each proved object once; and `rows`, the rows of the tables. Its files have no name, so nothing of it outlives
 * the process.
 */
import { Effect, type FileSystem, Path, type Scope } from "effect"
import type { SinkReason } from "../Sink.ts"
import * as DuckDb from "../staging/DuckDb.ts"
import { reasonOf } from "../staging/Platform.ts"
import * as Private from "../staging/Private.ts"

export interface RunDatabase {
  /** Speaks SQL. */
  readonly session: DuckDb.Session
}

/**
 * Without a write-ahead log DuckDB would write to the file after every statement, and until a checkpoint it keeps in memory
 * what it has not written: whoever writes much makes checkpoints. Compressing would take longer than reading what is not.
 */
const settings = [
  "memory_limit = '300MB'",
  "threads = 2",
  "force_compression = 'uncompressed'",
  "auto_checkpoint_skip_wal_threshold = 1000000000000",
  "wal_autocheckpoint = '1TB'"
]

/** Makes it with files on the disk of a directory; it is gone when the scope closes or the process ends. */
export const open = Effect.fn("RunDatabase.open")(function*(
  directory: string
): Effect.fn.Return<RunDatabase, SinkReason, FileSystem.FileSystem | Path.Path | Scope.Scope> {
  const { join } = yield* Path.Path
  const session = yield* DuckDb.open({})
  yield* session.run([...settings.map((setting) => `SET ${setting}`), "ATTACH ':memory:' AS objects"].join("; "))
  yield* Effect.scoped(Effect.gen(function*() {
    const hidden = yield* Effect.mapError(Private.hidden(directory), reasonOf)
    for (const name of ["readings", "rows"]) {
      yield* session.run(
        `ATTACH ${DuckDb.literal(join(hidden, name))} AS ${name} (RECOVERY_MODE no_wal_writes, ROW_GROUP_SIZE 30720)`
      )
    }
  }))
  const database: RunDatabase = { session }
  return database
})
