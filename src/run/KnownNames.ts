/** The names under which tenants were published recently. One API host must not have two, or its users would count twice. */
import { Effect } from "effect"
import type { Outcome } from "../Outcome.ts"
import type { Pipeline } from "../Pipeline.ts"
import type { Manifests } from "./publish/Manifest.ts"
import { KnownAs, RunError } from "./RunError.ts"

/** Whether a tenant is retired: its newest run asked nobody and has no rows. */
export const isRetired = ({ requests, rows }: Pick<Outcome, "requests" | "rows">) =>
  requests === 0 && Object.values(rows).every((count) => count === 0)

/** The names of the tenants of a pipeline that are not retired. */
export const read = Effect.fnUntraced(function*(manifests: Manifests, pipeline: Pipeline) {
  const names = new Map<string, Set<string>>()
  const seen = new Set<string>()
  for (const outcome of yield* manifests.recent) {
    if (outcome.pipeline !== pipeline.name || seen.has(outcome.tenant)) continue
    seen.add(outcome.tenant)
    if (isRetired(outcome)) continue
    const host = outcome.host ?? outcome.tenant
    names.set(host, (names.get(host) ?? new Set()).add(outcome.tenant))
  }
  /** Another name under which the host was published; undefined if there is none. */
  const other = (name: string, host: string) => {
    const known = names.get(host) ?? new Set()
    return known.has(name) ? undefined : [...known][0]
  }
  return {
    all: [...new Set([...names.values()].flatMap((known) => [...known]))],
    other,
    /** Fails if the host was published under another name. */
    refuseOther: (tenant: string, host: string) => {
      const known = other(tenant, host)
      return known === undefined
        ? Effect.void
        : Effect.fail(new RunError({ reason: new KnownAs({ tenant, host, known }) }))
    }
  }
})
