/**
 * The ledger's file. It is never written in place: a copy beside it is changed and renamed over it, so readers do not block
 * a run and never see half of a change. Tables of other users are in the copy too.
 */
import { Effect, FileSystem, Path, Result, Schedule } from "effect"
import * as DuckDb from "../../duckdb/DuckDb.ts"
import { CannotCreate, Corrupt, InputOutput, InUse, type SinkReason } from "../../failure/SinkError.ts"
import * as Files from "../../files/Files.ts"
import * as Identity from "../../files/Identity.ts"
import * as Lock from "../../run/publish/Lock.ts"
import type { SinkServices } from "../../Sink.ts"
import type { Table } from "../../Table.ts"
import * as Ledger from "./Ledger.ts"

/** Waits up to 5 seconds for a process that has the ledger open for writing. */
const whileLocked = { times: 20, schedule: Schedule.spaced("250 millis") }

/** The target of symbolic links, even if it does not exist yet. */
const follow = (named: string): Effect.Effect<string, SinkReason, SinkServices> =>
  Effect.gen(function*() {
    const fs = yield* FileSystem.FileSystem
    const path = yield* Path.Path
    return yield* fs.realPath(named).pipe(
      Effect.catchReason("PlatformError", "NotFound", () =>
        fs.readLink(named).pipe(
          Effect.matchEffect({
            onFailure: () => Effect.succeed(named),
            onSuccess: (target) =>
              Effect.flatMap(fs.realPath(path.dirname(named)), (directory) => follow(path.resolve(directory, target)))
          })
        )),
      Effect.catchTag("PlatformError", (error) => Effect.fail(Files.reasonOf(error)))
    )
  })

/** The ledger's file, with symbolic links followed, and the directory in which it is staged. */
export const resolve = Effect.fnUntraced(function*(location: string) {
  const path = yield* Path.Path
  const file = yield* follow(path.resolve(location))
  return { file, root: path.dirname(file), base: path.basename(file) }
})

/** The directory in which the ledger at a location is staged. */
export const rootOf = (location: string) => Effect.map(resolve(location), ({ root }) => root)

export const attach = (session: DuckDb.Session, file: string, catalog: string) =>
  session.run(`ATTACH ${DuckDb.literal(file)} AS ${catalog} (READ_ONLY, TYPE duckdb)`)

/** The name of the lock beside a ledger. */
const lockOf = (base: string) => `.${base}.lock`

/** Attaches the ledger as `existing`, for reading. Until it is detached, others can read the ledger and not write it. */
const hold = (session: DuckDb.Session, file: string) =>
  Effect.retry(attach(session, file, "existing"), { ...whileLocked, while: ({ _tag }) => _tag === "InUse" })

/** A file with at most this many blocks is never rewritten. A block has a quarter of a megabyte. */
const smallBlocksMax = 64

/**
 * Rewrites the changed ledger if more than a third of it is free. DuckDB frees blocks only at the end of a file, and the
 * runs of a year leave as many free blocks inside it as they use. Tables of other users are rewritten too. If that
 * fails, the file keeps its size, unless it `must` be rewritten because free blocks still have what was deleted.
 */
const pack = Effect.fn("Ledger.pack")(function*({ all, run }: DuckDb.Session, file: string, must: boolean) {
  const fs = yield* FileSystem.FileSystem
  const [[total = 0, free = 0] = []] = yield* all(
    "SELECT total_blocks, free_blocks FROM pragma_database_size() WHERE database_name = 'ledger'"
  )
  const isSmall = Number(total) <= smallBlocksMax || Number(free) * 3 <= Number(total)
  if (!must && isSmall) return yield* run("DETACH ledger")
  const packed = `${file}.packed`
  yield* run(`ATTACH ${DuckDb.literal(packed)} AS packed (STORAGE_VERSION 'v1.4.0')`)
  const copied = yield* Effect.result(run("COPY FROM DATABASE ledger TO packed"))
  if (must && Result.isFailure(copied)) {
    const { failure } = copied
    return yield* new InputOutput({
      detail: `it cannot be written anew, perhaps because of a table or a view that somebody added to it (${
        "detail" in failure ? failure.detail : failure._tag
      })`
    })
  }
  const isPacked = Result.isSuccess(copied)
  yield* run(`${isPacked ? "CHECKPOINT packed; " : ""}DETACH packed; DETACH ledger`)
  if (isPacked) yield* Effect.mapError(fs.rename(packed, file), Files.reasonOf)
})

