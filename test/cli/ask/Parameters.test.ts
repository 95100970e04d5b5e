/** The parameters of named queries: those that the head of a query declares, and no others. */
import * as NodeServices from "@effect/platform-node/NodeServices"
import { afterAll, assert, beforeAll, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { parse } from "../../../src/cli/ask/Parameters.ts"
import * as Tenant from "../../../src/emulator/people/Tenant.ts"
import { knownMore, runAt } from "../../known/ledger.ts"
import { codesOn, days, usersOn } from "../../known/scene.ts"
import { command } from "../../support/processes/command.ts"
import * as readers from "../../support/readers.ts"
import { sinks } from "../../torture/support/InProcess.ts"

const root = `${import.meta.dirname}/../../../data/queries`
const queries = readdirSync(root).map((file) => file.replace(/\.sql$/, ""))
const textOf = (name: string) => readFileSync(`${root}/${name}.sql`, "utf8")

const ports = [27_081, 27_082]
const [first = "", second = ""] = ports.map((port) => `127.0.0.1:${port}`)

let folder = ""

/** Two tenants whose users have the same names and the same ids, and of which one is a day behind. */
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "duo-mfa-parameters-"))
  const data = `${folder}/data`
  const run = (day: number, port: number | undefined, hour: number) =>
    runAt(data, Date.UTC(2026, 10, day, hour), { port, tenant: Tenant.fromUsers(usersOn(day), codesOn(day)) }, [
      { sink: "duckdb", location: sinks.duckdb.location(data) }
    ])
  await Effect.runPromise(
    Effect.all([
      Effect.forEach(days, (day) => run(day, ports[0], 9)),
      Effect.forEach([4, 5], (day) => run(day, ports[1], 10)),
      Effect.forEach(
        ports,
        (port) => knownMore(data, Date.UTC(2026, 10, 8, 11), { port, tenant: Tenant.fromUsers(usersOn(8), codesOn(8)) })
      )
    ]).pipe(Effect.provide(NodeServices.layer))
  )
  mkdirSync(`${data}/queries`)
  writeFileSync(`${data}/queries/plain.sql`, "-- It declares nothing.\nSELECT getvariable('day') AS day")
  writeFileSync(
    `${data}/queries/own.sql`,
    "-- One's own.\r\n-- Parameter day: day, required. Which.\r\n\r\nSELECT getvariable('day') AS day"
  )
}, 120_000)

afterAll(() => rmSync(folder, { recursive: true }))

const sql = (...args: ReadonlyArray<string>) => command(folder, ["sql", ...args], { DUO_MFA_DATA: "data" })

const rows = (...args: ReadonlyArray<string>) =>
  Effect.map(sql(...args, "--format", "json"), ({ code, stderr, stdout }) => {
    assert.strictEqual(code, 0, `${args.join(" ")}: ${stderr}`)
    return JSON.parse(stdout) as ReadonlyArray<Record<string, unknown>>
  })

const sorted = (rows: ReadonlyArray<Readonly<Record<string, unknown>>>) =>
  rows.map((row) => JSON.stringify(Object.values(row).map(String))).toSorted()

