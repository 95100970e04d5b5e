/** Makes the rows and the outcomes of what was read, and compares an outcome with that of the last run. */
import { Array, Effect } from "effect"
import type * as Personal from "../duckdb/Personal.ts"
import type * as RunDatabase from "../duckdb/RunDatabase.ts"
import type { ExpectedFailure } from "../failure/ExpectedFailure.ts"
import { isSinkReason, type SinkReason } from "../failure/SinkError.ts"
import type { Outcome } from "../Outcome.ts"
import type { LogPlan, Pipeline, Source, SourceOptions } from "../Pipeline.ts"
import type { SinkRun } from "../Sink.ts"
import { addedTo, type Stamp } from "../Table.ts"
import * as Facts from "./Facts.ts"
import { refuseLost } from "./Guard.ts"
import * as PersonalKey from "./PersonalKey.ts"
import type { Manifests } from "./publish/Manifest.ts"
import * as Rows from "./Rows.ts"
import { inDataDirectory, RunError } from "./RunError.ts"

/** Turns a failure of the run database into a `RunError`. */
export const locating =
  (runError: (reason: SinkReason) => RunError) =>
  <A, R>(effect: Effect.Effect<A, ExpectedFailure | SinkReason, R>): Effect.Effect<A, ExpectedFailure, R> =>
    Effect.mapError(effect, (error) => isSinkReason(error) ? runError(error) : error)

/** The same for a run database in the data directory. */
export const orRunError = (dataDirectory: string) =>
  locating((reason) => new RunError({ reason: inDataDirectory(dataDirectory, reason) }))

/** The treatment of personal cells, and the key if they are hashed. */
export const personalOf = Effect.fnUntraced(function*({ dataDirectory, personal = "keep" }: {
  readonly dataDirectory: string
  readonly personal?: Personal.Treatment | undefined
}) {
  const treated: Rows.Personal = personal === "hash"
    ? { treatment: personal, key: yield* PersonalKey.read(dataDirectory) }
    : { treatment: personal }
  return treated
})

/** A run whose lists are read, and the API host that they are from. */
export interface Collected extends Rows.ExtractedRun {
  readonly host: string
  /** The parts that a run of a log reads. */
  readonly plan?: LogPlan | undefined
}

interface ReadOptions extends SourceOptions {
  /** The parts that a run of a log reads. */
  readonly plan?: LogPlan | undefined
}

/** Reads a source into the run database. */
export const read = Effect.fnUntraced(function*(
  source: Source,
  stamp: Stamp,
  database: RunDatabase.RunDatabase,
  options: ReadOptions
) {
  const extraction = yield* source.extract(stamp, { ...options, database })
  const collected: Collected = { host: source.tenant, stamp, extraction, plan: options.plan }
  return collected
})

/**
 * Makes the rows and the outcomes of the runs that were read into a run database. Planning the statements takes most of
 * the time of a small tenant, so they are run once for all runs.
 */
export const make = Effect.fnUntraced(function*(
  pipeline: Pipeline,
  database: RunDatabase.RunDatabase,
  runs: Array.NonEmptyReadonlyArray<Collected>,
  { personal, toolVersion }: { readonly toolVersion: string; readonly personal: Rows.Personal }
) {
  yield* Rows.prepare(database, pipeline, runs)
  const [rows, objectFacts] = yield* Effect.all([
    Rows.make(database, pipeline, runs, personal),
    Facts.ofObjects(database, pipeline, runs)
  ], { concurrency: 2 })
  const counts = yield* Facts.counts(database, pipeline)
  return Array.map(runs, (run): Outcome => {
    const { host, stamp: { observed_at, run_id, tenant } } = run
    const began = new Date(Number(observed_at / 1000n)).toISOString()
    return {
      run_id,
      pipeline: pipeline.name,
      tenant,
      host: host === tenant ? null : host,
      started_at: began,
      observed_at: began,
      tool_version: toolVersion,
      ...Facts.make(pipeline, run, objectFacts.get(run_id) ?? Facts.none(), counts(run_id)),
      columns_added: [],
      rows: rows.get(run_id) ?? {}
    }
  })
})

/** Reads a source and makes the rows and the outcome of its run. */
export const collect = Effect.fnUntraced(function*(
  pipeline: Pipeline,
  source: Source,
  stamp: Stamp,
  database: RunDatabase.RunDatabase,
  options: ReadOptions & { readonly toolVersion: string; readonly personal: Rows.Personal }
) {
  const [outcome] = yield* make(pipeline, database, [yield* read(source, stamp, database, options)], options)
  return outcome
})

/** Adds what is new since the tenant's last run to the outcome. Fails if more has vanished since than is agreed. */
export const comparedWithLast = Effect.fnUntraced(
  function*(manifests: Manifests, { kind, tables }: Pipeline, collected: Outcome, agreed: SinkRun) {
    const before = yield* manifests.newest(collected)
    const outcome: Outcome = { ...collected, columns_added: addedTo(before?.columns ?? {}, tables) }
    // a log has no more events than happened, so fewer than before are normal
    if (kind !== "log") yield* refuseLost(manifests, tables, outcome, agreed)
    return outcome
  }
)
