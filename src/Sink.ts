/**
 * A sink: where rows go. It gets the rows of a round once all of them are read and none can fail any more. What it stages
 * is not seen before it is published, so a round that is never published is discarded and nothing has to be rolled back.
 *
 * A new sink is one file in `sinks/` (or any module whose default export is a `Sink`) and one line in a test: the laws
 * are in `test/laws/sink.ts`.
 */
import type { Effect, FileSystem, Path, Schema, Scope, Stream } from "effect"
import type { Session } from "./duckdb/DuckDb.ts"
import type { ExpectedFailure } from "./failure/ExpectedFailure.ts"
import type { Agreed } from "./failure/Shrink.ts"
import type { SinkFailure, SinkReason } from "./failure/SinkError.ts"
import type { Outcome } from "./Outcome.ts"
import type { Row, Stamp, Table } from "./Table.ts"

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
  readonly locate?: (target: string) => Effect.Effect<string, ExpectedFailure>
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
