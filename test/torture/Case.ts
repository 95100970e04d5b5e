/** A row of the torture matrix as data: the fault, what must be true afterwards, and how often it is tried. */
import { Cause, Effect } from "effect"

/** How often each fault of a case was reached. A fault that was never reached proves nothing, and fails the case. */
export type Reached = Readonly<Record<string, number>>

export interface Plan {
  /** Repetitions; a case that is a table or a sweep goes through all of it whatever is said here. */
  readonly n: number
  /** The first repetition's; the next one's is one more, so that any of them can be had alone. */
  readonly seed: number
}

export interface Case {
  /** `K1`: what it is called on the command line. */
  readonly id: string
  readonly fault: string
  /** What must be true afterwards. */
  readonly expected: string
  /** Repetitions in `make test` and in `make torture`. */
  readonly n: { readonly test: number; readonly torture: number }
  /** Where few repetitions begin so that they reach all that there is to reach; 1 if it is not said. */
  readonly seed?: number
  readonly run: (plan: Plan) => Effect.Effect<Reached, unknown>
}

/** Adds up what was reached. */
export const sum = (all: ReadonlyArray<Reached>): Reached => {
  const total: Record<string, number> = {}
  for (const reached of all) {
    for (const [name, times] of Object.entries(reached)) total[name] = (total[name] ?? 0) + times
  }
  return total
}

/** What failed, and the repetition that it failed in. */
export class Failed extends Error {
  constructor(seed: number, what: string) {
    super(`SEED=${seed} N=1: ${what}`)
  }
}

/** Tries something once for each repetition, one after another, each with a seed of its own. */
export const repeat = <E, R>(plan: Plan, once: (seed: number) => Effect.Effect<Reached, E, R>) =>
  Effect.map(
    Effect.forEach(
      Array.from({ length: plan.n }, (_, index) => plan.seed + index),
      (seed) => Effect.sandbox(once(seed)).pipe(Effect.mapError((cause) => new Failed(seed, Cause.pretty(cause))))
    ),
    sum
  )
