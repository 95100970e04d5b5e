/**
 * A pipeline is a value: a name, the tables it fills, where they go by default, and how to connect to its source. The
 * engine knows no more of it than this file says.
 */
import type { Effect, FileSystem, Path, Scope, Stream } from "effect"
import type { Expected } from "./Expected.ts"
import type { Facts } from "./Outcome.ts"
import type { Batch, Stamp, Table } from "./Table.ts"

/** What the command line may say about reading the source. */
export interface SourceOptions {
  /** Objects a page; the endpoint's maximum when undefined. */
  readonly pageSize: number | undefined
  /** Pages in flight. */
  readonly concurrency: number
}

/** Where a source may keep text until it wants it again; it is gone with the run. */
export interface Scratch {
  readonly write: (name: string, text: string) => Effect.Effect<void, Expected>
  readonly read: (name: string) => Effect.Effect<string, Expected>
  readonly rename: (from: string, to: string) => Effect.Effect<void, Expected>
  readonly remove: (name: string) => Effect.Effect<void, Expected>
}

/** One line of `check`: what was looked at, and what it showed. */
export interface Finding {
  readonly subject: string
  readonly detail: string
}

/** What a source has read for one run. */
export interface Extraction {
  /** Every batch once. */
  readonly batches: Stream.Stream<Batch, Expected>
  /** What has been counted so far; final when `batches` has ended. */
  readonly facts: Effect.Effect<Facts>
}

/** A run that is done again from its record. */
export type Recorded = Pick<Stamp, "run_id" | "observed_at">

/** A source that is ready to be asked. Making it reads the settings and sends nothing. */
export interface Source {
  /** The tenant's API host. */
  readonly tenant: string
  /** The run that its answers are of, if they are a record's: the rows carry its id and its instant again. */
  readonly recorded?: Recorded
  /** Reads everything, and proves if it can that it is everything. */
  readonly extract: (
    stamp: Stamp,
    options: SourceOptions & { readonly scratch: Scratch }
  ) => Effect.Effect<Extraction, Expected>
  /** Asks the source whether an extraction would be let in. */
  readonly check: Effect.Effect<ReadonlyArray<Finding>, Expected>
}

/** The services a source may ask for: the settings come from the ConfigProvider, a secret perhaps from a file. */
export type SourceServices = FileSystem.FileSystem | Path.Path

export interface Pipeline {
  /** The name on the command line. */
  readonly name: string
  /** One sentence for `duo-mfa pipelines`. */
  readonly doc: string
  /** What it fills, and no other pipeline does; the tenant is counted by the rows of the first. */
  readonly tables: ReadonlyArray<Table>
  /** SQL for DuckDB: views over the tables, their histories and their changes, with a comment for each and its columns. */
  readonly views: string
  /** The sinks of a run for which none was named. */
  readonly sinks: ReadonlyArray<string>
  /** Percent of a table's rows that may be gone since the run before, if nobody says otherwise; 10 if not given. */
  readonly maxShrink?: number
  readonly connect: Effect.Effect<Source, Expected, SourceServices | Scope.Scope>
}
