/** A case of the torture matrix: a fault, what must be true afterwards, and how often it is tried. */
import { Cause, Effect } from "effect"

/**
 * How often each fault of a case happened. A case fails if one of its faults never happened, because it proved nothing.
 */
export type Reached = Readonly<Record<string, number>>

export interface Plan {
  /** Repetitions. A case that is a table tries the whole table, whatever the number. */
  readonly n: number
  /** The seed of the first repetition. The next one has the next seed, so that each can be run alone. */
  readonly seed: number
}

export interface Case {
  /** The name on the command line, such as `K1`. */
  readonly id: string
  readonly fault: string
  /** What must be true afterwards. */
  readonly expected: string
  /** Repetitions in `make test` and in `make torture`. */
  readonly n: { readonly test: number; readonly torture: number }
  /** The first seed in `make test`, chosen so that few repetitions reach every fault; 1 if not given. */
  readonly seed?: number
  readonly run: (plan: Plan) => Effect.Effect<Reached, unknown>
}

/** Adds up how often each fault happened. */
export const sum = (all: ReadonlyArray<Reached>): Reached => {
  const total: Record<string, number> = {}
  for (const reached of all) {
    for (const [name, times] of Object.entries(reached)) total[name] = (total[name] ?? 0) + times
  }
  return total
}

/** A failure, with the repetition in which it happened. */
export class Failed extends Error {
  constructor(seed: number, what: string) {
    super(`SEED=${seed} N=1: ${what}`)
  }
}

/** Runs the repetitions one after another, each with its own seed. */
export const repeat = <E, R>(plan: Plan, once: (seed: number) => Effect.Effect<Reached, E, R>) =>
  Effect.map(
    Effect.forEach(
      Array.from({ length: plan.n }, (_, index) => plan.seed + index),
      (seed) => Effect.sandbox(once(seed)).pipe(Effect.mapError((cause) => new Failed(seed, Cause.pretty(cause))))
    ),
    sum
  )
