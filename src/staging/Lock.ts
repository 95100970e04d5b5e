/**
 * One run per data directory. The lock is an empty DuckDB database, held open for writing: the operating system lets go
 * of it when the process ends, however it ends, and DuckDB says who holds it. Node has no such lock of its own.
 */
import { Effect, FileSystem, Path, Random } from "effect"
import { inDataDirectory, Locked, RunError } from "../RunError.ts"
import { Corrupt } from "../Sink.ts"
import * as DuckDb from "./DuckDb.ts"
import * as Files from "./Files.ts"

/** Takes the lock until the scope closes, or fails at once with who has it. */
export const acquire = Effect.fn("Lock.acquire")(function*(directory: string) {
  const { join } = yield* Path.Path
  const file = join(directory, ".lock")
  yield* Effect.mapError(
    Effect.andThen(make(file), hold(file)),
    (reason) =>
      new RunError({
        reason: reason._tag === "Held"
          ? new Locked({ directory, pid: reason.pid })
          : reason._tag === "Corrupt"
          ? inDataDirectory(directory, new Corrupt({ detail: `${file} is no lock of ours; delete it` }))
          : inDataDirectory(directory, reason)
      })
  )
})

const hold = (file: string) =>
  Effect.acquireRelease(
    Effect.tryPromise({
      try: async () => (await import("@duckdb/node-api")).DuckDBInstance.create(file),
      catch: DuckDb.reasonOf
    }),
    (lock) => Effect.sync(() => lock.closeSync())
  )

/** Made beside and linked, so that a process that is killed here leaves no lock that cannot be opened. */
const make = Effect.fnUntraced(function*(file: string) {
  if (yield* Files.exists(file)) return
  const fs = yield* FileSystem.FileSystem
  const part = `${file}.${yield* Random.nextIntBetween(0, 0x7fffffff)}.part`
  yield* Effect.scoped(hold(part))
  yield* fs.link(part, file).pipe(
    Effect.catchReason("PlatformError", "AlreadyExists", () => Effect.void),
    Effect.mapError(Files.reasonOf),
    Effect.ensuring(Effect.ignore(fs.remove(part)))
  )
})
