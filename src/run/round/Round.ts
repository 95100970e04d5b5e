/**
 * Runs a pipeline for many tenants. Each tenant is read and proved by itself, some at the same time, and a tenant that
 * fails stops no other. The rows of a few tenants are made together. Then everything that was read is published
 * together.
 */
import { Array, type Context, Duration, Effect, Result, Semaphore } from "effect"
import * as Fingerprint from "../../duckdb/Fingerprint.ts"
import * as RunDatabase from "../../duckdb/RunDatabase.ts"
import type { ExpectedFailure } from "../../failure/ExpectedFailure.ts"
import { objectsOf, type Outcome } from "../../Outcome.ts"
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
import { RunError, TenantTooSlow } from "../RunError.ts"
import { newStamp } from "../Stamp.ts"
import { retryWhileLocked } from "../Waiting.ts"
import * as Gather from "./Gather.ts"
import * as Parts from "./Parts.ts"
import * as ReadRun from "./ReadRun.ts"

/** A tenant of a round. */
export interface RoundTenant {
  /** The name that its rows have. */
  readonly name: string
  /** Its API host. */
  readonly host: string
  /** Whether Duo names it, so that somebody may rename it there. Then its rows keep the name of its last run. */
  readonly isNamedByDuo: boolean
  /** Its settings, and how messages call them. */
  readonly settings: Context.Context<never>
}

export interface RoundOptions extends Run.RunOptions {
  /** How many tenants are read at the same time. */
  readonly atOnce: number
  /** How long the reading of one tenant may take. */
  readonly tenantTimeout: Duration.Duration
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

/** The result of an effect for one tenant, or its failure. A tenant that fails stops no other. */
export const resultOf = <A, R>(
  { name }: Pick<RoundTenant, "name">,
  effect: Effect.Effect<A, ExpectedFailure, R>
): Effect.Effect<Result.Result<A, ExpectedFailure>, never, R> =>
  effect.pipe(
    Effect.provideService(Progress, () => Effect.void),
    Effect.annotateLogs("duo_mfa.tenant", name),
    Effect.result
  )

/** Ends the reading of a tenant that takes too long, so that one slow host does not hold all others. */
const inTime = (tenant: string, { tenantTimeout: duration }: RoundOptions) =>
  Effect.timeoutOrElse({
    duration,
    orElse: () => Effect.fail(new RunError({ reason: new TenantTooSlow({ tenant, limit: Duration.format(duration) }) }))
  })

/**
 * Runs a snapshot pipeline for many tenants. It fails only if nothing could be published for a reason that is not a tenant's. A
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

  const withSize = Effect.fnUntraced(function*(tenant: RoundTenant) {
    const last = yield* manifests.newest({ pipeline: pipeline.name, tenant: tenant.name })
    return { tenant, objects: last === undefined ? Parts.objectsExpected : objectsOf(last).seen }
  })

  const reading = yield* Semaphore.make(options.atOnce)
  const readTenant = Effect.fn("Round.tenant")(
    function*({ host, name, settings }: RoundTenant, database: RunDatabase.RunDatabase) {
      yield* names.refuseOther(name, host)
      const source = yield* Effect.provideContext(pipeline.connect, settings)
      return yield* orRunError(Collect.read(source, yield* nextStamp(name), database, options)).pipe(
        inTime(name, options)
      )
    },
    Effect.scoped
  )

  /** Makes the rows of all runs that were read into a database. The result keeps one of the runs. */
  const makeRows = Effect.fn("Round.rows")(function*(
    database: RunDatabase.RunDatabase,
    runs: ReadonlyArray<Collect.Collected>
  ) {
    const outcomes = Array.isReadonlyArrayNonEmpty(runs)
      ? yield* Collect.make(pipeline, database, runs, { ...options, personal })
      : []
    const fingerprints = yield* Fingerprint.ofRuns(database.session, pipeline.tables, outcomes)
    return Effect.fnUntraced(function*({ stamp }: Collect.Collected) {
      const made = outcomes.find(({ run_id }) => run_id === stamp.run_id)
      if (made === undefined) return yield* Effect.die(`no outcome of ${stamp.run_id}`)
      const sinkRun = OpenRound.sinkRun(stamp, pipeline, options)
      const outcome = yield* Collect.comparedWithLast(manifests, pipeline, made, sinkRun)
      yield* readRuns.store(database.session, pipeline.tables, outcome, fingerprints.get(stamp.run_id) ?? {})
      return outcome
    })
  })

  /** Reads the tenants of a part into one database, and keeps their runs. */
  const readPart = Effect.fnUntraced(function*(part: Array.NonEmptyReadonlyArray<RoundTenant>) {
    const { run_id } = yield* nextStamp("")
    const database = yield* orRunError(RunDatabase.open(yield* manifests.directory(run_id)))
    const read = yield* Effect.forEach(
      part,
      (tenant) => resultOf(tenant, reading.withPermits(1)(readTenant(tenant, database))),
      { concurrency: "unbounded" }
    )
    const made = yield* Effect.result(orRunError(makeRows(database, Array.getSuccesses(read))))
    return yield* Effect.forEach(
      Array.zip(part, read),
      ([tenant, run]) =>
        Effect.fromResult(run).pipe(
          Effect.flatMap((collected) => Effect.flatMap(Effect.fromResult(made), (keep) => orRunError(keep(collected)))),
          (kept) => resultOf(tenant, kept),
          Effect.map((result): TenantResult => ({ tenant: tenant.name, result }))
        )
    )
  }, Effect.scoped)

  const parts = Parts.divide(yield* Effect.forEach(tenants, withSize), options.atOnce)
  const read = yield* Effect.forEach(
    parts,
    (part) =>
      readPart(part).pipe(
        Effect.catch((error) =>
          Effect.succeed(part.map(({ name }): TenantResult => ({ tenant: name, result: Result.fail(error) })))
        ),
        Effect.tap((all) => Effect.forEach(all, ({ result, tenant }) => options.onTenant(tenant, result)))
      ),
    { concurrency: Math.min(Parts.openMax, options.atOnce) }
  ).pipe(Effect.interruptible, Effect.map(Array.flatten))
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
  const read = yield* Effect.forEach(
    tenants,
    Effect.fnUntraced(function*(tenant) {
      const { name, settings } = tenant
      const run = Run.dryRun(pipeline, { ...options, tenant: name }).pipe(
        Effect.provideContext(settings),
        inTime(name, options)
      )
      const result = yield* resultOf(tenant, Effect.map(run, ({ outcome }) => outcome))
      yield* options.onTenant(name, result)
      const one: TenantResult = { tenant: name, result }
      return one
    }),
    { concurrency: options.atOnce }
  ).pipe(Effect.interruptible)
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
