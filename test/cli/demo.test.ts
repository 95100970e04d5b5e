/** The thirty days of the demo, which are always the same. test/demo has the answers of the named queries. */
import { DuckDBInstance } from "@duckdb/node-api"
import * as NodeServices from "@effect/platform-node/NodeServices"
import { afterAll, assert, beforeAll, describe, it } from "@effect/vitest"
import { Effect, Layer, Logger } from "effect"
import { mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { pathToFileURL } from "node:url"
import auth from "../../pipelines/auth.ts"
import integrations from "../../pipelines/integrations.ts"
import mfa from "../../pipelines/mfa.ts"
import { highlights, make } from "../../src/cli/demo.ts"
import { Plugins } from "../../src/cli/shared/Plugins.ts"
import * as Format from "../../src/cli/terminal/Format.ts"
import { makeDirectory } from "../../src/files/Durable.ts"
import * as Lock from "../../src/run/publish/Lock.ts"
import { command } from "../support/processes/command.ts"
import { inFolder, program } from "../support/processes/program.ts"
import { everySink, sinks } from "../torture/support/InProcess.ts"

const root = `${import.meta.dirname}/../..`

const until = Date.UTC(2026, 10, 25, 9)

const parameters: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  "phones-on": { day: "2026-11-10", number: "0107" },
  user: { user: "lucia.vargas" }
}

let folder = ""

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "duo-mfa-demo-"))
  const dataDirectory = `${folder}/data`
  await Effect.runPromise(
    make({
      pipelines: [mfa, auth, integrations],
      dataDirectory,
      targets: everySink(dataDirectory).filter(({ sink }) => sink === "duckdb" || sink === "parquet"),
      findSink: (name) => Effect.succeed(name === "parquet" ? sinks.parquet : sinks.duckdb),
      until,
      onDay: () => Effect.void
    }).pipe(Effect.provide(Layer.merge(NodeServices.layer, Logger.layer([]))))
  )
}, 600_000)

afterAll(() => rmSync(folder, { recursive: true }))

/** Queries of the ledger, with values for those that take some. */
const open = () =>
  Effect.promise(async () => {
    const instance = await DuckDBInstance.create(`${folder}/data/duo.duckdb`, { access_mode: "READ_ONLY" })
    const connection = await instance.connect()
    await connection.run("SET TimeZone = 'UTC'")
    const ask = async (sql: string, values: Readonly<Record<string, string>> = {}) => {
      for (const [name, value] of Object.entries(values)) await connection.run(`SET VARIABLE ${name} = '${value}'`)
      const answer = await connection.runAndReadAll(sql)
      const text = Format.begin("csv", answer.deduplicatedColumnNames())
      return text.rows(answer.getRows()).trimEnd().replaceAll("\r\n", "\n")
    }
    return { ask, close: () => instance.closeSync() }
  })

const everything = ["runs", ...mfa.tables.flatMap(({ name }) => [name, `${name}_history`, `${name}_changes`])]
  .concat(
    "factor_uses",
    "factor_use_daily",
    "logins_without_second_factor",
    "push_fatigue",
    "strong_but_used_weak",
    "effective_strength",
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
  )
  .map((name) => `FROM ${name} ORDER BY ALL`)

describe("the demo", () => {
  it.live("lets no other begin in the same place, and says so", () =>
    inFolder(Effect.fnUntraced(function*(place) {
      const directory = `${place}/data/demo/.demo`
      yield* Effect.andThen(makeDirectory(directory), Lock.acquire(directory)).pipe(Effect.provide(NodeServices.layer))
      const { code, stderr } = yield* program(place, ["demo"])
      assert.strictEqual(code, 75, stderr)
      assert.include(stderr, `process ${process.pid}`)
      assert.deepStrictEqual(readdirSync(`${place}/data/demo`), [".demo"])
    })))

  it.live("ends with 73 if it cannot make its directory", () =>
    inFolder(Effect.fnUntraced(function*(place) {
      writeFileSync(`${place}/data`, "")
      const { code, stderr } = yield* command(place, ["demo"])
      assert.strictEqual(code, 73, stderr)
    })))

  for (const file of readdirSync(`${root}/data/queries`)) {
    const name = file.replace(/\.sql$/, "")
    it.live(`@${name} answers what it should`, () =>
      Effect.gen(function*() {
        const { ask, close } = yield* open()
        const sql = readFileSync(`${root}/data/queries/${file}`, "utf8")
        const answer = yield* Effect.promise(() => ask(sql, parameters[name]))
        close()
        const expected = `${import.meta.dirname}/../demo/${name}.csv`
        if (process.env["WRITE_EXPECTED"] === "1") writeFileSync(expected, `${answer}\n`)
        assert.strictEqual(`${answer}\n`, readFileSync(expected, "utf8"))
      }))
  }

  it.live("writes the report, and asks it five questions in what fits a terminal of 80 columns", () =>
    Effect.gen(function*() {
      // as in a clone
      process.argv[1] = `${process.cwd()}/src/main.ts`
      const withSettings = yield* highlights(`${folder}/data`, false)
      assert.lengthOf(withSettings.match(/: +DUO_MFA_DATA=data\/demo \.\/duo-mfa sql @/g) ?? [], 6)
      const text = yield* highlights(`${folder}/data`, true)
      assert.include(readFileSync(`${folder}/data/report.html`, "utf8"), "<!doctype html>")
      const link = pathToFileURL(`${folder}/data/report.html`).href
      assert.include(text, `\n  ${link}\n`)
      const shown = text.replace(link, "file:///home/ada/duo-mfa/data/demo/report.html")
      for (const line of shown.split("\n")) assert.isAtMost([...new Intl.Segmenter().segment(line)].length, 79, line)
      const file = `${root}/docs/first-minute.md`
      const page = readFileSync(file, "utf8")
      const expected = page.replace(/(?<=\n\$ make demo\n).*?(?=\n```\n)/s, () => shown)
      if (process.env["WRITE_EXPECTED"] === "1") writeFileSync(file, expected)
      assert.strictEqual(page, expected)
    }).pipe(Effect.provide(Plugins.layer(pathToFileURL(`${root}/`)).pipe(Layer.provideMerge(NodeServices.layer)))))

  it.live("is the same ledger when it is made again from its Parquet files", () =>
    Effect.gen(function*() {
      const all = Effect.gen(function*() {
        const { ask, close } = yield* open()
        const answers = yield* Effect.promise(() => Promise.all(everything.map((sql) => ask(sql))))
        close()
        return answers
      })
      const before = yield* all
      renameSync(`${folder}/data/duo.duckdb`, `${folder}/before.duckdb`)
      const { code, stderr } = yield* command(folder, ["rebuild"], { DUO_MFA_DATA: "data" })
      assert.strictEqual(code, 0, stderr)
      assert.deepStrictEqual(yield* all, before)
    }))
})
