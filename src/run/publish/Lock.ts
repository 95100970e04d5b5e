/**
 * One run at a time in a data directory, and in a place that runs of several data directories share. A lock is an empty
 * DuckDB database, held open for writing: the operating system lets go of it when the process ends, however it ends, and
 * DuckDB says who holds it. Node has no such lock of its own.
 */
import type { DuckDBConnection } from "@duckdb/node-api"
import { Effect, FileSystem, Path, Random } from "effect"
import * as DuckDb from "../../duckdb/DuckDb.ts"
import { Corrupt, type SinkReason } from "../../failure/SinkError.ts"
import { sync } from "../../files/Durable.ts"
import * as Files from "../../files/Files.ts"
import { inDataDirectory, Locked, RunError } from "../RunError.ts"

/** Takes the lock of a data directory until the scope closes, or fails at once with who has it. */
export const acquire = Effect.fn("Lock.acquire")(function*(directory: string) {
  yield* Effect.mapError(
    take(directory),
    (reason) =>
      new RunError({
        reason: reason._tag === "Held"
          ? new Locked({ directory, pid: reason.pid })
          : inDataDirectory(directory, reason)
      })
  )
})

/** Takes the lock of that name in a directory until the scope closes, or fails at once: as `Held` if somebody has it. */
export const take = Effect.fnUntraced(function*(directory: string, name = ".lock") {
  const { join } = yield* Path.Path
  const file = join(directory, name)
  yield* Effect.mapError(
    Effect.andThen(make(file), hold(file)),
    (reason): SinkReason =>
      reason._tag === "Corrupt" ? new Corrupt({ detail: `${file} is no lock of ours; delete it` }) : reason
  )
  yield* sweep(directory, name)
})

/** All locks of this process are attached to one database: making one takes longer than attaching all of them. */
let locks: Promise<DuckDBConnection> | undefined

/** Counts the locks, because each is attached under a name of its own. */
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
 * Made beside, brought to the disk and linked, so that a process that is killed here, or a power cut, leaves no lock that
 * cannot be opened. Whoever else made it first, or swept this one away for having it, has made it for all.
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

/** Takes away what a process left that was killed while it made the lock. */
const sweep = Effect.fnUntraced(function*(directory: string, name: string) {
  const fs = yield* FileSystem.FileSystem
  const { join } = yield* Path.Path
  const names = yield* Effect.mapError(fs.readDirectory(directory), Files.reasonOf)
  yield* Files.remove(
    names.filter((other) => other.startsWith(`${name}.`) && /^\.\d+\.part$/.test(other.slice(name.length)))
      .map((other) => join(directory, other))
  )
})
