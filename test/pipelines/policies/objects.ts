/** Policies, applications and the summary as Duo would send them, and the rows that the pipelines make of them. */
import { Effect, Result } from "effect"
import integrations from "../../../pipelines/integrations.ts"
import policies from "../../../pipelines/policies.ts"
import * as DuoPolicies from "../../../src/duo/list/DuoPolicies.ts"
import * as Integrations from "../../../src/duo/list/Integrations.ts"
import * as PolicySummaries from "../../../src/duo/list/PolicySummaries.ts"
import { decodePolicies } from "../../../src/duo/wire/policy/DuoPolicy.ts"
import { decodeIntegrations } from "../../../src/duo/wire/policy/Integration.ts"
import { decodeSummary } from "../../../src/duo/wire/policy/PolicySummary.ts"
import { make } from "../../support/pipeline-rows.ts"

export const stamp = { run_id: "run", observed_at: 1_795_464_900_000_000n, tenant: "api-00000000.duosecurity.com" }

export interface Sent {
  readonly policies: ReadonlyArray<unknown>
  readonly integrations?: ReadonlyArray<unknown>
  /** The policies of the summary. */
  readonly summaries?: ReadonlyArray<unknown>
  /** Whether the summary is proved complete. */
  readonly isWhole?: boolean
}

/** The objects as they are read. */
export const decode = ({ integrations = [], policies, summaries = [] }: Sent) => ({
  policies: Result.getOrThrow(decodePolicies(policies)),
  integrations: Result.getOrThrow(decodeIntegrations(integrations)),
  summaries: Result.getOrThrow(decodeSummary({ policies: summaries }))
})

/** The rows and sentences of the pipeline `policies`. */
export const ofPolicies = (...sent: ReadonlyArray<unknown>) =>
  make(policies, stamp, [{ list: DuoPolicies.list, objects: decode({ policies: sent }).policies.values }])

/** The rows and sentences of the pipeline `integrations`. */
export const ofIntegrations = (sent: Sent) =>
  Effect.suspend(() => {
    const decoded = decode(sent)
    return make(integrations, stamp, [
      { list: Integrations.list, objects: decoded.integrations.values },
      { list: DuoPolicies.list, objects: decoded.policies.values },
      {
        list: PolicySummaries.list,
        objects: decoded.summaries.values.flatMap(({ policies }) => policies),
        isWhole: sent.isWhole ?? true
      }
    ])
  })

/** A policy that sets these sections. */
export const policy = (policy_key: string, sections: unknown, more: object = {}) => ({
  policy_key,
  policy_name: `Policy ${policy_key}`,
  is_global_policy: policy_key === "POGLOBAL",
  sections,
  ...more
})

/** A section with lists of methods. */
export const methods = (allowed_auth_list: unknown, blocked_auth_list: unknown, more: object = {}) => ({
  authentication_methods: { allowed_auth_list, blocked_auth_list, ...more }
})
