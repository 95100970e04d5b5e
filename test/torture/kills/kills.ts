/** K1: the program is killed at a random time. */
import * as NodeServices from "@effect/platform-node/NodeServices"
import { Effect } from "effect"
import { readdirSync } from "node:fs"
import { Dice, type NonEmpty } from "../../../src/emulator/people/Dice.ts"
import { type Case, repeat } from "../Case.ts"
import { pass, seen } from "../support/Moment.ts"
import * as Site from "../support/Site.ts"

/** Half of the kills are in runs without the slowest sinks. */
const combinations: NonEmpty<ReadonlyArray<string>> = [
  ["duckdb", "ndjson"],
  ["duckdb", "ndjson", "csv"],
  ["ndjson", "csv"],
  ["parquet", "csv"],
  ["duckdb", "parquet", "ndjson", "csv"]
]

const all = ["duckdb", "parquet", "ndjson", "csv"]

const names = (directory: string) => readdirSync(directory, { recursive: true, encoding: "utf8" })

/** The stage that a killed run had reached, judged by its files. */
const stageOf = (data: string, before: ReadonlyArray<string>) => {
  const fresh = names(data).filter((name) => !before.includes(name))
  const sealed = fresh.some((name) => name.endsWith(".json.sealed"))
  if (fresh.some((name) => name.endsWith(".json"))) return "published"
  if (sealed) return "publishing"
  if (!fresh.some((name) => name.endsWith(".json.open"))) return "starting"
  return fresh.some((name) => /(current\.\w+|scratch|ledger)\.([^.]*\.part|duckdb)$/.test(name)) ? "sealing" : "staging"
}

/** All stages. After so many kills, each must have been hit. */
const none = { starting: 0, staging: 0, sealing: 0, publishing: 0, published: 0 }
const enough = 500

/**
 * Three quarters of the kills come at any time of a run. The others come just after a manifest appears, so that even
 * stages of a few milliseconds are hit. Half of the time the run is recovered at once, otherwise by the next start,
 * which may be killed too.
 */
const killed = (site: Site.Site, life: { milliseconds: number }) => (seed: number) =>
  Effect.gen(function*() {
    const dice = new Dice(seed)
    // begin again, because checking many runs takes longer than making one
    if (seed % 25 === 0) yield* site.reset
    const before = names(site.data)
    const began = performance.now()
    const { child, ended } = site.begin(Site.extracting(dice.pick(combinations), Site.users))
    yield* Effect.promise(async () => {
      const how = dice.below(8)
      if (how === 6) await seen(site.data, ".open", ended)
      if (how === 7) await seen(site.data, ".sealed", ended)
      const longest = how === 7 ? 20 : how === 6 ? life.milliseconds / 2 : life.milliseconds * 1.1
      await Promise.race([pass(dice.below(Math.ceil(longest * 100)) / 100), ended])
    })
    child.kill("SIGKILL")
    const { code, ...output } = yield* Effect.promise(() => ended)
    if (code === 0) life.milliseconds += (performance.now() - began - life.milliseconds) / 4
    const stage = stageOf(site.data, before)
    yield* site.look({ ended: { code, ...output }, codes: [null, 0], recovered: false })
    if (dice.chance(50)) {
      yield* site.recover
      yield* site.settle({})
    }
    return { [code === 0 ? "too late" : stage]: 1 }
  })

export const cases: ReadonlyArray<Case> = [{
  id: "K1",
  fault: "SIGKILL at a random time",
  expected: "the outputs are those of the last run or of one whole newer run; the next run recovers",
  n: { test: 3, torture: 1000 },
  // with these seeds, one kill comes at any time, one while the run publishes, one while it stages
  seed: 4,
  run: (plan) =>
    Effect.gen(function*() {
      const site = yield* Site.make()
      const milliseconds = yield* site.life(all)
      yield* site.keep
      const reached = yield* repeat(plan, killed(site, { milliseconds }))
      yield* site.recover
      yield* site.settle({})
      const { "too late": _, ...stages } = reached
      return plan.n < enough ? stages : { ...none, ...stages }
    }).pipe(Effect.scoped, Effect.provide(NodeServices.layer))
}]
