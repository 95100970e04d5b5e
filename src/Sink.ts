/**
 * A sink: where rows go. It gets the rows of a round once all of them are read and none can fail any more. What it stages
 * is not seen before it is published, so a round that is never published is discarded and nothing has to be rolled back.
 *
 * A new sink is one file in `sinks/` (or any module whose default export is a `Sink`) and one line in a test: the laws
 * are in `test/contract.ts`.
 */
import { type Effect, type FileSystem, type Path, Predicate, Runtime, Schema, type Scope, type Stream } from "effect"
import { codeIn } from "./Abroad.ts"
import { ExitCode } from "./ExitCode.ts"
import type { Expected } from "./Expected.ts"
import type { Outcome } from "./Outcome.ts"
import { type Agreed, describe as describeShrunk, Shrunk } from "./Shrink.ts"
import type { Session } from "./staging/DuckDb.ts"
import type { Row, Stamp, Table } from "./Table.ts"
import { describeNewer } from "./Version.ts"

/** What a sink is told about the run it is opened for; one that keeps what was refuses a run that shrank too much. */
export interface SinkRun extends Stamp, Agreed {
  readonly pipeline: string
  readonly tables: ReadonlyArray<Table>
  /** SQL for DuckDB that makes the pipeline's views over its tables, for sinks where they can be asked. */
  readonly views: string
}

/** The finished rows of a round. They are there until its last sink is sealed. */
export interface Rows {
  /** A DuckDB session that has the rows of every table, of all runs of the round, as `rows.TABLE`; and their hashes. */
  readonly session: Session
  /** The rows of a table of one run as values. An element is a chunk. */
  readonly stream: (table: Table, run_id: string) => Stream.Stream<ReadonlyArray<Row>, SinkReason>
}

/** Published rows as a query for DuckDB, with the columns of their table in its order. */
export interface Query {
  readonly session: Session
  readonly sql: string
}

/** Published rows: a query where DuckDB can read them, which is faster, and values elsewhere. An element is a chunk. */
export type Published<E = SinkFailure> = Query | Stream.Stream<ReadonlyArray<Row>, E>

/** What `seal` leaves behind. */
export interface Sealed {
  /** Bytes that publishing makes visible. */
  readonly bytes: number
  /** What `publish` needs, as JSON: the manifest keeps it, so that another process can finish what this one began. */
  readonly publication: Schema.Json
}

/** The services a sink may ask for: the file system, nothing else. */
export type SinkServices = FileSystem.FileSystem | Path.Path

/** How a sink fails: with a reason, to which the engine adds its name and location; or with both already, if it knows better. */
export type SinkFailure = SinkReason | SinkError

/** A sink that is open for a round. */
export interface OpenSink<E = SinkFailure> {
  /**
   * Stages the rows and does everything that can fail: it writes, syncs and verifies. Called once, when everything is read.
   * The round is the runs that are published together. A table that is not in a run's `tables_collected` was not read: nothing
   * is published of it.
   */
  readonly seal: (round: ReadonlyArray<Outcome>, rows: Rows) => Effect.Effect<Sealed, E, SinkServices>
}

/** `E` is how it fails: as its author writes it, or as the engine sees it, always with a name and a location. */
export interface Sink<E = SinkFailure> {
  /** The name on the command line. */
  readonly name: string
  /** One sentence for `duo-mfa sinks`. */
  readonly doc: string
  /** Where it writes under the data directory, when no target is given. */
  readonly location: (dataDirectory: string) => string
  /**
   * What a target means, for a sink whose targets are no paths; `""` if none is given. What it gives is the location, which
   * is printed and kept: it has no secret in it, and means the same wherever and whenever it is read.
   */
  readonly locate?: (target: string) => Effect.Effect<string, Expected>
  /**
   * Prepares to stage a run at the location, and fails here, before the first request to Duo, if it cannot be written; as
   * `Held` if another run is there whose rows this one would lose. What it holds open is released when the scope closes,
   * which is after the run was published. The directory is the run's own, in the data directory: what is in it is gone once
   * the run is published, and whatever happens when the next one begins.
   */
  readonly open: (
    location: string,
    run: SinkRun,
    directory: string
  ) => Effect.Effect<OpenSink<E>, E, SinkServices | Scope.Scope>
  /**
   * Shows a sealed run to the readers. Doing it twice is the same as once. The publication may come from a file: what
   * sealing that run at that location cannot have left there is `Corrupt`, and nothing is touched.
   */
  readonly publish: (
    publication: Schema.Json,
    run_id: string,
    location: string
  ) => Effect.Effect<void, E, SinkServices>
  /**
   * For a sink whose runs share a file. Of a sealed run whose process has ended: whether another run has been published there
   * since, which publishing this one would lose, and nothing of this one is published yet. Then it is discarded. Other runs
   * are kept out until the scope closes.
   */
  readonly isSuperseded?: (
    publication: Schema.Json,
    run_id: string,
    location: string
  ) => Effect.Effect<boolean, E, SinkServices | Scope.Scope>
  /** Removes whatever an unpublished run left at the location, also one whose process was killed. */
  readonly discard: (location: string, run_id: string) => Effect.Effect<void, E, SinkServices>
  /**
   * The published rows of one table of one run, read back from where they are, for `verify`; `undefined` if this sink
   * no longer keeps that run. A sink that cannot be read back leaves it out.
   */
  readonly read?: (
    location: string,
    run: Stamp,
    table: Table
  ) => Effect.Effect<Published<E> | undefined, E, SinkServices | Scope.Scope>
}

