/** Publishes read runs together, as one round: every sink is opened once, and every table is written once. */
import { Array, Effect, Exit, Result } from "effect"
import * as DuckDb from "../../duckdb/DuckDb.ts"
import * as RowsSql from "../../duckdb/RowsSql.ts"
import * as RunDatabase from "../../duckdb/RunDatabase.ts"
import type { ExpectedFailure } from "../../failure/ExpectedFailure.ts"
import { InputOutput, isSinkError } from "../../failure/SinkError.ts"
import { collectedTables, stampOf } from "../../Outcome.ts"
import type { Pipeline } from "../../Pipeline.ts"
import { orRunError } from "../Collect.ts"
import * as OpenRound from "../OpenRound.ts"
import type { Manifests } from "../publish/Manifest.ts"
import type { Receipt } from "../publish/ManifestFile.ts"
import * as Recovery from "../publish/Recovery.ts"
import type { RunOptions } from "../Run.ts"
import type { ReadRun, ReadRuns } from "./ReadRun.ts"

/** A tenant whose run was not published, and why. */
export interface LeftOut {
  readonly tenant: string
  readonly error: ExpectedFailure
}

/** The result of publishing read runs. */
export interface Gathered {
  readonly runs: ReadonlyArray<ReadRun>
  readonly leftOut: ReadonlyArray<LeftOut>
  readonly receipts: ReadonlyArray<Receipt>
}

/** In the order of the tenants' names. */
const byTenant = (runs: ReadonlyArray<ReadRun>) => runs.toSorted((a, b) => a.outcome.tenant < b.outcome.tenant ? -1 : 1)

/** Makes the rows of all read runs, sorted by tenant: DuckDB reads the files in their order. */
const load = Effect.fnUntraced(function*(
  { session }: RunDatabase.RunDatabase,
  { tables }: Pipeline,
  runs: ReadonlyArray<ReadRun>
) {
  for (const table of tables) {
    yield* session.run(RowsSql.create(table))
    const collected = byTenant(runs.filter(({ outcome }) => collectedTables([table], outcome).length > 0))
    if (collected.length === 0) continue
    const files = collected.map(({ file }) => DuckDb.path(DuckDb.literal(file(table)))).join(", ")
    yield* session.run(RowsSql.insert(table, `FROM read_parquet([${files}], ${DuckDb.asStored})`))
    const expected = collected.reduce((sum, { outcome }) => sum + (outcome.rows[table.name] ?? 0), 0)
    const [[counted] = []] = yield* session.all(`SELECT count(*) FROM ${RowsSql.rowsTable(table)}`)
    if (Number(counted) !== expected) {
      return yield* new InputOutput({ detail: `the read runs do not have their ${expected} rows of ${table.name}` })
    }
    yield* session.run("CHECKPOINT rows")
  }
})

/** The run that a sink refuses, if the failure is about one tenant of the round. */
const refusedRun = (round: ReadonlyArray<ReadRun>, error: ExpectedFailure): ReadRun | undefined => {
  if (!isSinkError(error)) return undefined
  const { reason } = error
  if (reason._tag !== "Shrunk" && reason._tag !== "Superseded") return undefined
  return round.find(({ outcome }) => outcome.tenant === reason.tenant)
}

/** Stages and publishes the runs, of which the last is the newest. */
const publish = Effect.fn("Round.publish")(
  function*(
    pipeline: Pipeline,
    manifests: Manifests,
    runs: Array.NonEmptyReadonlyArray<ReadRun>,
    options: RunOptions
  ) {
    const outcomes = Array.map(runs, ({ outcome }) => outcome)
    const newest = Array.lastNonEmpty(outcomes)
    const orError = orRunError(options.dataDirectory)
    yield* Effect.annotateCurrentSpan("duo_mfa.run_id", newest.run_id)
    const { directory, discard, opened } = yield* OpenRound.open(
      manifests,
      OpenRound.sinkRun(stampOf(newest), pipeline, options),
      options
    )
    const sealed = yield* Effect.interruptible(Effect.scoped(Effect.gen(function*() {
      const database = yield* orError(RunDatabase.open(directory, "soon to disk"))
      yield* orError(load(database, pipeline, runs))
      const sealed = yield* OpenRound.seal(opened, outcomes, database, options.dataDirectory, pipeline)
      yield* manifests.seal(outcomes, OpenRound.shared(pipeline, sealed))
      return sealed
    }))).pipe(Effect.onExit((exit) => Exit.isSuccess(exit) ? Effect.void : discard))
    yield* Recovery.publish(manifests, newest.run_id, sealed)
    return sealed.map(({ receipt }) => receipt)
  },
  Effect.scoped
)

/**
 * Publishes all read runs of a pipeline. A tenant that a sink refuses is left out, and stops no other. If the round
 * fails for another reason, the read runs stay, and the next round publishes them.
 */
export const gather: (
  pipeline: Pipeline,
  manifests: Manifests,
  readRuns: ReadRuns,
  options: RunOptions
) => Effect.Effect<Gathered, ExpectedFailure, Effect.Services<ReturnType<typeof publish>>> = Effect.fnUntraced(
  function*(pipeline, manifests, readRuns, options) {
    const leftOut: globalThis.Array<LeftOut> = []
    let waiting: ReadonlyArray<ReadRun> = []
    for (const run of (yield* readRuns.all).filter(({ outcome }) => outcome.pipeline === pipeline.name)) {
      const newest = yield* manifests.newest(run.outcome)
      // it is published already, and the process was killed before it removed this; or a later run is published
      if (newest !== undefined && newest.run_id >= run.outcome.run_id) yield* readRuns.remove(run.outcome.run_id)
      else waiting = [...waiting.filter(({ outcome }) => outcome.tenant !== run.outcome.tenant), run]
    }
    while (Array.isReadonlyArrayNonEmpty(waiting)) {
      const round = waiting
      const published = yield* Effect.result(publish(pipeline, manifests, round, options))
      if (Result.isSuccess(published)) {
        for (const { outcome } of round) yield* readRuns.remove(outcome.run_id)
        return { runs: round, leftOut, receipts: published.success }
      }
      const error = published.failure
      const refused = refusedRun(round, error)
      if (refused === undefined) return yield* Effect.fail(error)
      const { run_id, tenant } = refused.outcome
      leftOut.push({ tenant, error })
      yield* readRuns.remove(run_id)
      waiting = round.filter((run) => run !== refused)
    }
    return { runs: [], leftOut, receipts: [] }
  }
)
