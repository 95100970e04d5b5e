/** Two pipelines in one data directory do not affect each other, in whatever order they run. */
import * as NodeServices from "@effect/platform-node/NodeServices"
import { afterAll, assert, beforeAll, describe, it } from "@effect/vitest"
import { Effect, type FileSystem, Random } from "effect"
import { cpSync, globSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import admins from "../../pipelines/admins.ts"
import auth from "../../pipelines/auth.ts"
import integrations from "../../pipelines/integrations.ts"
import mfa from "../../pipelines/mfa.ts"
import policies from "../../pipelines/policies.ts"
import * as NotExtracted from "../../src/cli/ask/NotExtracted.ts"
import * as Tenant from "../../src/emulator/people/Tenant.ts"
import { serve } from "../../src/emulator/server/Emulator.ts"
import type { Pipeline } from "../../src/Pipeline.ts"
import * as Lock from "../../src/run/publish/Lock.ts"
import { runAt } from "../known/ledger.ts"
import { codesOn, usersOn } from "../known/scene.ts"
import { command } from "../support/processes/command.ts"
import { contents, inFolder, program, settings } from "../support/processes/program.ts"
import * as readers from "../support/readers.ts"

const adminsOn = (day: number) =>
  [..."ABCDEFGH"].filter((_, n) => n !== day % 8).map((name) => ({
    admin_id: `DE${name}`,
    name: `Admin ${name}`,
    role: day > 3 ? "Owner" : "Help Desk",
    status: "Active",
    phone: `+1555010000${day}`,
    webauthncredentials: []
  }))

/** A run of a day. It has the same id in every folder. */
const runOn = (data: string, pipeline: Pipeline, day: number, hour: number) =>
  runAt(
    data,
    Date.UTC(2026, 10, day, hour),
    { tenant: Tenant.fromUsers(usersOn(day), codesOn(day), adminsOn(day)), port: 27_067 },
    undefined,
    pipeline
  ).pipe(Random.withSeed(`${pipeline.name} ${day} ${hour}`))

/** The first run in a directory draws a random number, so the ids of the runs would differ without this. */
const lock = (data: string) => {
  mkdirSync(data, { recursive: true })
  return Effect.scoped(Lock.acquire(data))
}

/** The days on which `mfa` runs. */
const days = [1, 3, 8]

/** `admins` runs before the first run of `mfa`, between two, on a day without one, and after the last. */
const between = [[1, 8], [3, 12], [6, 9], [9, 9]] as const

/** Contains three folders: `both` has the runs of both pipelines, and the others those of one pipeline. */
let folder = ""

beforeAll(async () => {
  folder = mkdtempSync(`${tmpdir()}/duo-mfa-pipelines-`)
  const runs = [
    ...days.map((day) => [mfa, day, 9] as const),
    ...between.map(([day, hour]) => [admins, day, hour] as const)
  ].toSorted(([_, a, b], [__, c, d]) => a - c || b - d)
  for (const [name, pipelines] of [["both", [mfa, admins]], ["mfa", [mfa]], ["admins", [admins]]] as const) {
    const data = `${folder}/${name}/data`
    const made = lock(data).pipe(Effect.andThen(Effect.forEach(
      runs.filter(([pipeline]) => pipelines.some((some) => some === pipeline)),
      ([pipeline, day, hour]) => runOn(data, pipeline, day, hour)
    )))
    await Effect.runPromise(made.pipe(Effect.provide(NodeServices.layer)))
  }
}, 120_000)

afterAll(() => rmSync(folder, { recursive: true }))

/** A copy of a folder. */
const inCopy = <A, E>(test: (copy: string) => Effect.Effect<A, E, FileSystem.FileSystem>) =>
  inFolder((copy) => {
    cpSync(folder, copy, { recursive: true })
    return test(copy)
  })

const instant = "'2026-11-04T10:00:00Z'::TIMESTAMPTZ"

const views = {
  mfa: [
    "mfa_events",
    "run_days",
    "coverage_daily",
    "coverage_by_group_daily",
    "tenants",
    "phone_systems",
    "users_at_risk",
    "method_mix",
    "time_to_enrol",
    "regressions"
  ]
}

/** The answers of all views and macros of one pipeline. */
const questionsOf = ({ name, tables }: Pipeline) => [
  `FROM runs WHERE pipeline = '${name}' ORDER BY ALL`,
  ...[
    ...tables.flatMap((table) => [table.name, `${table.name}_history`, `${table.name}_changes`]),
    ...tables.map((table) => `${table.name}_asof(${instant})`),
    ...name === "mfa" ? views.mfa : ["admins_at_risk"]
  ].map((from) => `FROM ${from} ORDER BY ALL`),
  ...name === "mfa"
    ? globSync("data/queries/*.sql").filter((file) => !file.endsWith("/runs.sql"))
      .map((file) => readFileSync(file, "utf8"))
      .filter((sql) => NotExtracted.missingIn(sql, [mfa, auth, integrations], [name]).length === 0)
    : []
]

const text = (rows: ReadonlyArray<Record<string, unknown>>) =>
  rows.map((row) => JSON.stringify(row, (_, value: unknown) => typeof value === "bigint" ? String(value) : value))

type Ask = (sql: string) => Effect.Effect<ReadonlyArray<Record<string, unknown>>>

const answers = (pipeline: Pipeline, ask: Ask) =>
  Effect.map(
    Effect.forEach(questionsOf(pipeline), (question) =>
      Effect.map(ask(question), (rows) => [question, text(rows)] as const)),
    (all): Readonly<Record<string, ReadonlyArray<string>>> =>
      Object.fromEntries(all)
  )

const ofLedger = (data: string, pipeline: Pipeline) =>
  readers.within(`${data}/duo.duckdb`, (ask) => answers(pipeline, ask))

/** The answers over Parquet: reads `views.sql` and sets the place of the files. */
const ofParquet = (data: string, pipeline: Pipeline) =>
  readers.inMemory(
    readFileSync(`${data}/parquet/views.sql`, "utf8").replaceAll(/'[^']*\/data\/parquet'/g, `'${data}/parquet'`),
    (ask) => answers(pipeline, ask)
  )

const both = [mfa, admins] as const

describe("two pipelines in one data directory", () => {
  it("share no table", () => {
    const all = [...both, policies, integrations, auth]
    const names = all.flatMap(({ tables }) => tables.map(({ name }) => name))
    assert.deepStrictEqual(all.map(({ name }) => `pipelines/${name}.ts`).sort(), globSync("pipelines/*.ts").sort())
    assert.strictEqual(new Set(names).size, names.length)
  })

  it.live("give the same answers as each pipeline alone, in the ledger and over Parquet", () =>
    inCopy(Effect.fnUntraced(function*(copy) {
      for (const pipeline of both) {
        const alone = yield* ofLedger(`${copy}/${pipeline.name}/data`, pipeline)
        assert.isAbove(Object.values(alone).filter(({ length }) => length > 0).length, 6)
        assert.deepStrictEqual(yield* ofLedger(`${copy}/both/data`, pipeline), alone)
        assert.deepStrictEqual(yield* ofParquet(`${copy}/both/data`, pipeline), alone)
      }
    })))

  it.live("write the same bytes as each pipeline alone", () =>
    inCopy((copy) =>
      Effect.sync(() => {
        const files = (name: string) =>
          Object.fromEntries(
            Object.entries(contents(`${copy}/${name}/data`)).filter(([file]) =>
              /^(parquet|ndjson|csv)\/.*\//.test(file)
            )
          )
        assert.deepStrictEqual(files("both"), { ...files("mfa"), ...files("admins") })
      })
    ))

  it.live("the report and the policies say the same about users as without the administrators", () =>
    inCopy(Effect.fnUntraced(function*(copy) {
      const sentenceOf = Effect.fnUntraced(function*(name: string) {
        const report = yield* program(`${copy}/${name}`, ["report"])
        const policy = yield* command(`${copy}/${name}`, ["policy", "--format", "json"])
        assert.strictEqual(report.code, 0, report.stderr)
        const page = readFileSync(`${copy}/${name}/data/report.html`, "utf8")
        const figures = [...page.matchAll(/data-figure="([^"]+)">([^<]*)/g)].map((
          [, figure = "", value]
        ) => [figure, value])
        const verdicts: ReadonlyArray<Record<string, unknown>> = JSON.parse(policy.stdout).policies
        return [
          figures.filter(([figure = ""]) => !/^(admins|policies|controls|miss-administrators)\b/.test(figure)),
          verdicts.filter(({ policy }) => !String(policy).startsWith("administrators-"))
        ]
      })
      assert.deepStrictEqual(yield* sentenceOf("both"), yield* sentenceOf("mfa"))
      const seen = JSON.parse((yield* command(`${copy}/both`, ["policy", "--format", "json"])).stdout).tenants
      assert.deepStrictEqual(seen.map(({ pipeline }: { pipeline: string }) => pipeline), ["admins", "mfa"])
    })))

  it.live("verify checks both, and rebuild restores both", () =>
    inCopy(Effect.fnUntraced(function*(copy) {
      const there = `${copy}/both`
      const before = yield* Effect.forEach(both, (pipeline) => ofLedger(`${there}/data`, pipeline))
      for (const isLost of [false, true]) {
        if (isLost) rmSync(`${there}/data/duo.duckdb`)
        const rebuilt = yield* command(there, ["rebuild"])
        assert.match(rebuilt.stdout, /^7 runs from 20261101T080000000Z-/, rebuilt.stderr)
        assert.deepStrictEqual(yield* Effect.forEach(both, (pipeline) => ofLedger(`${there}/data`, pipeline)), before)
      }
      // the manifests of a copy have the paths of the original
      const verified = yield* command(`${folder}/both`, ["verify"])
      assert.strictEqual(verified.code, 0, verified.stderr)
      for (const { tables } of both) {
        for (const { name } of tables) {
          assert.match(verified.stdout, new RegExp(`^20261109T.* ${name} .* same$|^20261108T.* ${name} .* same$`, "m"))
        }
      }
    })))

  it.live("rebuild makes no table for a pipeline that never ran", () =>
    inCopy(Effect.fnUntraced(function*(copy) {
      const tables = (name: string) =>
        Effect.map(readers.query(`${copy}/${name}/data/duo.duckdb`, "SHOW TABLES"), (rows) => text(rows).sort())
      for (const name of ["mfa", "admins"]) {
        const before = yield* tables(name)
        assert.strictEqual((yield* command(`${copy}/${name}`, ["rebuild"])).code, 0)
        assert.deepStrictEqual(yield* tables(name), before)
      }
    })))

  it.live("views.sql has both, in the same words whichever ran last", () =>
    inCopy(Effect.fnUntraced(function*(copy) {
      const views = () => readFileSync(`${copy}/both/data/parquet/views.sql`, "utf8")
      const before = views()
      yield* runOn(`${copy}/both/data`, mfa, 10, 9).pipe(Effect.provide(NodeServices.layer))
      const root = (sql: string) => sql.replaceAll(/'[^']*\/data\/parquet'/g, "'here'")
      assert.strictEqual(root(views()), root(before))
    })))

  it.live("a replayed run may be older than the newest run of the other pipeline", () =>
    inFolder(Effect.fnUntraced(function*(there) {
      const duo = yield* serve({ people: "hostile", users: 5 })
      const env = settings(duo)
      const recorded = yield* command(there, ["extract", "--record", "record"], { ...env, DUO_MFA_DATA: "elsewhere" })
      assert.strictEqual(recorded.code, 0, recorded.stderr)
      assert.strictEqual((yield* command(there, ["extract", "admins"], env)).code, 0)
      const replayed = yield* command(there, ["extract", "--replay", "record"])
      assert.strictEqual(replayed.code, 0, replayed.stderr)
      assert.strictEqual((yield* command(there, ["verify"])).code, 0)
      const again = yield* command(there, ["extract", "admins"], env)
      assert.strictEqual(again.code, 0, again.stderr)
    })))
})
