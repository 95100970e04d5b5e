/**
 * A pipeline is a value: a source, the tables that it fills, and a SELECT for each table. This file is everything that
 * the engine knows about a pipeline.
 */
import type { Effect, FileSystem, Path, Scope } from "effect"
import type { RunDatabase } from "./duckdb/RunDatabase.ts"
import type { ExpectedFailure } from "./failure/ExpectedFailure.ts"
import type { SinkReason } from "./failure/SinkError.ts"
import type { Stamp, Table } from "./Table.ts"

/** Options of the command line for reading the source. */
export interface SourceOptions {
  /** Objects per page. If it is undefined, the endpoint's maximum is used. */
  readonly pageSize: number | undefined
  /** Pages that are requested at the same time. */
  readonly concurrency: number
}

/** A part of a log: from one millisecond since 1970 to another, both included. */
export interface LogWindow {
  readonly from: number
  readonly to: number
}

/** The parts of a log that a run is to read. */
export interface LogPlan {
  /** The part that no published run has read. */
  readonly window: LogWindow
  /** Parts that earlier runs have read. They are counted again, because some events appear late. */
  readonly recount: ReadonlyArray<LogWindow>
  /** All parts that are read when this run is published, in order. */
  readonly covered: ReadonlyArray<LogWindow>
  /** A table of the run database with the keys of the published events of one part. */
  readonly held: string
  /** Fills the table with the keys of a part. Those of another part are gone, so that memory does not grow with the parts. */
  readonly hold: (part: LogWindow) => Effect.Effect<void, ExpectedFailure | SinkReason>
}

/** The part of a log that a run has read. */
export interface ReadWindow extends LogWindow {
  /** Events from before the window that no earlier run had. */
  readonly late: number
  /** Events that were read although a published run had them, or that were read twice. */
  readonly repeated: number
}

/** One line of `check`: the thing that was checked, and the result. */
export interface Finding {
  readonly subject: string
  readonly detail: string
}

/** A list of objects, as SQL sees it. */
export interface List {
  /** The name of its table in `objects`, such as `bypass_codes`. */
  readonly name: string
  /** The words for one of its objects in a sentence, such as `a bypass code`. */
  readonly object: string
  /** The DuckDB type of each field of an object, in order. */
  readonly columns: Readonly<Record<string, string>>
  /**
   * By field: SQL for whether it is filled, if its value can also be in other fields. Other fields are filled if not
   * empty.
   */
  readonly filledBy?: Readonly<Record<string, string>>
  /** The name of the field with the object's id. */
  readonly id: string
  /** The name of the field with the Unix time at which the object was created, if Duo says it. */
  readonly created?: string
}

/**
 * The ways to prove that a reading is the whole list at one moment. `page`: the first page had everything. `created`:
 * every object was created before the first page was asked for, and was seen after that. `twice`: two readings saw the
 * same objects. `counted`: for a part of a log, as many events were read as there are.
 */
export const proofs = ["page", "created", "twice", "counted"] as const
export type Proof = typeof proofs[number]

/** The result of reading a list. Its objects are in `objects.NAME`, each of them once. */
export interface ReadList {
  readonly list: List
  /** Why the list could not be proved complete; null if it was proved. */
  readonly doubt: string | null
  /** Null if the list was not proved complete. */
  readonly proof: Proof | null
  /** The number of objects that Duo reported. If the list was proved complete, it is the number at that moment. */
  readonly total: number | null
  readonly pages: number
  /** How often the list was read. */
  readonly readings: number
  /** The number of objects that came twice in a reading. */
  readonly duplicates: number
  /** The number of objects that changed while the list was read. */
  readonly changed: number
  /** Names of fields that this version does not know. */
  readonly unknownFields: ReadonlySet<string>
}

/** The requests that were sent, counted. */
export interface Sent {
  readonly requests: number
  readonly retries: number
  /** When the last answer had arrived, in milliseconds since 1970; null if there was no answer. */
  readonly answeredAt: number | null
}

