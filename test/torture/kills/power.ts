/** K5: the power fails while the program runs. */
import * as NodeServices from "@effect/platform-node/NodeServices"
import { assert } from "@effect/vitest"
import { Effect, FileSystem } from "effect"
import { Dice } from "../../../src/emulator/people/Dice.ts"
import { type Case, repeat } from "../Case.ts"
import * as PowerLoss from "../support/PowerLoss.ts"
import * as Site from "../support/Site.ts"

const all = ["duckdb", "parquet", "ndjson", "csv"]

/** About the number of calls of a run. */
const calls = 250

const renames = 20
const syncs = 50

/** A third of the power cuts come at any call, the others at renames and flushes, whose order matters most. */
const momentOf = (dice: Dice) =>
  dice.pick([`${1 + dice.below(calls)}`, `${1 + dice.below(renames)} rename`, `${1 + dice.below(syncs)} fsync`])

/**
 * In half of the power cuts, names in directories are lost too. A third of them come in a first run, and a quarter just
 * after the previous run was published.
 */
const outage = (site: Site.Site, fresh: Site.Site, disk: string) => (seed: number) =>
  Effect.gen(function*() {
    const dice = new Dice(seed)
    const isFirst = dice.below(3) === 0
    const { begin, folder, look, recover, reset, settle } = isFirst ? fresh : site
    yield* reset
    PowerLoss.noteAll(disk, folder)
    const args = Site.extracting(isFirst ? ["ndjson", "parquet"] : all, Site.users)
    if (dice.chance(25)) {
      const whole = yield* Effect.promise(() => begin(args, { TORTURE_DISK: disk }).ended)
      assert.strictEqual(whole.code, 0, whole.stderr)
    }
    const { ended } = begin(args, { TORTURE_KILL: momentOf(dice), TORTURE_DISK: disk })
    const { code, ...output } = yield* Effect.promise(() => ended)
    const names = Math.floor(seed / 2) % 2 === 1
    const lost = PowerLoss.cut(disk, folder, names)
    yield* look({ ended: { code, ...output }, codes: [null, 0], recovered: false })
    yield* recover
    yield* settle({})
    return { [names ? "names lost" : "contents lost"]: lost }
  })

export const cases: ReadonlyArray<Case> = [{
  id: "K5",
  fault: "a power cut: everything that was not flushed to the disk is lost",
  expected: "the outputs are those of the last run or of one whole newer run; the next run recovers",
  n: { test: 2, torture: 60 },
  // with these seeds, names are lost, and then contents in a second run
  seed: 3,
  run: (plan) =>
    Effect.gen(function*() {
      const fs = yield* FileSystem.FileSystem
      const site = yield* Site.make()
      yield* site.good(all)
      yield* site.keep
      const fresh = yield* Site.make()
      yield* fresh.keep
      const disk = yield* fs.makeTempDirectoryScoped({ prefix: "duo-mfa-torture-" })
      return yield* repeat(plan, outage(site, fresh, disk))
    }).pipe(Effect.scoped, Effect.provide(NodeServices.layer))
}]
