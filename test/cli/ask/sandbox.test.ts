/** SQL of somebody else, through every door that it can come in by, has no power over anything but its own answer. */
import { afterAll, assert, beforeAll, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import admins from "../../../pipelines/admins.ts"
import * as Tenant from "../../../src/emulator/people/Tenant.ts"
import { hostile } from "../../support/hostile/sql.ts"
import type { Ended } from "../../support/processes/program.ts"
import type { Verdict } from "../../support/verdicts.ts"
import { type GuardedFolder, guardedFolder, secret } from "./guarded-folder.ts"

let guarded: GuardedFolder
let statements: ReadonlyArray<string> = []

const write = (directory: string, head: string) => {
  mkdirSync(directory)
  for (const [index, sql] of statements.entries()) writeFileSync(`${directory}/h${index}.sql`, `${head}${sql}`)
}

/** The run is of one administrator, so that a ledger which is opened hundreds of times is soon open. */
beforeAll(async () => {
  const administrators = [{ admin_id: "DEANN", name: "ann", role: "Owner", status: "Active", webauthncredentials: [] }]
  guarded = await guardedFolder(27_061, Tenant.fromUsers([], [], administrators), admins)
  const { address, folder } = guarded
  for (const name of ["parquet", "duckdb"]) cpSync(`${folder}/data/duo.duckdb`, `${folder}/elsewhere.${name}`)
  statements = hostile(folder, address)
  write(`${folder}/data/queries`, "-- A question.\n")
  write(`${folder}/data/policies`, "-- All is well.\n-- At most 0\n")
}, 60_000)

afterAll(() => guarded.remove())

const saysNothing = (sql: string, { stderr, stdout }: Ended) => {
  assert.notInclude(stdout + stderr, secret, sql)
  assert.notMatch(stderr, /^\s+at /m, sql)
}

/** Statements in query files that are tried over the Parquet files; all others are tried in the ledger. */
const ofFiles = /parquet|read_/

/** Asks each of the statements, or each that is chosen, two at a time. */
const each = <E>(
  ask: (sql: string, index: number) => Effect.Effect<Ended, E>,
  chosen: (sql: string) => boolean = () => true
) =>
  Effect.forEach(
    [...statements.entries()].filter(([, sql]) => chosen(sql)),
    ([index, sql]) =>
      Effect.map(ask(sql, index), (ended) => {
        saysNothing(sql, ended)
        assert.deepStrictEqual([ended.code, ended.stdout], [64, ""], `${sql}\n${ended.stderr}`)
        assert.match(ended.stderr, /^duo-mfa: \S.*/, sql)
      }),
    { concurrency: 2, discard: true }
  )
it("at least 100 different statements are tried", () => {
  assert.isAtLeast(new Set(statements).size, 100)
})

describe("a hostile statement", () => {
  it.live(
    "on the command line is refused with a sentence, and nothing happens",
    () =>
      guarded.unharmed(each((sql) => {
        const text = sql === "" || sql.startsWith("--") ? ` ${sql}` : sql
        return /stdout|stderr|enable_logging|enable_profiling|proc|getenv/.test(sql)
          ? guarded.inProcess("sql", text)
          : guarded.duoMfa("sql", text)
      })),
    300_000
  )

  it.live(
    "in a query file is refused with a sentence, and nothing happens: ledger",
    () => guarded.unharmed(each((_, index) => guarded.duoMfa("sql", `@h${index}`), (sql) => !ofFiles.test(sql))),
    300_000
  )

  it.live(
    "in a query file is refused with a sentence, and nothing happens: --parquet",
    () =>
      guarded.unharmed(
        each((_, index) => guarded.duoMfa("sql", "--parquet", `@h${index}`), (sql) => ofFiles.test(sql))
      ),
    300_000
  )

  it.live(
    "in a file of --file is refused with a sentence, and nothing happens",
    () =>
      guarded.unharmed(
        each((_, index) => guarded.duoMfa("sql", "-f", `data/queries/h${index}.sql`), (sql) => sql.length % 4 === 0)
      ),
    300_000
  )

  it.live(
    "at a prompt is refused with a sentence, and nothing happens, even if it would only set something",
    () =>
      guarded.unharmed(
        each((sql) => guarded.shell(`${sql};\n`), (sql) => /^(set|reset|pragma|attach|copy admins)\b/i.test(sql))
      ),
    300_000
  )

  for (const from of [[], ["--parquet"]]) {
    it.live(
      `in a policy file cannot be told, which counts as broken, and nothing happens: ${from.join("") || "ledger"}`,
      () =>
        guarded.unharmed(Effect.gen(function*() {
          const names = statements.map((_, index) => `h${index}`)
          const ended = yield* guarded.inProcess("policy", "--format", "json", ...from, ...names)
          assert.strictEqual(ended.code, 5, ended.stderr)
          saysNothing("policy", ended)
          assert.notMatch(ended.stdout + ended.stderr, /\bann\b/)
          const { policies } = JSON.parse(ended.stdout) as { policies: ReadonlyArray<Verdict> }
          assert.lengthOf(policies, statements.length)
          for (const { found, policy, verdict, why } of policies) {
            const sql = statements[Number(policy.slice(1))]
            assert.deepStrictEqual([verdict, found], ["cannot be told", null], sql)
            assert.match(why ?? "", /^\S.{10,}/, sql)
          }
        })),
      300_000
    )
  }
})

describe("--write-files", () => {
  it.live("lets one COPY that was typed write, for its owner alone, and nothing else", () =>
    Effect.gen(function*() {
      const copy = `COPY (SELECT tenant FROM runs) TO '${guarded.folder}/out.csv'`
      const refused = [[`${copy}; SELECT 1`], [`SELECT 1; ${copy}`], ["SELECT 1"], ["@at-risk"], ["@policies/h0"], [
        "@h0"
      ]]
      yield* guarded.unharmed(Effect.forEach(
        refused,
        Effect.fnUntraced(function*(args) {
          const { code, stderr, stdout } = yield* guarded.duoMfa("sql", "--write-files", ...args)
          assert.deepStrictEqual([code, stdout], [64, ""], args.join(" "))
          assert.match(stderr, /^duo-mfa: \S/)
        }),
        { discard: true }
      ))
      for (const from of [[], ["--parquet"]]) {
        const { code, stderr } = yield* guarded.duoMfa("sql", "--write-files", ...from, copy)
        assert.deepStrictEqual([code, stderr], [0, ""])
        assert.match(readFileSync(`${guarded.folder}/out.csv`, "utf8"), /^tenant\n127\.0\.0\.1/)
        rmSync(`${guarded.folder}/out.csv`)
      }
    }))
})
