/**
 * Runs a pipeline for many tenants. Each tenant is read and proved by itself, some at the same time, and a tenant that
 * fails stops no other. Then everything that was read is published together.
 */
import { ConfigProvider, Effect, Result } from "effect"
import * as Fingerprint from "../../duckdb/Fingerprint.ts"
import * as RunDatabase from "../../duckdb/RunDatabase.ts"
import type { ExpectedFailure } from "../../failure/ExpectedFailure.ts"
import type { Outcome } from "../../Outcome.ts"
import type { Pipeline } from "../../Pipeline.ts"
import type { Stamp } from "../../Table.ts"
import * as Collect from "../Collect.ts"
import * as KnownNames from "../KnownNames.ts"
import * as OpenRound from "../OpenRound.ts"
import { Progress } from "../Progress.ts"
import type * as Manifest from "../publish/Manifest.ts"
import type { Receipt } from "../publish/ManifestFile.ts"
import * as Recovery from "../publish/Recovery.ts"
import type * as Rows from "../Rows.ts"
import * as Run from "../Run.ts"
import { newStamp } from "../Stamp.ts"
import { retryWhileLocked } from "../Waiting.ts"
import * as Gather from "./Gather.ts"
import * as ReadRun from "./ReadRun.ts"

/** A tenant of a round. */
export interface RoundTenant {
  /** The name that its rows have. */
  readonly name: string
  /** Its API host. */
  readonly host: string
  /** Whether Duo names it, so that somebody may rename it there. Then its rows keep the name of its last run. */
  readonly isNamedByDuo: boolean
  /** Its settings. */
  readonly settings: ConfigProvider.ConfigProvider
}

export interface RoundOptions extends Run.RunOptions {
  /** How many tenants are read at the same time. */
  readonly atOnce: number
  /** The names of all tenants, even of those that another machine reads. */
  readonly known: ReadonlyArray<string>
  /** Is called after each tenant. */
  readonly onTenant: (tenant: string, result: Result.Result<Outcome, ExpectedFailure>) => Effect.Effect<void>
}

/** The result of one tenant: its published outcome, or why it has none. */
export interface TenantResult {
  readonly tenant: string
  readonly result: Result.Result<Outcome, ExpectedFailure>
}

/** The result of a round. */
export interface RoundResult {
  /** In the order in which the tenants were given. */
  readonly tenants: ReadonlyArray<TenantResult>
  readonly receipts: ReadonlyArray<Receipt>
  /** Tenants that an earlier round had read and not published; now they are published. */
  readonly recovered: ReadonlyArray<string>
  /** Published tenants that are not among the given ones, and are not retired. */
  readonly gone: ReadonlyArray<string>
}

/** Reads some tenants at the same time. A tenant that fails stops no other. */
const forEachTenant = <R>(
  tenants: ReadonlyArray<RoundTenant>,
  { atOnce, onTenant }: RoundOptions,
  read: (tenant: RoundTenant) => Effect.Effect<Outcome, ExpectedFailure, R>
) =>
  Effect.forEach(
    tenants,
    (tenant) =>
      read(tenant).pipe(
        Effect.provideService(Progress, () => Effect.void),
        Effect.annotateLogs("duo_mfa.tenant", tenant.name),
        Effect.result,
        Effect.tap((result) => onTenant(tenant.name, result)),
        Effect.map((result): TenantResult => ({ tenant: tenant.name, result }))
      ),
    { concurrency: atOnce }
  ).pipe(Effect.interruptible)

/** The pipeline with another name for its tenant. */
const named = (pipeline: Pipeline, tenant: string): Pipeline => ({
  ...pipeline,
  connect: Effect.map(pipeline.connect, (source) => ({ ...source, tenant }))
})

/**
 * Runs a pipeline for many tenants. It fails only if nothing could be published for a reason that is not a tenant's. A
 * tenant that was read is published by the next round if this one cannot publish it.
 */
