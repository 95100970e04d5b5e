/** K2 and K3: the program is killed at its n-th call to the file system or to DuckDB, and while it publishes. */
import * as NodeServices from "@effect/platform-node/NodeServices"
import { assert } from "@effect/vitest"
import { Cause, Effect } from "effect"
import { readdirSync, readFileSync, rmSync } from "node:fs"
import { type Case, type Reached, repeat } from "../Case.ts"
import * as Site from "../support/Site.ts"

const all = ["duckdb", "parquet", "ndjson", "csv"]

/** Runs the program, kills it just before its n-th call, and recovers. The result is whether it made so many calls. */
const killedAt = Effect.fnUntraced(
  function*(site: Site.Site, args: ReadonlyArray<string>, n: number) {
    const ended = yield* site.run(args, { TORTURE_KILL: String(n) })
    yield* site.look({ ended, codes: [null, 0], recovered: false })
    yield* site.recover
    yield* site.settle({})
    return ended.code === null
  },
  (effect, _site, _args, n) =>
    Effect.mapError(Effect.sandbox(effect), (cause) => new Error(`call ${n}: ${Cause.pretty(cause)}`))
)

/** Kills a run at the n-th call for n = first, first + stride, … until a run has fewer calls; each time it recovers. */
const sweep = Effect.fnUntraced(
  function*(site: Site.Site, args: ReadonlyArray<string>, first: number, stride: number) {
    let kills = 0
    for (let n = first;; n += stride) {
      yield* site.reset
      const wasKilled = yield* killedAt(site, args, n)
      if (!wasKilled) return kills
      kills++
    }
  }
)

const states = (site: Site.Site, state: string) =>
  readdirSync(`${site.data}/runs`).filter((name) => name.endsWith(state)).length

/** The number of renames when all sinks and the manifest are published. */
const publishing = 19

/** The number of renames of a run before its manifest is sealed. */
const renamesBefore = Effect.fnUntraced(function*(site: Site.Site) {
  const file = `${site.folder}/calls`
  yield* site.run(Site.extracting(all, Site.users), { TORTURE_COUNT: file })
  const renames = readFileSync(file, "utf8").split("\n").filter((call) => call === "rename").length
  rmSync(file)
  yield* site.reset
  return renames - publishing
})

/** Makes a run and kills it just before the k-th rename of publishing. */
const cutAt = Effect.fnUntraced(function*(site: Site.Site, before: number, k: number) {
  yield* site.reset
  const cut = yield* site.run(Site.extracting(all, Site.users), { TORTURE_KILL: `${before + k} rename` })
  assert.strictEqual(cut.code, null, cut.stderr)
  assert.strictEqual(states(site, ".sealed"), 1)
  yield* site.look({ ended: cut, codes: [null], recovered: false })
})

/**
 * Takes a run that was killed before or while it published, and kills the next run too, which publishes the first. Then
 * another start publishes the rest. Every tenth time this is a process, and `verify` is run.
 */
const between = (site: Site.Site, before: number, sealed: Site.Copy) => (seed: number) =>
  Effect.gen(function*() {
    if (seed % 4 === 0) yield* cutAt(site, before, 1 + Math.floor(seed / 4) % publishing)
    else yield* sealed.back
    const again = yield* site.run(Site.extracting(["ndjson"], Site.users), {
      TORTURE_KILL: `${1 + seed % publishing} rename`
    })
    assert.strictEqual(again.code, null, again.stderr)
    yield* site.look({ ended: again, codes: [null], recovered: false })
    if (seed % 10 > 0) {
      yield* site.recover
      yield* site.settle({})
      return { "killed while publishing": 1 }
    }
    const next = yield* site.run(Site.extracting(["ndjson"], Site.users))
    yield* site.settle({ ended: next })
    const verified = yield* site.run(["verify"])
    assert.strictEqual(verified.code, 0, verified.stdout)
    return { "killed while publishing": 1, verified: 1 }
  })

export const cases: ReadonlyArray<Case> = [
  {
    id: "K2",
    fault: "SIGKILL at the n-th call to the file system or to DuckDB, for every n",
    expected:
      "the outputs are those of the last run or of one whole newer run; the next run recovers (`make test`: every 200th n)",
    n: { test: 1, torture: 1000 },
    seed: 90,
    run: ({ n, seed }) =>
      Effect.gen(function*() {
        const stride = n < 100 ? 200 : 1
        const fresh = yield* Site.make()
        yield* fresh.keep
        const first = yield* sweep(fresh, Site.extracting(["ndjson"], Site.users), 1 + seed % stride, stride)
        const site = yield* Site.make()
        yield* site.good(all)
        yield* site.keep
        const kills = yield* sweep(site, Site.extracting(all, Site.users), 1 + seed % stride, stride)
        return { "kills of a first run": first, kills } satisfies Reached
      }).pipe(Effect.scoped, Effect.provide(NodeServices.layer))
  },
  {
    id: "K3",
    fault: "SIGKILL while a run publishes",
    expected: "the next run publishes the rest, as the sealed manifest says; verify finds no difference",
    n: { test: 1, torture: 200 },
    run: (plan) =>
      Effect.gen(function*() {
        const site = yield* Site.make()
        yield* site.good(all)
        yield* site.keep
        const before = yield* renamesBefore(site)
        yield* cutAt(site, before, 1)
        const sealed = yield* site.copied
        return yield* repeat(plan, between(site, before, sealed))
      }).pipe(Effect.scoped, Effect.provide(NodeServices.layer))
  }
]
