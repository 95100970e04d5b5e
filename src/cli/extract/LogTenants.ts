/**
 * Reads a log for many tenants, one after the other, because every part of a log is a run of its own, which locks the data
 * directory. A tenant that fails stops no other, and what was read of it before stays published.
 */
import { Effect } from "effect"
import type { ExpectedFailure } from "../../failure/ExpectedFailure.ts"
import type { Pipeline } from "../../Pipeline.ts"
import type { Receipt } from "../../run/publish/ManifestFile.ts"
import * as Round from "../../run/round/Round.ts"
import * as Run from "../../run/Run.ts"
import { RunError } from "../../run/RunError.ts"
import * as LogRuns from "./LogRuns.ts"

/** The name under which the tenant's host was published, if that is why the run failed. */
const knownAs = (error: ExpectedFailure) =>
  error instanceof RunError && error.reason._tag === "KnownAs" ? error.reason.known : undefined

/** Reads the log of every tenant. A tenant that Duo renamed keeps the name of its rows. */
export const run = Effect.fnUntraced(function*(
  pipeline: Pipeline,
  tenants: ReadonlyArray<Round.RoundTenant>,
  options: Run.RunOptions & Pick<Round.RoundOptions, "onTenant">,
  isDry: boolean
) {
  const receipts: Array<ReadonlyArray<Receipt>> = []
  const read = (tenant: string) =>
    isDry
      ? Effect.interruptible(Run.dryRun(pipeline, { ...options, tenant }))
      : LogRuns.run(pipeline, { ...options, tenant }, () => Effect.void)
  const results = yield* Effect.forEach(tenants, (tenant) =>
    read(tenant.name).pipe(
      Effect.catch((error) => {
        const known = tenant.isNamedByDuo ? knownAs(error) : undefined
        return known === undefined ? Effect.fail(error) : read(known)
      }),
      Effect.provideContext(tenant.settings),
      Effect.map(({ outcome, receipts: its }) => {
        receipts.push(its)
        return outcome
      }),
      (outcome) => Round.resultOf(tenant, outcome),
      Effect.tap((result) => options.onTenant(tenant.name, result)),
      Effect.map((result): Round.TenantResult => ({ tenant: tenant.name, result }))
    ))
  const result: Round.RoundResult = { tenants: results, receipts: LogRuns.sumOf(receipts), recovered: [], gone: [] }
  return result
})
