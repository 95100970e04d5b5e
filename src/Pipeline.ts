/**
 * A pipeline is a value: what it reads, the tables that it fills, and a SELECT for each. The engine knows no more of it than
 * this file says.
 */
import type { Effect, FileSystem, Path, Scope } from "effect"
import type { RunDatabase } from "./duckdb/RunDatabase.ts"
import type { ExpectedFailure } from "./failure/ExpectedFailure.ts"
import type { SinkReason } from "./failure/SinkError.ts"
import type { Stamp, Table } from "./Table.ts"

/** What the command line may say about reading the source. */
export interface SourceOptions {
  /** Objects per page; the endpoint's maximum when undefined. */
  readonly pageSize: number | undefined
  /** Pages in flight. */
  readonly concurrency: number
}

/** One line of `check`: what was looked at, and what it showed. */
export interface Finding {
  readonly subject: string
  readonly detail: string
}

/** A list of objects, as SQL sees it. */
export interface List {
  /** Names its table, `objects.NAME`: `bypass_codes`. */
  readonly name: string
  /** One of its objects, in sentences: `a bypass code`. */
  readonly object: string
  /** The DuckDB type of each field of an object, in order. */
  readonly columns: Readonly<Record<string, string>>
  /** By field: when it says something, as SQL, if not where it is not empty. */
  readonly filledBy?: Readonly<Record<string, string>>
  /** The field of its id, and of the Unix time at which it was created. */
  readonly id: string
  readonly created: string
}

/**
 * How it was proved who was in a list: its first page had everything, or everything was created before the first page and
 * seen after it, or two readings saw the same.
 */
export const proofs = ["page", "created", "twice"] as const
export type Proof = typeof proofs[number]

/** What reading a list came to. Its objects are in `objects.NAME`, each once. */
export interface ReadList {
  readonly list: List
  /** Why it is not proved who was in the list at one moment; null if it is. */
  readonly doubt: string | null
  /** Null if nothing is proved. */
  readonly proof: Proof | null
  /** How many Duo said there were, at that moment if it is proved. */
  readonly total: number | null
  readonly pages: number
  /** How often the list was read. */
  readonly readings: number
  /** Objects that came twice in a reading. */
  readonly duplicates: number
  /** Of the objects, how many changed while they were read. */
  readonly changed: number
  /** The fields that this version does not know. */
  readonly unknownFields: ReadonlySet<string>
}

/** What was counted on the wire. */
export interface Sent {
  readonly requests: number
  readonly retries: number
  /** When the last answer was in, in milliseconds; null if there was none. */
  readonly answeredAt: number | null
}

/** What a source has read for one run. */
export interface Extraction {
  /** The list that is counted, then the others that have to be whole too. */
  readonly lists: readonly [ReadList, ...ReadonlyArray<ReadList>]
  /** Why other lists could not be read, in sentences. */
  readonly refused: ReadonlyArray<string>
  readonly sent: Sent
}

/** A run that is done again from its record. */
export type ReplayedRun = Pick<Stamp, "run_id" | "observed_at">

/** A source that is ready to be asked. Making it reads the settings and sends nothing. */
export interface Source {
  /** The tenant's API host. */
  readonly tenant: string
  /** The run that its answers are of, if they are a record's: the rows carry its id and its instant again. */
  readonly recorded?: ReplayedRun
  /** Reads everything into the run database, and proves if it can that it is everything. */
  readonly extract: (
    stamp: Stamp,
    options: SourceOptions & { readonly database: RunDatabase }
  ) => Effect.Effect<Extraction, ExpectedFailure | SinkReason>
  /** Asks the source whether an extraction would be let in. */
  readonly check: Effect.Effect<ReadonlyArray<Finding>, ExpectedFailure>
}

/** The services a source may ask for: the settings come from the ConfigProvider, a secret perhaps from a file. */
export type SourceServices = FileSystem.FileSystem | Path.Path

/** How the rows of a table are made. */
export interface TableSelect {
  /** The list whose objects they are made of: they are not collected if it could not be read. */
  readonly list: string
  /** One SELECT of DuckDB's SQL over `objects`, which gives the columns of the table by name. */
  readonly select: string
}

export interface Pipeline {
  /** The name on the command line. */
  readonly name: string
  /** One sentence for `duo-mfa pipelines`. */
  readonly doc: string
  /** What it fills, and no other pipeline does; the tenant is counted by the rows of the first. */
  readonly tables: ReadonlyArray<Table>
  /** SQL that is run before the SELECTs: macros that they share. */
  readonly macros: string
  /** By the name of the table. */
  readonly rows: Readonly<Record<string, TableSelect>>
  /** A SELECT of `what, times` over `objects`: values that this version does not know, in sentences. None if empty. */
  readonly unknown: string
  /** The same of objects of which the source says two things that cannot both be true. */
  readonly contradictions: string
  /** A SELECT of `name, words, count` over `rows`: what the summary counts, for people in words and for programs by name. */
  readonly counts: string
  /** SQL for DuckDB: views over the tables, their histories and their changes, with a comment for each and its columns. */
  readonly views: string
  /** The sinks of a run for which none was named. */
  readonly sinks: ReadonlyArray<string>
  /** Percent of a table's rows that may be gone since the run before, if nobody says otherwise; 10 if not given. */
  readonly maxShrink?: number
  readonly connect: Effect.Effect<Source, ExpectedFailure, SourceServices | Scope.Scope>
}
