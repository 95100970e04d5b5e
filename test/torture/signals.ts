/** K4: the program told to stop, at any time of its life, once or twice. */
import * as NodeServices from "@effect/platform-node/NodeServices"
import { assert } from "@effect/vitest"
import { Effect } from "effect"
import { Dice } from "../../src/emulator/people/Dice.ts"
import { type Case, repeat } from "./Case.ts"
import { pass, seen } from "./Moment.ts"
import * as Site from "./Site.ts"

const all = ["duckdb", "parquet", "ndjson", "csv"]

const codes = { SIGTERM: 143, SIGINT: 130 } as const

/** Milliseconds that stopping may take. */
const patience = 2000

/**
 * A third of the signals come when the run has just been sealed, and a third after it has begun. On a machine that is busy
 * with something else all takes longer: as much as a whole run took is allowed for that.
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
    const told = performance.now()
    child.kill(signal)
    if (isTwice) {
      yield* Effect.promise(() => Promise.race([pass(dice.below(100)), ended]))
      child.kill(signal)
    }
    const { code, ...said } = yield* Effect.promise(() => ended)
    const milliseconds = Math.round(performance.now() - told)
    if (code === 0) {
      yield* site.settle({ ended: { code, ...said } })
      return { finished: 1 }
    }
    assert.isBelow(milliseconds, patience + life, `after ${signal}: ${said.stderr}`)
    // the system ends a process that has not begun yet to listen
    if (code === null) assert.strictEqual(child.signalCode, signal)
    yield* site.look({ ended: { code, ...said }, codes: [codes[signal], null], recovered: true })
    assert.isFalse(site.isChanged(), said.stderr)
    return { [code === null ? "not begun" : isTwice ? "twice" : signal]: 1 }
  })

export const cases: ReadonlyArray<Case> = [{
  id: "K4",
  fault: "SIGTERM or SIGINT at a random time, also twice",
  expected: "ends within 2 s with 143 or 130, nothing is published, nothing is left",
  n: { test: 3, torture: 200 },
  // once when it is sealed, once and twice when it has begun
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