/** Everything that a source has read for one run. */
export interface Extraction {
  /** First the list that the summary counts, then the other lists. The run is complete only if all of them are. */
  readonly lists: readonly [ReadList, ...ReadonlyArray<ReadList>]
  /** A sentence for each list that could not be read, which says why. */
  readonly refused: ReadonlyArray<string>
  readonly sent: Sent
  /** The part of the log that was read; undefined if the source is not a log. */
  readonly window?: ReadWindow
}

/** A run that is repeated from its recording. */
export interface ReplayedRun extends Pick<Stamp, "run_id" | "observed_at"> {
  /** The part of the log that was read; undefined if the source is not a log. */
  readonly window?: LogWindow | undefined
}

/** A source that is ready to be read. Making it reads the settings and sends no request. */
export interface Source {
  /** The tenant's API host. */
  readonly tenant: string
  /** The recorded run, if the answers come from a recording: the rows get the id and the instant of that run. */
  readonly recorded?: ReplayedRun
  /** Reads everything into the run database, and tries to prove that nothing is missing. */
  readonly extract: (
    stamp: Stamp,
    options: SourceOptions & {
      readonly database: RunDatabase
      /** The part to read, if the source is a log. */
      readonly plan?: LogPlan | undefined
    }
  ) => Effect.Effect<Extraction, ExpectedFailure | SinkReason>
  /** Asks the source whether it would accept an extraction. */
  readonly check: Effect.Effect<ReadonlyArray<Finding>, ExpectedFailure>
}

/** The services that a source may use. Settings come from the ConfigProvider; a secret may come from a file. */
export type SourceServices = FileSystem.FileSystem | Path.Path

/** The SELECT that makes the rows of a table. */
export interface TableSelect {
  /** The list that the rows are made from. If it could not be read, the table is not collected. */
  readonly list: string
  /**
   * A SELECT in DuckDB's SQL over `objects`, which can have the objects of several runs. Its columns are matched to the
   * table's by name.
   */
  readonly select: string
}

/**
 * Views over the tables of several pipelines. Each of these pipelines lists them, because the last one to run for the first
 * time makes them: they are made when all of the tables are there.
 */
export interface JoinedViews {
  readonly name: string
  /** The tables, by their names. */
  readonly tables: ReadonlyArray<string>
  /** SQL for DuckDB. Each view and column has a comment. */
  readonly sql: string
}

export interface Pipeline {
  /** The name on the command line. */
  readonly name: string
  /**
   * `snapshot`: every run reads everything that exists, and a row that is not seen has ended. `log`: every run reads the
   * events of a part of time, and events stay. If not given, it is a snapshot.
   */
  readonly kind?: "snapshot" | "log"
  /** One sentence for `duo-mfa pipelines`. */
  readonly doc: string
  /**
   * The tables that this pipeline fills; no other pipeline fills them. The rows of the first table count the tenant.
   */
  readonly tables: ReadonlyArray<Table>
  /** SQL that runs before the SELECTs and defines the macros that they share. */
  readonly macros: string
  /** The SELECT of each table, by the table's name. */
  readonly rows: Readonly<Record<string, TableSelect>>
  /**
   * A SELECT of `run_id, what, times` over `objects`: for each run, a sentence for each value that this version does not
   * know. May be empty.
   */
  readonly unknown: string
  /** The same for contradictions: objects about which the source says two things that cannot both be true. */
  readonly contradictions: string
  /**
   * A SELECT of `run_id, name, words, count` over `rows`: the counts of the summary of each run, with words for people
   * and names for programs.
   */
  readonly counts: string
  /** SQL for DuckDB: views over the tables, their histories and their changes. Each view and column has a comment. */
  readonly views: string
  /** The part of `views` that PostgreSQL understands too. */
  readonly portable?: string
  /** Views that join these tables with those of other pipelines. */
  readonly joined?: ReadonlyArray<JoinedViews>
  /** The default sinks: those of a run without `--sink`. */
  readonly sinks: ReadonlyArray<string>
  /**
   * The default of `--max-shrink`: the percentage of a table's rows that may be gone since the last run. If not given,
   * 10.
   */
  readonly maxShrink?: number
  readonly connect: Effect.Effect<Source, ExpectedFailure, SourceServices | Scope.Scope>
}
