/** SQL of somebody else, through every door that it can come in by, has no power over anything but its own answer. */
import * as NodeServices from "@effect/platform-node/NodeServices"
import { afterAll, assert, beforeAll, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { createServer, type Server } from "node:http"
import { tmpdir } from "node:os"
import { join } from "node:path"
import admins from "../../../pipelines/admins.ts"
import * as Tenant from "../../../src/emulator/people/Tenant.ts"
import type { Pipeline } from "../../../src/Pipeline.ts"
import { runAt } from "../../known/ledger.ts"
import { codesOn, usersOn } from "../../known/scene.ts"
import { command } from "../../support/command.ts"
import { hostile } from "../../support/hostile-sql.ts"
import { contents, type Ended, program } from "../../support/program.ts"
import type { Verdict } from "../../support/verdicts.ts"
import { everySink } from "../../torture/support/InProcess.ts"

const secret = "hush-hush-0123456789"

let folder = ""
let server: Server
let requests = 0
let statements: ReadonlyArray<string> = []

const write = (directory: string, head: string) => {
  mkdirSync(directory)
  for (const [index, sql] of statements.entries()) writeFileSync(`${directory}/h${index}.sql`, `${head}${sql}`)
}

/** A run, into a ledger and Parquet files. */
const runOn = (data: string, tenant: Tenant.Tenant, pipeline?: Pipeline) =>
  runAt(
    `${folder}/${data}`,
    Date.UTC(2026, 10, 8, 9),
    { tenant, port: 27_061 },
    everySink(`${folder}/${data}`).slice(0, 2),
    pipeline
  )

/** `data` is of one administrator, so that a ledger which is opened hundreds of times is soon open; `users` is of users. */
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "duo-mfa-sandbox-"))
  const administrators = [{ admin_id: "DEANN", name: "ann", role: "Owner", status: "Active", webauthncredentials: [] }]
  await Effect.runPromise(
    runOn("data", Tenant.fromUsers([], [], administrators), admins).pipe(
      Effect.andThen(runOn("users", Tenant.fromUsers(usersOn(8), codesOn(8)))),
      Effect.provide(NodeServices.layer)
    )
  )
  const address = await new Promise<string>((resolve) => {
    server = createServer((_, response) => {
      requests++
      response.end("a\n1\n")
    }).listen(0, "127.0.0.1", () => {
      const at = server.address()
      resolve(`http://127.0.0.1:${typeof at === "object" ? at?.port : 0}`)
    })
  })
  for (const name of ["parquet", "duckdb"]) cpSync(`${folder}/data/duo.duckdb`, `${folder}/elsewhere.${name}`)
  writeFileSync(`${folder}/.env`, `DUO_SKEY=${secret}\n`, { mode: 0o600 })
  statements = hostile(folder, address)
  write(`${folder}/data/queries`, "-- A question.\n")
  mkdirSync(`${folder}/users/policies`)
  write(`${folder}/data/policies`, "-- All is well.\n-- At most 0\n")
}, 60_000)

afterAll(() => {
  server.close()
  rmSync(folder, { recursive: true })
})

const env = (data: string) => ({ DUO_MFA_DATA: data, HOME: folder, DUO_SKEY: secret })

const duoMfa = (...args: ReadonlyArray<string>) => command(folder, args, env("users"))

/** In the directory that has the hostile files. */
const besideHostile = (...args: ReadonlyArray<string>) => command(folder, args, env("data"))

/** In a process of its own: for what DuckDB may print itself, and for what is about the process. */
const inProcess = (...args: ReadonlyArray<string>) => program(folder, args, env("data"))

/** Nothing changed, nobody was called, and the secret is not told. */
const unharmed = <E>(test: Effect.Effect<void, E>) =>
  Effect.gen(function*() {
    const before = contents(folder)
    yield* test
    assert.deepStrictEqual(contents(folder), before)
    assert.include(readFileSync(`${folder}/.env`, "utf8"), secret)
    assert.strictEqual(requests, 0)
  })

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

