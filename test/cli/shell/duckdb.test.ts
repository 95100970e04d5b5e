/** `shell` hands the ledger over to `duckdb`: with all names, and with its exit code. */
import { afterAll, assert, beforeAll, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { spawnSync } from "node:child_process"
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { command, extract } from "../../support/processes/command.ts"
import { program, query, start } from "../../support/processes/program.ts"

/** Where a ledger is, and a stand-in for `duckdb` that keeps what it is given. */
let folder = ""

const fake = (body: string) => {
  writeFileSync(`${folder}/bin/duckdb`, `#!/bin/sh\n${body}\n`, { mode: 0o755 })
  return { PATH: `${folder}/bin:${process.env["PATH"]}`, TMPDIR: `${folder}/tmp` }
}

const keeping = () => fake(`[ "$1" = -cmd ] && eval "cp \${2#.read } ${folder}/kept.sql"; cat >${folder}/typed; exit 3`)

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "duo-mfa-duckdb-"))
  for (const name of ["bin", "tmp"]) mkdirSync(`${folder}/${name}`)
  await Effect.runPromise(Effect.scoped(extract(folder, { users: 20 })))
})

afterAll(() => rmSync(folder, { recursive: true }))

describe("shell with duckdb on the PATH", () => {
  it.live("gives it the names of sql, over a ledger that is only read, and ends as it ends", () =>
    Effect.gen(function*() {
      for (const from of [[], ["--parquet"]]) {
        const { child, ended } = start(folder, ["shell", ...from], keeping())
        child.stdin.end("FROM users;\n")
        const { code, stderr } = yield* Effect.promise(() => ended)
        assert.deepStrictEqual([code, stderr], [3, "duo-mfa: duckdb has ended with 3.\n"])
        assert.strictEqual(readFileSync(`${folder}/typed`, "utf8"), "FROM users;\n")
        assert.deepStrictEqual(readdirSync(`${folder}/tmp`), [])
        const names = readFileSync(`${folder}/kept.sql`, "utf8")
        for (
          const sql of [
            "SELECT user_id, last_login_at FROM users ORDER BY user_id",
            "SELECT * FROM mfa_events ORDER BY ALL",
            "SELECT count(*) AS n FROM users_asof(now())",
            "SELECT view_name FROM duckdb_views() WHERE NOT internal AND database_name = 'memory' ORDER BY ALL",
            "SELECT current_setting('TimeZone') AS zone"
          ]
        ) {
          const { stdout } = yield* command(folder, ["sql", ...from, "--format", "json", sql])
          assert.deepStrictEqual(JSON.parse(stdout), JSON.parse(JSON.stringify(yield* query(`${names}${sql}`))), sql)
        }
        const written = yield* Effect.exit(query(`${names}DELETE FROM duo.runs`))
        if (from.length === 0) assert.match(String(written), /read-only/)
      }
    }))

  it.live("ends with 0 if duckdb does, and does not start it with --no-duckdb", () =>
    Effect.gen(function*() {
      assert.deepStrictEqual(yield* program(folder, ["shell"], fake("exit 0")), {
        code: 0,
        stdout: "",
        stderr: ""
      })
      const { child, ended } = start(folder, ["shell", "--no-duckdb"], fake("exit 9"))
      child.stdin.end("SELECT 1 AS a;\n")
      assert.deepStrictEqual(yield* Effect.promise(() => ended), { code: 0, stdout: "a\r\n1\r\n", stderr: "" })
    }))

  it.live("leaves Ctrl-C and the end of a terminal to it", () =>
    Effect.gen(function*() {
      const { child, ended } = start(folder, ["shell"], fake("echo ready; read line; exit 4"))
      child.stdout.once("data", () => {
        child.kill("SIGINT")
        child.kill("SIGHUP")
        child.stdin.end("\n")
      })
      assert.strictEqual((yield* Effect.promise(() => ended)).code, 4)
      assert.deepStrictEqual(readdirSync(`${folder}/tmp`), [])
    }))

  it.live("stops it when it is stopped itself", () =>
    Effect.gen(function*() {
      const env = fake(`trap 'echo stopped >${folder}/stopped; exit 0' TERM; echo ready; while :; do sleep 0.05; done`)
      const { child, ended } = start(folder, ["shell"], env)
      child.stdout.once("data", () => child.kill("SIGTERM"))
      assert.strictEqual((yield* Effect.promise(() => ended)).code, 143)
      assert.strictEqual(readFileSync(`${folder}/stopped`, "utf8"), "stopped\n")
    }))
})

const { PATH } = process.env
const hasDuckDb = spawnSync("duckdb", ["--version"], { env: { PATH } }).status === 0

const described = hasDuckDb ? describe : describe.skip

described("the real duckdb", () => {
  it.live("answers with the names of sql", () =>
    Effect.gen(function*() {
      const { child, ended } = start(folder, ["shell"], { PATH: PATH ?? "", HOME: folder })
      child.stdin.end(
        ".mode csv\nSELECT count(*) AS n FROM users_asof(now());\nFROM coverage_daily;\nDELETE FROM duo.runs;\n"
      )
      const { code, stderr, stdout } = yield* Effect.promise(() => ended)
      assert.match(stdout, /^n\r?\n20\r?\nday,/)
      assert.match(stderr, /read-only/)
      assert.strictEqual(code, 1)
    }))
})
