/**
 * Reads a log for many tenants, one after the other, because every part of a log is a run of its own, which locks the data
 * directory. A tenant that fails stops no other, and what was read of it before stays published.
 */
import { Array, Effect, Result } from "effect"
import type { ExpectedFailure } from "../../failure/ExpectedFailure.ts"
import type { Pipeline } from "../../Pipeline.ts"
import * as Round from "../../run/round/Round.ts"
import * as Run from "../../run/Run.ts"
import { RunError } from "../../run/RunError.ts"
import * as LogRuns from "./LogRuns.ts"

/** The name under which the tenant's host was published, if that is why the run failed. */
const knownAs = (error: ExpectedFailure) =>
  error instanceof RunError && error.reason._tag === "KnownAs" ? error.reason.known : undefined

const outcomeOf = Result.map(({ outcome }: Run.Result) => outcome)

/** Reads the log of every tenant. A tenant that Duo renamed keeps the name of its rows. */
export const run = Effect.fnUntraced(function*(
  pipeline: Pipeline,
  tenants: ReadonlyArray<Round.RoundTenant>,
  options: Run.RunOptions & Pick<Round.RoundOptions, "onTenant">,
  isDry: boolean
) {
  const read = (tenant: string) =>
    isDry
      ? Effect.interruptible(Run.dryRun(pipeline, { ...options, tenant }))
      : LogRuns.run(pipeline, { ...options, tenant }, () => Effect.void)
  const runs = yield* Effect.forEach(tenants, (tenant) =>
    read(tenant.name).pipe(
      Effect.catch((error) => {
        const known = tenant.isNamedByDuo ? knownAs(error) : undefined
        return known === undefined ? Effect.fail(error) : read(known)
      }),
      Effect.provideContext(tenant.settings),
      (run) => Round.resultOf(tenant, run),
      Effect.tap((run) => options.onTenant(tenant.name, outcomeOf(run)))
    ))
  const result: Round.RoundResult = {
    tenants: Array.zipWith(tenants, runs, ({ name }, run) => ({ tenant: name, result: outcomeOf(run) })),
    receipts: LogRuns.sumOf(Array.getSuccesses(runs).map(({ receipts }) => receipts)),
    recovered: [],
    gone: []
  }
  return result
})
