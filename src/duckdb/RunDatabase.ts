/**
 * Opens the run database, which has everything that one run has read and made, or several runs of a round. It has three
 * catalogs: `readings` has every object that was read, `objects` has each object of the result once, and `rows` has the
 * rows of the tables. Its files have no name, so nothing of them outlives the process.
 */
import { Effect, FileSystem, Path, type Scope, Semaphore } from "effect"
import type { SinkReason } from "../failure/SinkError.ts"
import { reasonOf } from "../files/Platform.ts"
import * as DuckDb from "./DuckDb.ts"

export interface RunDatabase {
  readonly session: DuckDb.Session
  /**
   * Runs statements such as `CREATE TABLE IF NOT EXISTS`, and no two calls at the same time. Lists of several runs share
   * tables, and DuckDB refuses to make a table that another connection is making.
   */
  readonly define: (sql: string) => Effect.Effect<void, SinkReason>
  /** A number that no other list of objects in this database has. */
  readonly nextList: Effect.Effect<number>
}

/**
 * The place of data that does not fit into memory. `to disk`: DuckDB writes it to temporary files in the same directory.
 * These have names: if the process is killed, they stay until the next run removes them. `never`: it fails. A dry run
 * has no next run, so it never writes such files and gets more memory instead. `soon to disk`: like `to disk` with less
 * memory, for a round, whose tenants come one by one.
 */
type Overflow = "to disk" | "soon to disk" | "never"

const memoryLimit = { "to disk": "200MB", "soon to disk": "150MB", never: "300MB" }

/**
 * There is no write-ahead log. By default DuckDB would then write to the file after every statement. With these
 * settings it keeps everything in memory until a checkpoint, so code that writes much makes checkpoints. Nothing is
 * compressed, because compressing takes longer than reading uncompressed data.
 */
const settings = [
  "threads = 1",
  "force_compression = 'uncompressed'",
  "auto_checkpoint_skip_wal_threshold = 1000000000000",
  "wal_autocheckpoint = '1TB'"
]

/**
 * Opens a run database with files in a directory. The files lose their names before anything is written to them. During
 * a checkpoint DuckDB makes another file there.
 */
export const open = Effect.fn("RunDatabase.open")(function*(
  directory: string,
  overflow: Overflow = "to disk"
): Effect.fn.Return<RunDatabase, SinkReason, FileSystem.FileSystem | Path.Path | Scope.Scope> {
  const fs = yield* FileSystem.FileSystem
  const { join } = yield* Path.Path
  const session = yield* DuckDb.open({ spill: overflow === "never" ? undefined : join(directory, "overflow") })
  yield* session.run(
    [
      `SET memory_limit = '${memoryLimit[overflow]}'`,
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
  const defining = yield* Semaphore.make(1)
  let lists = 0
  const database: RunDatabase = {
    session,
    define: (sql) => defining.withPermits(1)(session.run(sql)),
    nextList: Effect.sync(() => lists++)
  }
  return database
})
