/**
 * A sink: a place that rows are written to. It gets the rows of a round after every row has been made. It stages them
 * where no reader sees them, and shows them when it is told to publish. A round that is never published is discarded,
 * so nothing ever has to be rolled back.
 *
 * A new sink is one file in `sinks/` (or any module whose default export is a `Sink`) and one line in a test that holds
 * it to the laws of `test/laws/sink.ts`.
 */
import type { Effect, FileSystem, Path, Schema, Scope, Stream } from "effect"
import type { Session } from "./duckdb/DuckDb.ts"
import type { ExpectedFailure } from "./failure/ExpectedFailure.ts"
import type { ShrinkLimits } from "./failure/Shrink.ts"
import type { SinkFailure, SinkReason } from "./failure/SinkError.ts"
import type { Outcome } from "./Outcome.ts"
import type { JoinedViews } from "./Pipeline.ts"
import type { Row, Stamp, Table } from "./Table.ts"

/**
 * The run that a sink is opened for: the newest run of the round. Its id names everything that the sink stages. A sink
 * that keeps history refuses a run that shrank too much.
 */
export interface SinkRun extends Stamp, ShrinkLimits {
  readonly pipeline: string
  readonly tables: ReadonlyArray<Table>
  /** SQL for DuckDB that makes the pipeline's views over its tables, for sinks that can store views. */
  readonly views: string
  /** The part of `views` that PostgreSQL understands too. */
  readonly portable?: string | undefined
  /** Views over these tables and those of other pipelines, which are made when all of the tables are there. */
  readonly joined?: ReadonlyArray<JoinedViews> | undefined
}

/** The finished rows of a round. They exist until its last sink is sealed. */
export interface Rows {
  /** A DuckDB session with a table `rows.TABLE` per table: the rows of all runs of the round, and their hashes. */
  readonly session: Session
  /** The rows of one table in some runs, as values. Each element of the stream is a chunk of rows. */
  readonly stream: (table: Table, ...run_ids: ReadonlyArray<string>) => Stream.Stream<ReadonlyArray<Row>, SinkReason>
}

/** A published run, for reading its rows back. */
export interface PublishedRun extends Stamp {
  /** The newest run of its round, whose id names the files of the round; null if it was published alone. */
  readonly round: Pick<Stamp, "run_id" | "observed_at"> | null
}

/** Published rows as a DuckDB query. It selects the columns of their table, in the table's order. */
export interface Query {
  readonly session: Session
  readonly sql: string
}

/** Published rows: a query if DuckDB can read them, because that is faster; otherwise a stream of chunks of rows. */
export type Published<E = SinkFailure> = Query | Stream.Stream<ReadonlyArray<Row>, E>

/** The events of a tenant from one instant to another, both included, in microseconds since 1970. */
export interface EventPart {
  readonly tenant: string
  readonly from: bigint
  readonly to: bigint
}

/** The options of a removal. A dry run changes nothing, and its result says how much would be removed. */
export interface Removal {
  readonly dryRun: boolean
}

/** A person: a user of one tenant, or of every tenant if `tenant` is null. */
export interface Person {
  readonly tenant: string | null
  readonly user_id: string
}

/** The number of rows that a table has of a person, over all runs. */
export interface PersonRows {
  readonly tenant: string
  readonly table: string
  readonly rows: number
}

/** The result of `seal`. */
export interface Sealed {
  /** The bytes that publishing makes visible. */
  readonly bytes: number
  /**
   * The input of `publish`, as JSON. The manifest keeps it, so that another process can publish if this one is killed.
   */
  readonly publication: Schema.Json
}

/** The services that a sink may use: the file system and nothing else. */
export type SinkServices = FileSystem.FileSystem | Path.Path

/** A sink that is open for a round. */
export interface OpenSink<E = SinkFailure> {
  /**
   * Stages the rows and does everything that can fail: it writes them, flushes them to the disk and checks them. The
   * engine calls it once, after everything has been read. The round is the list of runs that are published together. A
   * table that is missing in a run's `tables_collected` was not read, so nothing of it is published.
   */
  readonly seal: (round: ReadonlyArray<Outcome>, rows: Rows) => Effect.Effect<Sealed, E, SinkServices>
}

/**
 * `E` is the type of its errors. The author of a sink may fail with a reason alone; the engine adds the name and the
 * location.
 */
