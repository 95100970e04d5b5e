/**
 * The ledger: one DuckDB file with the current rows of every tenant and a row for every run. It is never written in
 * place: a copy is made beside it, the run applied to the copy, and the copy renamed over it, so that readers are not in
 * the way and never see half a run.
 */
import { Effect, FileSystem, Path, Schedule, Stream } from "effect"
import { type Outcome, runs } from "../src/Outcome.ts"
import {
  CannotCreate,
  Corrupt,
  Held,
  InputOutput,
  type Sink,
  type SinkReason,
  type SinkRun,
  type SinkServices
} from "../src/Sink.ts"
import * as DuckDb from "../src/staging/DuckDb.ts"
import * as Files from "../src/staging/Files.ts"
import * as Ledger from "../src/staging/Ledger.ts"
import * as Spool from "../src/staging/Spool.ts"
import * as TextFiles from "../src/staging/TextFiles.ts"

/** How long somebody who has the ledger open for writing is waited for: 5 seconds. */
const patience = { times: 20, schedule: Schedule.spaced("250 millis") }

/** Applying a run needs less than what a session may use, and takes no longer. */
const memory = "96MB"

/** Where symbolic links lead, also if nothing is there yet. */
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

/** The ledger's file, where a symbolic link leads, and the directory it is staged in. */
const resolve = Effect.fnUntraced(function*(location: string) {
  const path = yield* Path.Path
  const file = yield* follow(path.resolve(location))
  return { file, root: path.dirname(file), base: path.basename(file) }
})

const attach = (session: DuckDb.Session, file: string, catalog: string) =>
  session.run(`ATTACH ${DuckDb.literal(file)} AS ${catalog} (READ_ONLY, TYPE duckdb)`)

/** A file's identity: it changes when somebody writes to it or puts another in its place. */
const identity = Effect.fnUntraced(function*(file: string) {
  const fs = yield* FileSystem.FileSystem
  const { ino, mtime, size } = yield* fs.stat(file).pipe(Effect.mapError(Files.reasonOf))
  return JSON.stringify([String(ino), String(size), mtime])
})

const open = Effect.fnUntraced(function*(location: string, run: SinkRun) {
  const fs = yield* FileSystem.FileSystem
  const path = yield* Path.Path
  const { base, file, root } = yield* resolve(location)
  const staged = path.join(root, Files.stagedName(base, run.run_id))
  // DuckDB takes what follows a ? for options, and looks for its write-ahead log elsewhere
  if (file.includes("?")) return yield* new CannotCreate({ detail: "DuckDB cannot write where a name has a ? in it" })
  yield* Files.prepare(root, [file])
  const session = yield* DuckDb.open({ spill: `${staged}.tmp` })
  yield* session.run(`SET memory_limit = '${memory}'`)

  /** Shares the lock with readers and keeps writers out. */
  const hold = attach(session, file, "held")

  const isThere = yield* Files.exists(file)
  if (isThere) {
    yield* Effect.retry(hold, { ...patience, while: ({ _tag }) => _tag === "Held" })
    yield* Ledger.missing(session, "held", [runs, ...run.tables])
  }
  if (yield* Files.exists(`${file}.wal`)) {
    return yield* new Corrupt({
      detail: `${base}.wal beside it holds changes that are not in it yet; open it once for writing to take them in`
    })
  }
  const spool = yield* Spool.open(run, root, `${base}.`)

  /**
   * The lock is the process's, and the system drops it when any of the process's handles of the file is closed, so also
   * at the end of copying: it is taken again, and a writer who came between is found out by what he changed.
   */
  const copy = Effect.fnUntraced(function*() {
    const before = yield* identity(file)
    yield* Effect.mapError(
      Effect.andThen(fs.copyFile(file, staged), fs.chmod(staged, 0o600)), // it may be one that nobody may write
      Files.reasonOf
    )
    yield* session.run("DETACH held")
    yield* hold
    if ((yield* identity(file)) !== before) return yield* new Held({ pid: null })
  })

  const seal = Effect.fn("duckdb.seal")(function*(outcome: Outcome) {
    const collected = yield* spool.finish(outcome)
    if (isThere) yield* copy()
    const created = isThere ? "" : ` (STORAGE_VERSION 'v1.4.0', ${DuckDb.groupRows})`
    yield* session.run(`ATTACH ${DuckDb.literal(staged)} AS ledger${created}`)
    yield* Ledger.apply(session, "ledger", outcome, collected)
    yield* session.run("DETACH ledger")
    if (yield* Files.exists(`${staged}.wal`)) {
      return yield* new InputOutput({ detail: "DuckDB left changes outside of the file" })
    }
    yield* attach(session, staged, "ledger")
    yield* Ledger.verify(session, "ledger", run.run_id, collected)
    yield* session.run("DETACH ledger")
    yield* Files.remove(collected.map(({ path }) => path))
    return { rows: TextFiles.rowsByTable(collected), ...(yield* Files.seal([{ from: staged, to: file }])) }
  })

  return { write: spool.write, seal }
})

const duckdb: Sink = {
  name: "duckdb",
  doc: "The ledger: a DuckDB file with the current rows of every tenant and a row for every run.",
  location: (dataDirectory) => `${dataDirectory}/duo.duckdb`,

  open: Effect.fn("duckdb.open")(function*(location, run) {
    const at = Files.at("duckdb", location)
    const { seal, write } = yield* at(open(location, run))
    return { write: (batch) => at(write(batch)), seal: (outcome) => at(seal(outcome)) }
  }),

  publish: Files.publish("duckdb"),

  discard: (location, run_id) =>
    resolve(location).pipe(
      Effect.flatMap(({ root }) => Files.discard(root, run_id)),
      Effect.catchTag("CannotCreate", () => Effect.void), // a link that leads to itself: nothing was staged
      Files.at("duckdb", location)
    ),

  read: Effect.fn("duckdb.read")(function*(location, run, table) {
    const at = Files.at("duckdb", location)
    const { file } = yield* at(resolve(location))
    if (!(yield* at(Files.exists(file)))) return undefined
    const session = yield* at(DuckDb.open({}))
    yield* at(attach(session, file, "ledger"))
    const query = yield* at(Ledger.select(session, "ledger", run.run_id, table))
    if (query === undefined) return undefined
    return DuckDb.stream(session, table, query).pipe(Stream.mapError(Files.errorAt("duckdb", location)))
  })
}

export default duckdb
