/** T1: a round of many tenants is killed at some call to the file system or to DuckDB. */
import * as NodeServices from "@effect/platform-node/NodeServices"
import { assert } from "@effect/vitest"
import { Effect, FileSystem } from "effect"
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { Dice } from "../../../src/emulator/people/Dice.ts"
import { serve } from "../../../src/emulator/server/Emulator.ts"
import { bundle } from "../../support/processes/bundle.ts"
import { start } from "../../support/processes/program.ts"
import * as readers from "../../support/readers.ts"
import { type Case, type Reached, repeat } from "../Case.ts"

const users = 12
const names = ["one", "two", "three", "four", "five", "six"]

/** A folder with the file of six emulated tenants, and a function that runs a round there. */
const make = Effect.gen(function*() {
  const { compiled, entry } = yield* bundle
  const fs = yield* FileSystem.FileSystem
  const folder = yield* fs.makeTempDirectoryScoped({ prefix: "duo-mfa-torture-" })
  const lines = yield* Effect.forEach(
    names,
    Effect.fnUntraced(function*(name, index) {
      const { host, ikey, skey } = yield* serve({ people: "hostile", users, seed: index + 1 })
      writeFileSync(`${folder}/${name}.key`, skey, { mode: 0o600 })
      return JSON.stringify({ name, host, ikey, skey_file: `${name}.key` })
    })
  )
  writeFileSync(`${folder}/tenants.ndjson`, lines.join("\n"))
  const round = (env: Readonly<Record<string, string>> = {}) =>
    Effect.promise(() =>
      start(
        folder,
        ["extract", "--tenants", "tenants.ndjson", "--at-once", "2", "--sink", "duckdb", "--sink", "parquet"],
        { NODE_COMPILE_CACHE: compiled, DUO_INSECURE_LOOPBACK: "1", ...env },
        [
          "--disable-warning=ExperimentalWarning",
          ...Object.keys(env).length === 0 ? [] : ["--import", `${import.meta.dirname}/preload.ts`],
          entry
        ]
      ).ended
    )
  return { folder, data: `${folder}/data`, round }
})

/** The numbers of users by tenant that a reader sees, and the ids of the runs. */
const look = Effect.fnUntraced(function*(data: string) {
  if (!existsSync(`${data}/duo.duckdb`)) return { seen: {}, runs: [] }
  const seen = yield* readers.query(`${data}/duo.duckdb`, "SELECT tenant, count(*)::INTEGER AS n FROM users GROUP BY 1")
  const runs = yield* readers.query(`${data}/duo.duckdb`, "SELECT run_id FROM runs")
  return {
    seen: Object.fromEntries(seen.map(({ n, tenant }) => [String(tenant), n])),
    runs: runs.map(({ run_id }) => String(run_id))
  }
})

const files = (data: string) => existsSync(`${data}/runs`) ? readdirSync(`${data}/runs`) : []

/** Kills a round, looks at what is there, and runs the round again. */
const killed = (site: Effect.Success<typeof make>, calls: number) => (seed: number) =>
  Effect.gen(function*() {
    const { data, round } = site
    rmSync(data, { recursive: true, force: true })
    const dice = new Dice(seed)
    const moments = [
      () => String(1 + dice.below(calls)),
      // the last fifth of the calls, in which the round is gathered and published
      () => String(calls - dice.below(Math.floor(calls / 5))),
      // one to five tenants are kept: the first rename is of another file
      () => `${3 + dice.below(names.length - 1)} rename`,
      () => String(calls - dice.below(Math.floor(calls / 5)))
    ]
    const cut = yield* round({ TORTURE_KILL: moments[seed % moments.length]?.() ?? "1" })
    const left = files(data)
    const { runs, seen } = yield* look(data)
    // every tenant is whole or absent, and so is the round
    assert.isTrue(Object.values(seen).every((count) => count === users), JSON.stringify(seen))
    assert.include([0, names.length], Object.keys(seen).length)
    const again = yield* round()
    assert.strictEqual(again.code, 0, again.stderr)
    const after = yield* look(data)
    assert.deepStrictEqual(after.seen, Object.fromEntries(names.map((name) => [name, users])))
    assert.lengthOf(new Set(after.runs), after.runs.length)
    assert.includeMembers(after.runs, runs)
    assert.isTrue(files(data).every((name) => name.endsWith(".json")), files(data).join())
    const waiting = left.filter((name) => name.endsWith(".read")).length
    const reached: Reached = {
      killed: cut.code === null ? 1 : 0,
      "while reading": waiting > 0 && waiting < names.length ? 1 : 0,
      "while gathering": left.some((name) => name.endsWith(".open")) && waiting === names.length ? 1 : 0
    }
    // a round that was sealed is published before the read runs are looked at
    const isSealed = left.some((name) => /\.json(\.sealed)?$/.test(name))
    if (waiting === names.length && !isSealed) {
      assert.include(again.stdout, "Published first, because an earlier round had read them")
    }
    return reached
  })

export const cases: ReadonlyArray<Case> = [{
  id: "T1",
  fault: "a round of six tenants is killed at some call to the file system or to DuckDB",
  expected: "every tenant is whole or absent, what was read is published by the next round, and nothing twice",
  n: { test: 4, torture: 50 },
  run: (plan) =>
    Effect.gen(function*() {
      const site = yield* make
      const count = `${site.folder}/calls`
      const whole = yield* site.round({ TORTURE_COUNT: count })
      assert.strictEqual(whole.code, 0, whole.stderr)
      const calls = readFileSync(count, "utf8").trimEnd().split("\n").length
      return yield* repeat(plan, killed(site, calls))
    }).pipe(Effect.scoped, Effect.provide(NodeServices.layer))
}]