/** A change of the copy, which is attached as `catalog`, and a check of the result. */
export interface Change {
  readonly make: (session: DuckDb.Session, catalog: string) => Effect.Effect<void, SinkReason, SinkServices>
  readonly verify: (session: DuckDb.Session, catalog: string) => Effect.Effect<void, SinkReason>
  /** Whether the file may have nothing of what was deleted, not even in blocks that are free. */
  readonly erases?: boolean
}

/** Checks that the ledger can be changed, and keeps writers and other runs out until the scope closes. */
export const open = Effect.fnUntraced(function*(location: string, run_id: string, tables: ReadonlyArray<Table>) {
  const fs = yield* FileSystem.FileSystem
  const path = yield* Path.Path
  const { base, file, root } = yield* resolve(location)
  const staged = path.join(root, Files.stagedName(base, run_id))
  // DuckDB reads the part after a ? as options, and looks for its write-ahead log elsewhere
  if (file.includes("?")) return yield* new CannotCreate({ detail: "DuckDB cannot write to a path with a ? in it" })
  yield* Files.prepare(root, [file])
  yield* Lock.acquireIn(root, lockOf(base))
  // in a private directory, users who can write beside the ledger cannot replace the files that DuckDB makes
  const work = `${staged}.tmp`
  const making = path.join(work, "ledger.duckdb")
  yield* Files.privateDirectory(work)
  /** The session that has the ledger attached as `existing`; undefined if the ledger does not exist yet. */
  const existing = (yield* Files.exists(file)) ? yield* DuckDb.open({}) : undefined
  if (existing !== undefined) {
    yield* hold(existing, file)
    yield* Ledger.missing(existing, "existing", tables)
  }
  if (yield* Files.exists(`${file}.wal`)) {
    return yield* new Corrupt({
      detail:
        `${base}.wal has changes that are not in it yet; open ${base} in DuckDB for writing, which moves them into it`
    })
  }

  /**
   * The lock belongs to the process, and the system drops it when the process closes any handle of the file, as it does
   * after copying. So the lock is taken again. A process that wrote in between is found because the file has changed.
   */
  const copy = Effect.fn("Ledger.copy")(function*(existing: DuckDb.Session) {
    const before = yield* Identity.of(file)
    yield* Effect.mapError(
      Effect.andThen(fs.copyFile(file, making), fs.chmod(making, 0o600)), // the ledger may be read-only
      Files.reasonOf
    )
    yield* existing.run("DETACH existing")
    yield* attach(existing, file, "existing")
    if (before === null || !(yield* Identity.isUntouched(file, before))) return yield* new InUse({ pid: null })
    return before
  })

  /** Changes the copy in the given session, flushes it to the disk, and gives the data for publishing it. */
  const change = Effect.fnUntraced(function*(changing: DuckDb.Session, { erases = false, make, verify }: Change) {
    if (yield* Files.exists(staged)) return yield* new CannotCreate({ detail: `${staged} exists already` })
    const before = existing === undefined ? null : yield* copy(existing)
    // the run database is not compressed, and the setting belongs to the whole instance
    yield* changing.run("RESET force_compression")
    // STORAGE_VERSION is read only when the file is created
    yield* changing.run(
      `ATTACH ${DuckDb.literal(making)} AS ledger${before === null ? " (STORAGE_VERSION 'v1.4.0')" : ""}`
    )
    yield* make(changing, "ledger")
    yield* changing.run("CHECKPOINT ledger").pipe(Effect.withSpan("Ledger.checkpoint"))
    yield* pack(changing, making, erases)
    if (yield* Files.exists(`${making}.wal`)) {
      return yield* new InputOutput({ detail: "DuckDB left changes outside of the file" })
    }
    yield* attach(changing, making, "ledger")
    yield* verify(changing, "ledger")
    yield* changing.run("DETACH ledger")
    yield* Effect.mapError(fs.rename(making, staged), Files.reasonOf)
    yield* Files.remove([work])
    return yield* Files.seal([{ from: staged, to: file, before }])
  })

  return { existing, spill: path.join(work, "spill"), change }
})

/**
 * Whether a sealed run would undo changes that others have made in the ledger since it was copied. Keeps writers and other
 * runs out until the scope closes.
 */
export const isSuperseded = Files.isSuperseded({
  rootOf,
  lock: Effect.fnUntraced(function*({ before, to }: Files.Move) {
    const path = yield* Path.Path
    yield* Lock.acquireIn(path.dirname(to), lockOf(path.basename(to)))
    const now = yield* Identity.of(to)
    if (before === null || now === null) return false
    yield* hold(yield* DuckDb.open({}), to)
    return !(yield* Identity.isUntouched(to, now)) || (yield* Files.exists(`${to}.wal`))
  })
})
