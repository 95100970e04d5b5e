/** Makes the stamp of a run, which every row has: the run's id, its instant and its tenant. */
import { Clock, Effect, Random } from "effect"
import type { Source } from "../Pipeline.ts"
import { instantOf } from "../RunId.ts"
import type { Stamp } from "../Table.ts"

/**
 * A new stamp. If the clock was set back, the run still sorts after all earlier runs: its instant is one millisecond
 * after the last one. It cannot be far from the true time, because Duo refuses requests if the clock is off by more
 * than minutes.
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

/** The stamp of the recorded run if the source is a recording, otherwise a new stamp. */
export const stampFor = ({ recorded, tenant }: Source, before: ReadonlyArray<string>): Effect.Effect<Stamp> =>
  recorded === undefined ? newStamp(tenant, before) : Effect.succeed({ ...recorded, tenant })
