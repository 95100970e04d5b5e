/**
 * Locks that let one run at a time into a data directory, or into a place that several data directories share. A lock
 * is an empty DuckDB database that is open for writing. The operating system releases it when the process ends, even if
 * it is killed, and DuckDB reports the process that has it. Node itself has no such lock.
 */
import type { DuckDBConnection } from "@duckdb/node-api"
import { Effect, FileSystem, Path, Random } from "effect"
import * as DuckDb from "../../duckdb/DuckDb.ts"
import { Corrupt, type SinkReason } from "../../failure/SinkError.ts"
import { sync } from "../../files/Durable.ts"
import * as Files from "../../files/Files.ts"
import { inDataDirectory, Locked, RunError } from "../RunError.ts"

/** Takes the lock of a data directory until the scope closes. If another process has it, fails at once with its id. */
export const acquire = Effect.fn("Lock.acquire")(function*(directory: string) {
  yield* Effect.mapError(
    acquireIn(directory),
    (reason) =>
      new RunError({
        reason: reason._tag === "InUse"
          ? new Locked({ directory, pid: reason.pid })
          : inDataDirectory(directory, reason)
      })
  )
})

/**
 * Takes a lock by its file name in a directory until the scope closes. If another process has it, fails at once:
 * `InUse`.
 */
export const acquireIn = Effect.fnUntraced(function*(directory: string, name = ".lock") {
  const { join } = yield* Path.Path
  const file = join(directory, name)
  yield* Effect.mapError(
    Effect.andThen(make(file), hold(file)),
    (reason): SinkReason =>
      reason._tag === "Corrupt" ? new Corrupt({ detail: `${file} is not a lock of duo-mfa; delete it` }) : reason
  )
  yield* sweep(directory, name)
})

/**
 * One DuckDB instance for all locks of this process, because making an instance takes longer than attaching them all.
 */
let locks: Promise<DuckDBConnection> | undefined

/** Counts the locks, because each is attached under its own name. */
let attached = 0

const connected = Effect.flatMap(DuckDb.library, ({ DuckDBInstance }) =>
  Effect.tryPromise({
    try: () => locks ??= DuckDBInstance.create(":memory:", { threads: "1" }).then((instance) => instance.connect()),
    catch: DuckDb.reasonOf
  }))

const hold = Effect.fnUntraced(function*(file: string) {
  const connection = yield* connected
  const run = (sql: string) => DuckDb.awaiting(connection, () => connection.run(sql))
  const name = `lock${attached += 1}`
  yield* Effect.acquireRelease(
    run(`ATTACH ${DuckDb.literal(file)} AS ${name} (TYPE duckdb)`),
    () => Effect.orDie(run(`DETACH ${name}`))
  )
})

/**
 * Makes the lock file if there is none. It is made under another name, flushed to the disk and then linked, so a crash
 * never leaves a lock that cannot be opened. If this fails although the lock now exists, another process has made it
 * meanwhile.
 */
const make = Effect.fnUntraced(function*(file: string) {
  if (yield* Files.exists(file)) return
  const fs = yield* FileSystem.FileSystem
  const part = `${file}.${yield* Random.nextIntBetween(0, 0x7fffffff)}.part`
  yield* Effect.scoped(hold(part)).pipe(
    Effect.andThen(sync(part)),
    Effect.andThen(fs.link(part, file)),
    Effect.ensuring(Effect.ignore(fs.remove(part))),
    Effect.mapError((error) => error._tag === "PlatformError" ? Files.reasonOf(error) : error),
    Effect.catch((reason) => Effect.flatMap(Files.exists(file), (made) => made ? Effect.void : Effect.fail(reason)))
  )
})

/** Removes the files of processes that were killed while they made the lock. */
const sweep = Effect.fnUntraced(function*(directory: string, name: string) {
  const fs = yield* FileSystem.FileSystem
  const { join } = yield* Path.Path
  const names = yield* Effect.mapError(fs.readDirectory(directory), Files.reasonOf)
  yield* Files.remove(
    names.filter((other) => other.startsWith(`${name}.`) && /^\.\d+\.part$/.test(other.slice(name.length)))
      .map((other) => join(directory, other))
  )
})
