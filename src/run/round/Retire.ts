/**
 * Retires a tenant that is gone: publishes a run without rows for each pipeline, which ends every version of its rows. So
 * the tenant counts nowhere from now on, and its history stays. A later run of the tenant brings it back.
 */
import { Effect } from "effect"
import * as Fingerprint from "../../duckdb/Fingerprint.ts"
import * as RowsSql from "../../duckdb/RowsSql.ts"
import * as RunDatabase from "../../duckdb/RunDatabase.ts"
import { isRetired, type Outcome } from "../../Outcome.ts"
import type { Pipeline } from "../../Pipeline.ts"
import * as Collect from "../Collect.ts"
import * as Recovery from "../publish/Recovery.ts"
import type { RunOptions } from "../Run.ts"
import { newStamp } from "../Stamp.ts"
import { retryWhileLocked } from "../Waiting.ts"
import * as Gather from "./Gather.ts"
import * as ReadRun from "./ReadRun.ts"

/** The outcome of the run that retires the tenant of an earlier run. */
const retiring = (
  { tables }: Pipeline,
  before: Outcome,
  toolVersion: string,
  run_id: string,
  instant: string
): Outcome => ({
  run_id,
  pipeline: before.pipeline,
  tenant: before.tenant,
  host: before.host,
  started_at: instant,
  finished_at: instant,
  observed_at: instant,
  tool_version: toolVersion,
  complete: true,
  incomplete_reason: null,
  proof: null,
  total_objects: 0,
  pages: 0,
  sweeps: 0,
  requests: 0,
  retries: 0,
  duplicates: 0,
  changed: 0,
  unknown_values: 0,
  contradictions: 0,
  fields: {},
  tables_collected: tables.map(({ name }) => name),
  warnings: [],
  warned: {},
  window: null,
  counts: before.counts.map((counted) => ({ ...counted, count: 0 })),
  columns_added: [],
  rows: Object.fromEntries(tables.map(({ name }) => [name, 0]))
})

/** Retires a tenant in one pipeline. The result is whether it had rows there that count. */
export const retire = Effect.fn("Round.retire")(function*(pipeline: Pipeline, tenant: string, given: RunOptions) {
  const options: RunOptions = { ...given, allowEmpty: true, maxShrink: 100 }
  const { dataDirectory, toolVersion } = options
  const manifests = yield* retryWhileLocked(Recovery.lockAndRecover(options), options.wait)
  const before = yield* manifests.newest({ pipeline: pipeline.name, tenant })
  if (before === undefined || isRetired(before)) return false
  const readRuns = yield* ReadRun.make(dataDirectory)
  const orRunError = Collect.orRunError(dataDirectory)
  const stamp = yield* newStamp(tenant, yield* manifests.ids)
  const instant = new Date(Number(stamp.observed_at / 1000n)).toISOString()
  const outcome = retiring(pipeline, before, toolVersion, stamp.run_id, instant)
  yield* Effect.scoped(Effect.gen(function*() {
    const { session } = yield* orRunError(RunDatabase.open(yield* manifests.directory(stamp.run_id)))
    for (const table of pipeline.tables) yield* orRunError(session.run(RowsSql.create(table)))
    const fingerprints = yield* orRunError(Fingerprint.ofRun(session, pipeline.tables, outcome))
    yield* orRunError(readRuns.store(session, pipeline.tables, outcome, fingerprints))
  }))
  const { leftOut } = yield* Gather.gather(pipeline, manifests, readRuns, options)
  const refused = leftOut.find((one) => one.tenant === tenant)
  return refused === undefined ? true : yield* Effect.fail(refused.error)
}, Effect.scoped)
