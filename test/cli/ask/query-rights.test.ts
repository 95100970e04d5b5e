/** Queries and policies may read, set variables of their own, and take their time up to a limit. */
import { afterAll, assert, beforeAll, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import * as Tenant from "../../../src/emulator/people/Tenant.ts"
import { codesOn, usersOn } from "../../known/scene.ts"
import { type GuardedFolder, guardedFolder } from "./guarded-folder.ts"

let guarded: GuardedFolder

beforeAll(async () => {
  guarded = await guardedFolder(27_074, Tenant.fromUsers(usersOn(8), codesOn(8)))
  mkdirSync(`${guarded.folder}/data/policies`)
}, 60_000)

afterAll(() => guarded.remove())

describe("a query", () => {
  it.live("takes quotes in a parameter for text", () =>
    guarded.unharmed(Effect.gen(function*() {
      const text = `'; COPY (SELECT 1) TO '${guarded.folder}/out'; SELECT '`
      const { code, stdout } = yield* guarded.duoMfa(
        "sql",
        "SELECT getvariable('x') = $$" + text + "$$ AS same",
        `x=${text}`
      )
      assert.deepStrictEqual([code, stdout.split(/\r?\n/)], [0, ["same", "true", ""]])
    })))

  it.live("may set variables first, and read with any word that only reads", () =>
    guarded.unharmed(Effect.gen(function*() {
      const asked = [
        "SET VARIABLE n = (SELECT count(*) FROM users); SET VARIABLE m = 1; SELECT getvariable('n') - getvariable('m') AS n;",
        "FROM users LIMIT 1",
        "VALUES (1)",
        "SHOW TABLES",
        "DESCRIBE users",
        "SUMMARIZE users",
        "PRAGMA database_list",
        "PIVOT users ON status IN ('active', 'bypass') USING count(*)",
        "WITH RECURSIVE t(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM t WHERE n < 3) -- three\nFROM t"
      ]
      for (const sql of asked) {
        const { code, stderr, stdout } = yield* guarded.duoMfa("sql", sql)
        assert.deepStrictEqual([code, stderr], [0, ""], sql)
        assert.isNotEmpty(stdout)
      }
    })))

  it.live("that takes longer than --timeout is stopped", () =>
    guarded.unharmed(Effect.gen(function*() {
      const endless = "SELECT count(*) FROM range(1000000000000) WHERE random() > 2"
      const asked = yield* guarded.duoMfa("sql", "--timeout", "0.1s", endless)
      assert.deepStrictEqual([asked.code, asked.stdout], [75, ""])
      assert.match(asked.stderr, /^duo-mfa: The query was stopped after 100ms/)
      writeFileSync(`${guarded.folder}/data/policies/endless.sql`, `-- It ends.\n-- At most 0\n${endless}`)
      const { code, stdout } = yield* guarded.duoMfa("policy", "--timeout", "1s", "endless", "everyone-has-mfa")
      assert.strictEqual(code, 5)
      assert.match(stdout, /cannot be told +endless .*stopped after 1s/)
      assert.match(stdout, /broken +critical +everyone-has-mfa/)
      rmSync(`${guarded.folder}/data/policies/endless.sql`)
    })))
})

describe("a policy", () => {
  it.live("cannot read or print a variable of another policy", () =>
    guarded.unharmed(Effect.gen(function*() {
      const policies = {
        "p-1": "SET VARIABLE v = (SELECT min(username) FROM users); USE duo.main; SELECT 1 WHERE false",
        "p-2": "SELECT 1 WHERE getvariable('v') IS NOT NULL",
        "p-3": "SET VARIABLE v = (SELECT min(username) FROM users); FROM query_table(getvariable('v'))"
      }
      for (const [name, sql] of Object.entries(policies)) {
        writeFileSync(`${guarded.folder}/data/policies/${name}.sql`, `-- All is well.\n-- At most 0\n${sql}`)
      }
      const { code, stdout } = yield* guarded.duoMfa("policy", ...Object.keys(policies))
      for (const name of Object.keys(policies)) rmSync(`${guarded.folder}/data/policies/${name}.sql`)
      assert.strictEqual(code, 5)
      assert.match(stdout, /kept +p-1/)
      assert.match(stdout, /kept +p-2/)
      assert.match(stdout, /cannot be told +p-3 .*DuckDB ends it with \w+ Error/)
      assert.notMatch(stdout, /\bann\b/)
    })))
})

describe("--parquet", () => {
  it.live("makes the views itself: what lies there as views.sql is not run, and may be gone", () =>
    Effect.gen(function*() {
      const file = `${guarded.folder}/data/parquet/views.sql`
      const before = readFileSync(file)
      const ask = guarded.duoMfa("sql", "--parquet", "SELECT count(*) AS n FROM users")
      const planted = `COPY (SELECT 1) TO '${guarded.folder}/out'; CREATE VIEW users AS SELECT 42 AS n FROM range(42)`
      for (const text of [planted, undefined]) {
        if (text === undefined) rmSync(file)
        else writeFileSync(file, text)
        yield* guarded.unharmed(Effect.map(ask, ({ code, stderr, stdout }) => {
          assert.deepStrictEqual([code, stdout.split(/\r?\n/)], [0, ["n", "12", ""]], stderr)
        }))
      }
      writeFileSync(file, before)
    }))
})
