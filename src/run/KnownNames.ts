/** The names under which tenants were published. One API host must not have two, or its users would count twice. */
import { Effect } from "effect"
import type { Pipeline } from "../Pipeline.ts"
import type { Manifests } from "./publish/Manifest.ts"
import { KnownAs, RunError } from "./RunError.ts"

/** The names of the tenants of a pipeline that are not retired. */
export const read = Effect.fnUntraced(function*(manifests: Manifests, pipeline: Pipeline) {
  const names = new Map<string, Set<string>>()
  for (const { host, retired, tenant, ...run } of yield* manifests.newestOfAll) {
    if (run.pipeline === pipeline.name && !retired) names.set(host, (names.get(host) ?? new Set()).add(tenant))
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
