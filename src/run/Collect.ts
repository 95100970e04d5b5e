/** Reads a source into the run database, makes the rows, and compares the outcome with that of the last run. */
import { Effect } from "effect"
import type * as Personal from "../duckdb/Personal.ts"
import type * as RunDatabase from "../duckdb/RunDatabase.ts"
import type { ExpectedFailure } from "../failure/ExpectedFailure.ts"
import { isSinkReason, type SinkReason } from "../failure/SinkError.ts"
import type { Outcome } from "../Outcome.ts"
import type { Pipeline, Source, SourceOptions } from "../Pipeline.ts"
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

/** Reads the source and makes the rows and the outcome of the run. */
export const collect = Effect.fnUntraced(function*(
  pipeline: Pipeline,
  source: Source,
  stamp: Stamp,
  database: RunDatabase.RunDatabase,
  { personal, toolVersion, ...options }: SourceOptions & {
    readonly toolVersion: string
    readonly personal: Rows.Personal
  }
) {
  const extraction = yield* source.extract(stamp, { ...options, database })
  yield* Rows.prepare(database, pipeline, stamp, extraction)
  const [rows, objectFacts] = yield* Effect.all([
    Rows.make(database, pipeline, extraction, personal),
    Facts.ofObjects(database, pipeline, extraction)
  ], { concurrency: 2 })
  const facts = yield* Facts.make(database, pipeline, stamp, extraction, objectFacts)
  const observed_at = new Date(Number(stamp.observed_at / 1000n)).toISOString()
  const outcome: Outcome = {
    run_id: stamp.run_id,
    pipeline: pipeline.name,
    tenant: stamp.tenant,
    host: source.tenant === stamp.tenant ? null : source.tenant,
    started_at: observed_at,
    observed_at,
    tool_version: toolVersion,
    ...facts,
    columns_added: [],
    rows
  }
  return outcome
})

/** Adds what is new since the tenant's last run to the outcome. Fails if more has vanished since than is agreed. */
export const comparedWithLast = Effect.fnUntraced(
  function*(manifests: Manifests, { tables }: Pipeline, collected: Outcome, agreed: SinkRun) {
    const before = yield* manifests.newest(collected)
    const outcome: Outcome = { ...collected, columns_added: addedTo(before?.columns ?? {}, tables) }
    yield* refuseLost(manifests, tables, outcome, agreed)
    return outcome
  }
)