describe("a hostile statement", () => {
  it("is one of very many", () => {
    assert.isAtLeast(new Set(statements).size, 100)
  })

  it.live(
    "on the command line is refused with a sentence, and nothing happens",
    () =>
      unharmed(each((sql) => {
        const text = sql === "" || sql.startsWith("--") ? ` ${sql}` : sql
        return /stdout|stderr|enable_logging|enable_profiling|proc|getenv/.test(sql)
          ? inProcess("sql", text)
          : besideHostile("sql", text)
      })),
    300_000
  )

  it.live(
    "in a query file is refused with a sentence, and nothing happens: ledger",
    () => unharmed(each((_, index) => besideHostile("sql", `@h${index}`), (sql) => !ofFiles.test(sql))),
    300_000
  )

  it.live(
    "in a query file is refused with a sentence, and nothing happens: --parquet",
    () => unharmed(each((_, index) => besideHostile("sql", "--parquet", `@h${index}`), (sql) => ofFiles.test(sql))),
    300_000
  )

  for (const from of [[], ["--parquet"]]) {
    it.live(
      `in a policy file cannot be told, which counts as broken, and nothing happens: ${from.join("") || "ledger"}`,
      () =>
        unharmed(Effect.gen(function*() {
          const names = statements.map((_, index) => `h${index}`)
          const ended = yield* inProcess("policy", "--format", "json", ...from, ...names)
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

describe("a query", () => {
  it.live("takes quotes in a parameter for text", () =>
    unharmed(Effect.gen(function*() {
      const text = `'; COPY (SELECT 1) TO '${folder}/out'; SELECT '`
      const { code, stdout } = yield* duoMfa("sql", "SELECT getvariable('x') = $$" + text + "$$ AS same", `x=${text}`)
      assert.deepStrictEqual([code, stdout.split(/\r?\n/)], [0, ["same", "true", ""]])
    })))

  it.live("may set variables first, and read with any word that only reads", () =>
    unharmed(Effect.gen(function*() {
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
        const { code, stderr, stdout } = yield* duoMfa("sql", sql)
        assert.deepStrictEqual([code, stderr], [0, ""], sql)
        assert.isNotEmpty(stdout)
      }
    })))

  it.live("that takes longer than --timeout is stopped", () =>
    unharmed(Effect.gen(function*() {
      const endless = "SELECT count(*) FROM range(1000000000000) WHERE random() > 2"
      const asked = yield* duoMfa("sql", "--timeout", "0.1s", endless)
      assert.deepStrictEqual([asked.code, asked.stdout], [75, ""])
      assert.match(asked.stderr, /^duo-mfa: The query was stopped after 100ms/)
      writeFileSync(`${folder}/users/policies/endless.sql`, `-- It ends.\n-- At most 0\n${endless}`)
      const { code, stdout } = yield* duoMfa("policy", "--timeout", "1s", "endless", "everyone-has-mfa")
      assert.strictEqual(code, 5)
      assert.match(stdout, /cannot be told +endless .*stopped after 1s/)
      assert.match(stdout, /broken +everyone-has-mfa/)
      rmSync(`${folder}/users/policies/endless.sql`)
    })))
})

describe("policies", () => {
  it.live("know no variable of one another, and quote none", () =>
    unharmed(Effect.gen(function*() {
      const policies = {
        "p-1": "SET VARIABLE v = (SELECT min(username) FROM users); USE duo.main; SELECT 1 WHERE false",
        "p-2": "SELECT 1 WHERE getvariable('v') IS NOT NULL",
        "p-3": "SET VARIABLE v = (SELECT min(username) FROM users); FROM query_table(getvariable('v'))"
      }
      for (const [name, sql] of Object.entries(policies)) {
        writeFileSync(`${folder}/users/policies/${name}.sql`, `-- All is well.\n-- At most 0\n${sql}`)
      }
      const { code, stdout } = yield* duoMfa("policy", ...Object.keys(policies))
      for (const name of Object.keys(policies)) rmSync(`${folder}/users/policies/${name}.sql`)
      assert.strictEqual(code, 5)
      assert.match(stdout, /kept +p-1/)
      assert.match(stdout, /kept +p-2/)
      assert.match(stdout, /cannot be told +p-3 .*DuckDB ends it with \w+ Error/)
      assert.notMatch(stdout, /\bann\b/)
    })))
})

describe("--write-files", () => {
  it.live("lets one COPY that was typed write, for its owner alone, and nothing else", () =>
    Effect.gen(function*() {
      const copy = `COPY (SELECT tenant FROM runs) TO '${folder}/out.csv'`
      const refused = [[`${copy}; SELECT 1`], [`SELECT 1; ${copy}`], ["SELECT 1"], ["@at-risk"], ["@policies/h0"], [
        "@h0"
      ]]
      yield* unharmed(Effect.forEach(
        refused,
        Effect.fnUntraced(function*(args) {
          const { code, stderr, stdout } = yield* besideHostile("sql", "--write-files", ...args)
          assert.deepStrictEqual([code, stdout], [64, ""], args.join(" "))
          assert.match(stderr, /^duo-mfa: \S/)
        }),
        { discard: true }
      ))
      for (const from of [[], ["--parquet"]]) {
        const { code, stderr } = yield* besideHostile("sql", "--write-files", ...from, copy)
        assert.deepStrictEqual([code, stderr], [0, ""])
        assert.match(readFileSync(`${folder}/out.csv`, "utf8"), /^tenant\n127\.0\.0\.1/)
        rmSync(`${folder}/out.csv`)
      }
    }))
})

describe("--parquet", () => {
  it.live("makes the views itself: what lies there as views.sql is not run, and may be gone", () =>
    Effect.gen(function*() {
      const file = `${folder}/users/parquet/views.sql`
      const before = readFileSync(file)
      const ask = duoMfa("sql", "--parquet", "SELECT count(*) AS n FROM users")
      const planted = `COPY (SELECT 1) TO '${folder}/out'; CREATE VIEW users AS SELECT 42 AS n FROM range(42)`
      for (const text of [planted, undefined]) {
        if (text === undefined) rmSync(file)
        else writeFileSync(file, text)
        yield* unharmed(Effect.map(ask, ({ code, stderr, stdout }) => {
          assert.deepStrictEqual([code, stdout.split(/\r?\n/)], [0, ["n", "12", ""]], stderr)
        }))
      }
      writeFileSync(file, before)
    }))
})