export const run = Effect.fn("Round")(function*(
  pipeline: Pipeline,
  given: ReadonlyArray<RoundTenant>,
  options: RoundOptions
) {
  const { manifests, personal, readRuns } = yield* retryWhileLocked(begin(options), options.wait)
  const orRunError = Collect.orRunError(options.dataDirectory)
  const earlier = yield* Gather.gather(pipeline, manifests, readRuns, options)
  yield* checkSinks(pipeline, manifests, options)
  const ids = [...yield* manifests.ids]
  const names = yield* KnownNames.read(manifests, pipeline)
  const tenants = given.map((tenant) => ({
    ...tenant,
    name: tenant.isNamedByDuo ? names.other(tenant.name, tenant.host) ?? tenant.name : tenant.name
  }))

  /** A stamp that is later than all others, so that no two tenants have the same. */
  const nextStamp = (tenant: string): Effect.Effect<Stamp> =>
    Effect.tap(newStamp(tenant, ids.slice(-1)), ({ run_id }) => Effect.sync(() => ids.push(run_id)))

  const readTenant = Effect.fn("Round.tenant")(function*({ host, name, settings }: RoundTenant) {
    yield* names.refuseOther(name, host)
    const source = yield* Effect.provideService(pipeline.connect, ConfigProvider.ConfigProvider, settings)
    const stamp = yield* nextStamp(name)
    const database = yield* orRunError(RunDatabase.open(yield* manifests.directory(stamp.run_id)))
    const collected = yield* orRunError(
      Collect.collect(pipeline, source, stamp, database, { ...options, personal })
    )
    const outcome = yield* Collect.comparedWithLast(
      manifests,
      pipeline,
      collected,
      OpenRound.sinkRun(stamp, pipeline, options)
    )
    const fingerprints = yield* orRunError(Fingerprint.ofRun(database.session, pipeline.tables, outcome))
    yield* orRunError(readRuns.store(database.session, pipeline.tables, outcome, fingerprints))
    return outcome
  }, Effect.scoped)

  const read = yield* forEachTenant(tenants, options, readTenant)
  const { leftOut, receipts } = yield* Gather.gather(pipeline, manifests, readRuns, options)
  const result: RoundResult = {
    tenants: read.map((one) => {
      const refused = leftOut.find(({ tenant }) => tenant === one.tenant)
      return refused === undefined ? one : { ...one, result: Result.fail(refused.error) }
    }),
    receipts,
    recovered: earlier.runs.map(({ outcome }) => outcome.tenant),
    gone: names.all.filter((known) => !options.known.includes(known) && !tenants.some(({ name }) => name === known))
  }
  return result
}, Effect.scoped)

/** Reads and counts many tenants as `run` does, and publishes nothing. */
export const dryRun = Effect.fn("Round.dry")(function*(
  pipeline: Pipeline,
  tenants: ReadonlyArray<RoundTenant>,
  options: RoundOptions
) {
  const read = yield* forEachTenant(tenants, options, ({ name, settings }) =>
    Effect.map(
      Effect.provideService(
        Run.dryRun(named(pipeline, name), options),
        ConfigProvider.ConfigProvider,
        settings
      ),
      ({ outcome }) => outcome
    ))
  const result: RoundResult = { tenants: read, receipts: [], recovered: [], gone: [] }
  return result
})

/** Locks the data directory and recovers killed runs. The lock lasts until the scope closes. */
const begin = Effect.fnUntraced(function*(options: Run.RunOptions) {
  const manifests = yield* Recovery.lockAndRecover(options)
  const personal: Rows.Personal = yield* Collect.personalOf(options)
  const readRuns = yield* ReadRun.make(options.dataDirectory)
  return { manifests, personal, readRuns }
})

/** Opens the sinks as publishing does and closes them again, so that a wrong one is known before the first request. */
const checkSinks = Effect.fnUntraced(function*(
  pipeline: Pipeline,
  manifests: Manifest.Manifests,
  options: Run.RunOptions
) {
  const stamp = yield* newStamp("", yield* manifests.ids)
  const { discard } = yield* OpenRound.open(manifests, OpenRound.sinkRun(stamp, pipeline, options), options)
  yield* discard
}, Effect.scoped)