describe("a question", () => {
  it("declares every variable of its SQL with its default, and a tenant", () => {
    for (const name of queries) {
      const text = textOf(name)
      const declared = parse(text)
      const used = new Set([...text.matchAll(/getvariable\('(\w+)'\)/g)].map(([_, variable]) => variable))
      assert.deepStrictEqual(new Set(declared.map(({ name }) => name)), used, name)
      assert.include(declared.map(({ name, type }) => `${name} ${type}`), "tenant tenant", name)
      for (const parameter of declared.filter(({ use }) => use.startsWith("default "))) {
        const [_, value] =
          new RegExp(`coalesce\\(getvariable\\('${parameter.name}'\\)(?:::\\w+)?, '?(\\w+)'?\\)`).exec(text) ??
            []
        assert.strictEqual(parameter.use, `default ${value}`, name)
      }
      assert.strictEqual(text.match(/^-- *Parameter/gm)?.length, declared.length, name)
    }
  })

  for (const name of queries) {
    it.live(`@${name} keeps tenants apart, even if their users have the same names and ids`, () =>
      Effect.gen(function*() {
        const user = name === "user" ? "'bob'" : "NULL::VARCHAR"
        const asked = (tenant: string) => `SET VARIABLE tenant = ${tenant}; SET VARIABLE user = ${user}`
        const tenants = ["NULL::VARCHAR", `'${first}'`, `'${second}'`]
        const [all = [], ...only] = yield* readers.within(
          `${folder}/data/duo.duckdb`,
          (ask) => Effect.forEach(tenants, (tenant) => Effect.andThen(ask(asked(tenant)), ask(textOf(name))))
        )
        assert.deepStrictEqual(sorted(all), sorted(only.flat()))
        for (const [n, tenant] of [first, second].entries()) {
          for (const row of only[n] ?? []) assert.strictEqual(row["tenant"], tenant)
        }
        if (name !== "privileged") assert.isNotEmpty(only[0] ?? [], name)
      }))
  }

  it.live("finds a name whatever its case", () =>
    Effect.gen(function*() {
      const events = yield* rows("@user", "user=BoB")
      assert.deepStrictEqual(events, yield* rows("@user", "user=bob"))
      assert.isNotEmpty(events)
      assert.isNotEmpty(yield* rows("@phones-on", "day=2026-11-03", "user=ANN"))
    }))

  const refused: ReadonlyArray<readonly [args: ReadonlyArray<string>, says: RegExp]> = [
    [["@user"], /^"user" is missing\. @user takes\n {2}user=USER \(required\): /],
    [["@user", "usr=bob"], /^Unknown parameter "usr"\. Did you mean "user"\? @user takes\n {2}user=USER/],
    [["@user", "user="], /^user= is not the name of a user\./],
    [["@user", "user=bob", "user=ann"], /^"user" is given twice\./],
    [["@user", "user=nobody"], /^No user has or had the name "nobody" in 127\.0\.0\.1:27081, 127\.0\.0\.1:27082\./],
    [["@user", "user=ann' OR true --"], /^No user has or had the name /],
    [["@coverage", "days=7"], /^Unknown parameter "days"\. @coverage takes\n {2}tenant=TENANT/],
    [["@coverage", "tenant=nowhere"], /^Unknown tenant "nowhere"\. Available: 127\.0\.0\.1:27081, /],
    [["@changes", "days=week"], /^days=week is not a whole number\. @changes takes\n {2}days=INTEGER \(default 7\): /],
    [["@changes", "days=-1"], /^days=-1 is not a whole number\./],
    [["@changes", "7"], /^"7" is not NAME=VALUE\. @changes takes\n/],
    [["@phones-on", "day=2026-02-30"], /^day=2026-02-30 is not a day such as 2026-11-20\./],
    [["@phones-on", "day=yesterday"], /^day=yesterday is not a day/],
    [["@plain", "day=2026-11-03"], /^Unknown parameter "day"\. @plain takes nothing\./],
    [["@own"], /^"day" is missing\. @own takes\n {2}day=DAY \(required\): Which\./],
    [
      ["@policies/everyone-has-mfa", "days=7"],
      /^Unknown parameter "days"\. @policies\/everyone-has-mfa takes nothing/
    ],
    [["SELECT 1", "7"], /^"7" is not NAME=VALUE\./]
  ]

  for (const [args, says] of refused) {
    it.live(`is refused, and says what it takes: ${args.join(" ")}`, () =>
      Effect.gen(function*() {
        const { code, stderr, stdout } = yield* sql(...args)
        assert.deepStrictEqual([code, stdout], [64, ""], stderr)
        assert.match(stderr.replace(/^duo-mfa: /, ""), says)
      }))
  }

  it.live("of one's own declares in the same way, and what is typed takes any", () =>
    Effect.gen(function*() {
      assert.deepStrictEqual(yield* rows("@own", "day=2026-11-03"), [{ day: "2026-11-03" }])
      assert.deepStrictEqual(yield* rows("SELECT getvariable('x') AS x", "x=it's"), [{ x: "it's" }])
    }))

  it.live("is listed with its parameters", () =>
    Effect.gen(function*() {
      const { stdout } = yield* sql("@")
      assert.match(stdout, /\n@user +All events .*\n +user=USER \(required\): .*\n +tenant=TENANT \(optional\): /)
    }))
})
