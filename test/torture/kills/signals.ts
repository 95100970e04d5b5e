/** K4: the program gets one or two signals to stop, at a random time. */
import * as NodeServices from "@effect/platform-node/NodeServices"
import { assert } from "@effect/vitest"
import { Effect } from "effect"
import { Dice } from "../../../src/emulator/people/Dice.ts"
import { type Case, repeat } from "../Case.ts"
import { pass, seen } from "../support/Moment.ts"
import * as Site from "../support/Site.ts"

const all = ["duckdb", "parquet", "ndjson", "csv"]

const codes = { SIGTERM: 143, SIGINT: 130 } as const

/** The longest time in milliseconds that stopping may take. */
const patience = 2000

/**
 * A third of the signals come when the run has just been sealed, and a third just after it has begun. On a busy machine
 * stopping takes longer, so the time of a whole run is added to the limit.
 */
const stopped = (site: Site.Site, life: number) => (seed: number) =>
  Effect.gen(function*() {
    const dice = new Dice(seed)
    const signal = dice.chance(50) ? "SIGTERM" : "SIGINT"
    const isTwice = dice.chance(30)
    yield* site.reset
    const { child, ended } = site.begin(Site.extracting(all, Site.users))
    yield* Effect.promise(async () => {
      const when = dice.below(3)
      if (when < 2) await seen(site.data, when === 0 ? ".sealed" : ".open", ended)
      await Promise.race([pass(dice.below([20, Math.ceil(life / 4)][when] ?? Math.ceil(life))), ended])
    })
    const signalled = performance.now()
    child.kill(signal)
    if (isTwice) {
      yield* Effect.promise(() => Promise.race([pass(dice.below(100)), ended]))
      child.kill(signal)
    }
    const { code, ...output } = yield* Effect.promise(() => ended)
    const milliseconds = Math.round(performance.now() - signalled)
    if (code === 0) {
      yield* site.settle({ ended: { code, ...output } })
      return { finished: 1 }
    }
    assert.isBelow(milliseconds, patience + life, `after ${signal}: ${output.stderr}`)
    // the system ends a process that does not handle signals yet
    if (code === null) assert.strictEqual(child.signalCode, signal)
    yield* site.look({ ended: { code, ...output }, codes: [codes[signal], null], recovered: true })
    assert.isFalse(site.isChanged(), output.stderr)
    return { [code === null ? "not begun" : isTwice ? "twice" : signal]: 1 }
  })

export const cases: ReadonlyArray<Case> = [{
  id: "K4",
  fault: "SIGTERM or SIGINT at a random time, once or twice",
  expected: "it ends within 2 s with 143 or 130, publishes nothing, and leaves no files",
  n: { test: 3, torture: 200 },
  // with these seeds: one signal after it was sealed, one and two after it has begun
  seed: 15,
  run: (plan) =>
    Effect.gen(function*() {
      const site = yield* Site.make()
      const life = yield* site.life(all)
      yield* site.keep
      const { finished: _, "not begun": __, ...reached } = yield* repeat(plan, stopped(site, life))
      return reached
    }).pipe(Effect.scoped, Effect.provide(NodeServices.layer))
}]