export interface Sink<E = SinkFailure> {
  /** The name on the command line. */
  readonly name: string
  /** One sentence for `duo-mfa sinks`. */
  readonly doc: string
  /** The default location, under the data directory. */
  readonly location: (dataDirectory: string) => string
  /**
   * Translates a target into a location, for a sink whose targets are not paths. The target is `""` if none was given.
   * The location is printed and stored, so it must contain no secret and must mean the same in every directory and at
   * any time.
   */
  readonly locate?: (target: string) => Effect.Effect<string, ExpectedFailure>
  /**
   * Prepares to stage a run at the location. If the location cannot be written, it fails here, before the first request
   * to Duo. If another run is writing there and this run would lose that run's rows, it fails with `InUse`. Its
   * resources are released when the scope closes, after the run is published. The directory belongs to this run and
   * lies in the data directory. It is removed after the run is published; if the process is killed, the next run
   * removes it.
   */
  readonly open: (
    location: string,
    run: SinkRun,
    directory: string
  ) => Effect.Effect<OpenSink<E>, E, SinkServices | Scope.Scope>
  /**
   * Makes a sealed run visible to readers. Publishing twice has the same effect as publishing once. The publication may
   * come from a file that somebody changed: if sealing this run at this location cannot have produced it, this fails
   * with `Corrupt` and changes nothing.
   */
  readonly publish: (
    publication: Schema.Json,
    run_id: string,
    location: string
  ) => Effect.Effect<void, E, SinkServices>
  /**
   * For a sink whose runs share a file. The engine asks this about a sealed run whose process was killed. It is true if
   * nothing of that run is published yet and another run has been published there since. Publishing the older run would
   * lose the newer one's rows, so the engine discards it. Other runs are kept out until the scope closes.
   */
  readonly isSuperseded?: (
    publication: Schema.Json,
    run_id: string,
    location: string
  ) => Effect.Effect<boolean, E, SinkServices | Scope.Scope>
  /**
   * The keys of the published events of a log, for a sink that can find them. A log needs a sink with this function,
   * because an event that is published is not published again. The result may be a query for `session`, which is that of
   * the run database.
   */
  readonly keys?: (
    location: string,
    table: Table,
    part: EventPart,
    session: Session
  ) => Effect.Effect<Published<E> | undefined, E, SinkServices | Scope.Scope>
  /**
   * Removes the rows of a log's tables that happened before an instant, in microseconds since 1970, and says how many
   * bytes or rows that were. The instant is a midnight.
   */
  readonly pruneEvents?: (
    location: string,
    tables: ReadonlyArray<Table>,
    before: bigint,
    removal: Removal
  ) => Effect.Effect<string, E, SinkServices | Scope.Scope>
  /**
   * Removes the snapshots of published runs, and says how many bytes or rows that were. History is not a snapshot, and
   * stays. Either all runs of a round are in the list, or none. A run that is gone already is not an error, because the
   * engine asks again after a crash. Afterwards, `read` of these runs is `undefined`.
   */
  readonly pruneRuns?: (
    location: string,
    tables: ReadonlyArray<Table>,
    runs: ReadonlyArray<PublishedRun>,
    removal: Removal
  ) => Effect.Effect<string, E, SinkServices | Scope.Scope>
  /**
   * Erases a person: every row, version and event of these tables that has the person's `tenant` and `user_id`, of all
   * published runs. All other rows stay as they are. The engine asks again after a crash. The result is the number of rows
   * for each tenant and table that has any. `run_id` names what is staged; `discard` removes it after a crash.
   */
  readonly forget?: (
    location: string,
    tables: ReadonlyArray<Table>,
    person: Person,
    removal: Removal & { readonly run_id: string }
  ) => Effect.Effect<ReadonlyArray<PersonRows>, E, SinkServices | Scope.Scope>
  /** Whether it keeps the rows of a table; without this function, it keeps all tables. */
  readonly keeps?: (table: Table) => boolean
  /** Removes everything that an unpublished run left at the location, even if its process was killed. */
  readonly discard: (location: string, run_id: string) => Effect.Effect<void, E, SinkServices>
  /**
   * Reads back the published rows of one table of one run, for `verify`. It is `undefined` if this sink no longer has
   * that run. A sink that cannot be read back omits this function.
   */
  readonly read?: (
    location: string,
    run: PublishedRun,
    table: Table
  ) => Effect.Effect<Published<E> | undefined, E, SinkServices | Scope.Scope>
}
