/** D6: several runs at once in one data directory. */
import * as NodeServices from "@effect/platform-node/NodeServices"
import { assert } from "@effect/vitest"
import { Effect, Fiber } from "effect"
import { TestClock } from "effect/testing"
import { type Case, type Reached, repeat } from "../Case.ts"
import { pass } from "../support/Moment.ts"
import * as Site from "../support/Site.ts"

const counts = [2, 5, 10]

/** The longest time in milliseconds from the first run that gives up to the last, on a machine that is not busy. */
const apart = 1000

/** After so many milliseconds, no run will give up any more. */
const patience = 60_000

/**
 * The tenant does not answer until all runs except one have ended, so the one that works cannot be finished before
 * another begins. The directory is empty, so that the runs also compete to make the lock.
 */
const race = (site: Site.Site) => (seed: number) =>
  Effect.gen(function*() {
    yield* site.reset
    const count = counts[seed % counts.length] ?? 2
    const began = performance.now()
    const runs = Array.from({ length: count }, () => site.begin(Site.extracting(["ndjson"], Site.users)))
    const ends = yield* Effect.forEach(runs, ({ child, ended }) =>
      Effect.forkChild(Effect.promise(async () => {
        const end = await ended
        return { ...end, pid: child.pid, at: performance.now() - began }
      })))
    yield* Effect.addFinalizer(() => Effect.sync(() => runs.forEach(({ child }) => child.kill("SIGKILL"))))
    const alone = new Promise<boolean>((resolve) => {
      let left = count - 1
      for (const { ended } of runs) void ended.then(() => --left === 0 ? resolve(true) : undefined)
    })
    const isAlone = yield* Effect.promise(() => Promise.race([alone, pass(patience).then(() => false)]))
    assert.isTrue(isAlone, "more than one works")
    const winner = runs.find(({ child }) => child.exitCode === null)?.child.pid
    const working = yield* Effect.forkChild(Effect.forever(answer(site)))
    const ended = yield* Effect.forEach(ends, Fiber.join)
    yield* Fiber.interrupt(working)
    const losers = ended.filter(({ pid }) => pid !== winner)
    for (const { code, stderr } of losers) {
      assert.strictEqual(code, 75, stderr)
      assert.include(stderr, `process ${winner}`)
    }
    const times = losers.map(({ at }) => at)
    assert.isBelow(Math.max(...times) - Math.min(...times), apart * count)
    for (const loser of losers) yield* site.look({ ended: loser, codes: [75], recovered: false })
    const won = ended.find(({ pid }) => pid === winner)
    assert.isDefined(won)
    yield* site.settle(won === undefined ? {} : { ended: won })
    return { refused: losers.length, [`${count} at once`]: 1 } satisfies Reached
  }).pipe(Effect.scoped)

/** Lets a second pass, after which the tenant answers, if a run waits for an answer. */
const answer = ({ duo }: Site.Site) =>
  Effect.andThen(
    Effect.promise(() => pass(5)),
    Effect.suspend(() =>
      duo.requests.some(({ status }) => status === null) ? TestClock.adjust("1 second") : Effect.void
    )
  )

export const cases: ReadonlyArray<Case> = [{
  id: "D6",
  fault: "2, 5 or 10 runs at the same time",
  expected: "one works; the others end at once with 75 and name its process",
  n: { test: 1, torture: 20 },
  run: (plan) =>
    Effect.gen(function*() {
      yield* TestClock.setTime(Date.now())
      const site = yield* Site.make({ latency: 1000 })
      yield* site.keep
      return yield* repeat(plan, race(site))
    }).pipe(Effect.scoped, Effect.provide([NodeServices.layer, TestClock.layer()]))
}]
