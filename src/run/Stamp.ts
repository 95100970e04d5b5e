/** What every row of a run carries: the run's id, its instant and its tenant. */
import { Clock, Effect, Random } from "effect"
import type { Source } from "../Pipeline.ts"
import { instantOf } from "../RunId.ts"
import type { Stamp } from "../Table.ts"

/**
 * A stamp that no run has had. If the clock was set back, a run still sorts after the runs before it: its instant is one
 * millisecond after theirs. That cannot lead far astray, for Duo refuses a clock that is off by more than minutes.
 */
export const newStamp = Effect.fnUntraced(function*(
  tenant: string,
  before: ReadonlyArray<string>
): Effect.fn.Return<Stamp> {
  const instants = before.map(instantOf).filter(Number.isFinite)
  const last = instants.reduce((a, b) => Math.max(a, b), 0)
  const instant = Math.max(yield* Clock.currentTimeMillis, last + 1)
  const suffix = yield* Random.nextIntBetween(0, 0x1000000)
  return {
    run_id: `${new Date(instant).toISOString().replace(/[-:.]/g, "")}-${suffix.toString(16).padStart(6, "0")}`,
    observed_at: BigInt(instant) * 1000n,
    tenant
  }
})

/** The run's own, or that of the run whose record it is done again from. */
export const stampFor = ({ recorded, tenant }: Source, before: ReadonlyArray<string>): Effect.Effect<Stamp> =>
  recorded === undefined ? newStamp(tenant, before) : Effect.succeed({ ...recorded, tenant })
