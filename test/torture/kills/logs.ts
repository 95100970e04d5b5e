/** L4: a run of a log is killed at some call to the file system or to DuckDB. */
import * as NodeServices from "@effect/platform-node/NodeServices"
import { assert } from "@effect/vitest"
import { Effect, FileSystem } from "effect"
import { existsSync, readdirSync, readFileSync, rmSync } from "node:fs"
import * as LoginLog from "../../../src/emulator/log/LoginLog.ts"
import { Dice } from "../../../src/emulator/people/Dice.ts"
import * as Tenant from "../../../src/emulator/people/Tenant.ts"
import { serve } from "../../../src/emulator/server/Emulator.ts"
import { bundle } from "../../support/processes/bundle.ts"
import { query, settings, start } from "../../support/processes/program.ts"
import { type Case, type Reached, repeat } from "../Case.ts"

const day = 86_400_000

/** A log of three days, and a function that reads it in a process of its own. */
const make = Effect.gen(function*() {
  const { compiled, entry } = yield* bundle
  const folder = yield* (yield* FileSystem.FileSystem).makeTempDirectoryScoped({ prefix: "duo-mfa-torture-" })
  const today = Math.floor(Date.now() / day)
  const log = LoginLog.make({
    people: "hostile",
    seed: 7,
    users: LoginLog.usersOf(Tenant.make({ people: "hostile", users: 20 })),
    perDay: (on) => on < today && on >= today - 3 ? 400 : 0,
    latePercent: 0
  })
  const duo = yield* serve({ people: "hostile", users: 0, log })
  const [from, to] = [today - 3, today].map((on) => new Date(on * day).toISOString().slice(0, 10))
  const extract = (env: Readonly<Record<string, string>> = {}) =>
    Effect.promise(() =>
      start(
        folder,
        ["extract", "auth", "--from", from ?? "", "--to", to ?? "", "--sink", "duckdb", "--sink", "parquet"],
        { NODE_COMPILE_CACHE: compiled, ...settings(duo), ...env },
        [
          "--disable-warning=ExperimentalWarning",
          ...Object.keys(env).length === 0 ? [] : ["--import", `${import.meta.dirname}/preload.ts`],
          entry
        ]
      ).ended
    )
  const whole = { from: (today - 3) * day, to: today * day, now: Date.now() }
  return { folder, extract, events: log.count(whole) }
})

/** Kills a command that reads three days, and runs it again. */
const killed = ({ events, extract, folder }: Effect.Success<typeof make>, calls: number) => (seed: number) =>
  Effect.gen(function*() {
    const data = `${folder}/data`
    rmSync(data, { recursive: true, force: true })
    const at = 1 + new Dice(seed).below(calls)
    const cut = yield* extract({ TORTURE_KILL: String(at) })
    const left = existsSync(`${data}/runs`) ? readdirSync(`${data}/runs`) : []
    const again = yield* extract()
    assert.strictEqual(again.code, 0, again.stderr)
    const files = `'${data}/parquet/authentications/*/*.parquet'`
    const [found] = yield* query(
      `SELECT count(*)::INTEGER AS n, count(DISTINCT (txid, occurred_at))::INTEGER AS keys FROM ${files}`
    )
    assert.deepStrictEqual([found?.["n"], found?.["keys"]], [events, events])
    const uses = yield* query(
      `ATTACH '${data}/duo.duckdb' AS ledger (READ_ONLY); SELECT sum(uses)::INTEGER AS uses FROM ledger.factor_uses`
    )
    assert.strictEqual(uses[0]?.["uses"], events)
    const reached: Reached = {
      killed: cut.code === null ? 1 : 0,
      "some runs were published": left.some((name) => name.endsWith(".json")) ? 1 : 0
    }
    return reached
  })

const kills = (plan: { readonly n: number; readonly seed: number }) =>
  Effect.gen(function*() {
    const site = yield* make
    const count = `${site.folder}/calls`
    const whole = yield* site.extract({ TORTURE_COUNT: count })
    assert.strictEqual(whole.code, 0, whole.stderr)
    return yield* repeat(plan, killed(site, readFileSync(count, "utf8").trimEnd().split("\n").length))
  }).pipe(Effect.scoped, Effect.provide(NodeServices.layer))

export const cases: ReadonlyArray<Case> = [
  {
    id: "L4",
    fault: "the process is killed at any call while it reads three days of a log",
    expected: "whole days are published or absent; the next command reads the rest, and no event is lost or doubled",
    n: { test: 3, torture: 60 },
    run: kills
  }
]
