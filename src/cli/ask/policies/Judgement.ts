/** The verdicts on all policies, or on some, about all tenants of a ledger or about one. */
import { Effect } from "effect"
import { Plugins } from "../../shared/Plugins.ts"
import * as NotExtracted from "../NotExtracted.ts"
import * as NotKnown from "../NotKnown.ts"
import type * as OpenLedger from "../OpenLedger.ts"
import type * as Select from "../Select.ts"
import * as Policies from "./Policies.ts"

interface Wanted {
  readonly policies: ReadonlyArray<Policies.Policy>
  /** Whether somebody named the policies; none of them is then left out. */
  readonly isNamed: boolean
  readonly timeout: Select.QueryTimeout
  /** The command that starts the program, for sentences about what to run. */
  readonly command: string
  /** The only tenant; without it, all. */
  readonly tenant?: string | undefined
}

/** Judges, and returns the last runs that the verdicts are about. */
export const judge = Effect.fnUntraced(
  function*({ at, session }: OpenLedger.Open, { command, isNamed, policies, tenant, timeout }: Wanted) {
    const pipelines = yield* (yield* Plugins).pipelines
    const runs = yield* at(NotKnown.lastRuns(session, pipelines))
    const seen = tenant === undefined ? runs : runs.filter((run) => run.tenant === tenant)
    const unknown = yield* at(NotKnown.find(session, pipelines, seen, tenant))
    const run = seen.map(({ pipeline }) => pipeline)
    const verdicts = yield* Effect.forEach(policies, (policy) => {
      const [missing] = NotExtracted.missingIn(policy.sql, pipelines, run)
      // nobody has to run every pipeline, but a policy that was named or written by the user is never passed over
      return missing !== undefined && policy.isBuiltIn && !isNamed
        ? Effect.succeed(Policies.leftOut(policy, missing.sentence(command)))
        : Policies.judge(session, unknown, policy, timeout)
    })
    return { seen, verdicts }
  }
)
