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

/** Judges, and returns the last runs that the verdicts are about, and what these do not know. */
export const judge = Effect.fnUntraced(
  function*({ at, session }: OpenLedger.Open, { command, isNamed, policies, tenant, timeout }: Wanted) {
    const pipelines = yield* (yield* Plugins).pipelines
    const runs = yield* at(NotKnown.lastRuns(session, pipelines))
    const seen = tenant === undefined ? runs : runs.filter((run) => run.tenant === tenant)
    const unknown = yield* at(NotKnown.find(session, pipelines, seen, tenant))
    const run = seen.map(({ pipeline }) => pipeline)
    /** The first name in the policy that only other tenants have. */
    const unread = (policy: Policies.Policy) =>
      [...new Set(seen.map(({ tenant }) => tenant))].flatMap((tenant) => {
        const own = seen.filter((run) => run.tenant === tenant).map(({ pipeline }) => pipeline)
        return NotExtracted.missingIn(policy.sql, pipelines, own).map(({ name }) =>
          `${name} was never read of ${tenant}`
        )
      })[0]
    const verdicts = yield* Effect.forEach(policies, (policy) => {
      // nobody has to run every pipeline, but a policy that was named or written by the user is never passed over
      const mayBeLeftOut = policy.isBuiltIn && !isNamed
      const [missing] = NotExtracted.missingIn(policy.sql, pipelines, run)
      if (missing !== undefined && mayBeLeftOut) {
        return Effect.succeed(Policies.unjudged(policy, "left out", missing.sentence(command)))
      }
      return Effect.map(Policies.judge(session, unknown, policy, timeout), (verdict) => {
        const why = verdict.verdict === "kept" ? unread(policy) : undefined
        return why === undefined
          ? verdict
          : Policies.unjudged(policy, mayBeLeftOut ? "left out" : "cannot be told", why)
      })
    })
    return { seen, unknown, verdicts }
  }
)