/** It cannot be created or written there: permissions, a directory in the way, a name too long. */
export class CannotCreate extends Schema.TaggedError<CannotCreate>()("CannotCreate", { detail: Schema.String }) {}
/** The disk or the quota is full. */
export class DiskFull extends Schema.TaggedError<DiskFull>()("DiskFull", {}) {}
/** The process, or the system, may open no more files. */
export class TooManyFiles extends Schema.TaggedError<TooManyFiles>()("TooManyFiles", {}) {}
/** Its file system gives no locks, so that two runs could not be kept apart. */
export class Unlockable extends Schema.TaggedError<Unlockable>()("Unlockable", { detail: Schema.String }) {}
/** Reading or writing failed for another reason. */
export class InputOutput extends Schema.TaggedError<InputOutput>()("InputOutput", { detail: Schema.String }) {}
/** Nothing answers there, or no longer. */
export class Unreachable extends Schema.TaggedError<Unreachable>()("Unreachable", { detail: Schema.String }) {}
/** Another process has it open for writing. */
export class Held extends Schema.TaggedError<Held>()("Held", { pid: Schema.NullOr(Schema.Int) }) {}
/** A run is there that is later than this one, by its clock or because it was faster. */
export class Overtaken extends Schema.TaggedError<Overtaken>()("Overtaken", { by: Schema.String }) {}
/** What is there is in a format that only a later version knows. */
export class Newer extends Schema.TaggedError<Newer>()("Newer", {
  format: Schema.Int,
  tool_version: Schema.String
}) {}
/** What is there is not what this sink writes. */
export class Corrupt extends Schema.TaggedError<Corrupt>()("Corrupt", { detail: Schema.String }) {}

export const SinkReason = Schema.Union([
  CannotCreate,
  DiskFull,
  TooManyFiles,
  Unlockable,
  InputOutput,
  Unreachable,
  Held,
  Overtaken,
  Newer,
  Corrupt,
  Shrunk
])
export type SinkReason = typeof SinkReason.Type
export const isSinkReason = Schema.is(SinkReason)

/** What to do about `TooManyFiles`. */
export const moreFiles = "allow more, as with ulimit -n 1024, and run again."

const exitCodes: Record<SinkReason["_tag"], number> = {
  CannotCreate: ExitCode.cannotCreate,
  DiskFull: ExitCode.io,
  TooManyFiles: ExitCode.io,
  Unlockable: ExitCode.cannotCreate,
  InputOutput: ExitCode.io,
  Unreachable: ExitCode.unavailable,
  Held: ExitCode.busy,
  Overtaken: ExitCode.busy,
  Newer: ExitCode.cannotCreate,
  Corrupt: ExitCode.cannotCreate,
  Shrunk: ExitCode.refused
}

/** The one way a sink fails. */
export class SinkError extends Schema.TaggedError<SinkError>()("SinkError", {
  sink: Schema.String,
  location: Schema.String,
  reason: SinkReason
}) {
  override readonly [Runtime.errorExitCode] = exitCodes[this.reason._tag]
  override get message() {
    return describe(this)
  }
  get abroad() {
    const { location, reason, sink } = this
    return describe({
      sink: sink.split(/[\\/]/).at(-1) ?? sink,
      location: location.includes("://") ? "the database" : "its place",
      reason: "detail" in reason ? { ...reason, detail: codeIn(reason.detail) } : reason
    })
  }
}

/** By its tag, for a sink of somebody else may fail with the class of another copy of this module. */
export const isSinkError = (error: unknown): error is SinkError =>
  Predicate.isTagged(error, "SinkError") && Predicate.hasProperty(error, "reason")

const describe = ({ location, reason, sink }: Pick<SinkError, "location" | "reason" | "sink">): string => {
  switch (reason._tag) {
    case "CannotCreate":
      return `The ${sink} sink cannot write ${location}: ${reason.detail}. Make it writable, or name another place with --sink ${sink}:PATH.`
    case "DiskFull":
      return `The disk is full: the ${sink} sink could not finish ${location}. Nothing was published; free some space and run again.`
    case "TooManyFiles":
      return `Too many files are open for the ${sink} sink at ${location}. Nothing was published; ${moreFiles}`
    case "Unlockable":
      return `The file system of ${location} gives no locks, which keep two runs apart: ${reason.detail}. Nothing changed; name a place on another one with --sink ${sink}:PATH.`
    case "InputOutput":
      return `The ${sink} sink failed at ${location}: ${reason.detail}. Nothing was published; check the disk and run again.`
    case "Unreachable":
      return `The ${sink} sink cannot reach ${location}: ${reason.detail}. Nothing was published; run again when it answers.`
    case "Held":
      return `${location} is held by ${
        reason.pid === null ? "another process" : `process ${reason.pid}`
      }. Nothing changed; run again when it has let go (readers may stay, writers may not), or have extract wait with --wait 10m.`
    case "Overtaken":
      return `${location} has run ${reason.by}, which is later than this one. Nothing changed; run again. What is replayed needs a place of its own: --sink ${sink}:PATH.`
    case "Newer":
      return `${location} ${describeNewer(reason)}`
    case "Corrupt":
      return `${location} is not something the ${sink} sink can go on with: ${reason.detail}. Move it away and run again.`
    case "Shrunk":
      return describeShrunk(reason)
  }
}
