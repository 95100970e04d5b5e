/** The program and a PostgreSQL: settings, passwords that are never shown, killed runs, and the commands of the page. */
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { globSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import * as Tenant from "../../src/emulator/people/Tenant.ts"
import { type Options, serve } from "../../src/emulator/server/Emulator.ts"
import { usersOn } from "../known/scene.ts"
import { command, extract } from "../support/processes/command.ts"
import { inFolder, program, settings } from "../support/processes/program.ts"
import * as readers from "../support/readers.ts"
import { locationOf, query, secret } from "../support/servers/postgres-server.ts"
import { hasServer, serverOfFile } from "./postgres-sink.ts"

const at = serverOfFile()

const killing = `${import.meta.dirname}/../support/sinks/killing.ts`

const rowsIn = (schema: string) => query(at(), `SELECT run_id, published FROM ${schema}_rows.runs ORDER BY run_id`)

describe.skipIf(!hasServer)("with a PostgreSQL", () => {
  it.live("has the same rows as the other sinks, and the password is in no file", () =>
    inFolder(Effect.fnUntraced(function*(folder) {
      const duo = yield* serve({ people: "hostile", users: 40 })
      const env = { ...settings(duo), PGPASSWORD: secret }
      const target = `postgres://locked@127.0.0.1:${at().port}/reports?schema=whole&sslmode=require`
      const args = ["extract", "--json", "--sink", "ndjson", "--sink", `postgres:${target}`]
      const { code, stderr, stdout } = yield* command(folder, args, env)
      assert.strictEqual(code, 0, stderr)
      const { run_id, sinks } = JSON.parse(stdout)
      assert.strictEqual(sinks[1].location, target)
      const lines = readers.unpacked(`${folder}/data/ndjson/users/${run_id}.ndjson.zst`).trimEnd().split("\n")
      const emails = query(at(), "SELECT email FROM whole.users ORDER BY user_id").map(({ email }) => email)
      assert.deepStrictEqual(
        emails,
        lines.map((line) => JSON.parse(line)).toSorted((a, b) => a.user_id < b.user_id ? -1 : 1).map(({ email }) =>
          email
        )
      )
      const unnamed = yield* command(folder, ["verify"], { PGPASSWORD: secret })
      assert.strictEqual(unnamed.code, 4, unnamed.stderr)
      assert.include(unnamed.stderr, target)
      const verify = ["verify", "--sink", `postgres:${target}`]
      const verified = yield* command(folder, verify, { PGPASSWORD: secret })
      assert.strictEqual(verified.code, 0, verified.stderr)
      assert.strictEqual(verified.stdout.match(/postgres .* same$/gm)?.length, 4)
      const told = [stdout, stderr, verified.stdout, verified.stderr]
      const kept = globSync("data/{runs/*,*}", { cwd: folder }).filter((file) => /\.\w+$/.test(file))
      assert.isNotEmpty(kept)
      for (const text of [...told, ...kept.map((file) => readFileSync(`${folder}/${file}`, "utf8"))]) {
        assert.notInclude(text, secret)
      }
      at().psql(
        "UPDATE whole_rows.users SET email = 'somebody@example.com' WHERE user_id = (SELECT min(user_id) FROM whole_rows.users)"
      )
      const changed = yield* command(folder, verify, { PGPASSWORD: secret })
      assert.strictEqual(changed.code, 74)
      assert.match(changed.stdout, /postgres +users .* differs$/m)
    })))

  it.live("a run that would remove rows of any table is refused, even if it adds as many others", () =>
    inFolder(Effect.fnUntraced(function*(folder) {
      const duo = yield* serve({ people: "hostile", users: 40 })
      const run = command(
        folder,
        ["extract", "--sink", `postgres:${locationOf(at(), { schema: "others" })}`],
        settings(duo)
      )
      assert.strictEqual((yield* run).code, 0)
      at().psql("UPDATE others_rows.mfa_methods SET method_id = 'before ' || method_id")
      const { code, stderr } = yield* run
      assert.strictEqual(code, 4)
      assert.match(stderr, /(\d+) of \1 mfa_methods are gone since the run before, more than 10 %.*--max-shrink 100/)
    })))

  it.live("the environment alone names the database, a file may have the password, and --pii drop leaves names out", () =>
    inFolder(Effect.fnUntraced(function*(folder) {
      const duo = yield* serve({ users: 3 })
      writeFileSync(`${folder}/pass`, `*:*:*:locked:${secret}\n`, { mode: 0o600 })
      writeFileSync(
        `${folder}/.env`,
        `PGHOST=${at().folder}\nPGPORT=${at().port}\nPGUSER=locked\nPGDATABASE=reports\n`
      )
      const env = { ...settings(duo), PGPASSFILE: `${folder}/pass` }
      const args = ["extract", "--sink", "postgres", "--pii", "drop"]
      const { code, stderr, stdout } = yield* command(folder, args, env)
      assert.strictEqual(code, 0, stderr)
      assert.deepStrictEqual(query(at(), "SELECT DISTINCT email, username FROM duo_mfa.users"), [
        { email: null, username: null }
      ])
      const place = `postgres:///reports?host=${at().folder}&port=${at().port}&user=locked&schema=duo_mfa`
      assert.include(stdout, `postgres ${place} (0.0 MB)`)
      assert.strictEqual(
        (yield* command(folder, ["verify", "--sink", "postgres"], { PGPASSFILE: `${folder}/pass` })).code,
        0
      )
      at().psql("DROP SCHEMA duo_mfa, duo_mfa_rows CASCADE")
    })))

  it.live("a run that is killed after it was sealed is not visible, and the next run publishes it first", () =>
    inFolder(Effect.fnUntraced(function*(folder) {
      const duo = yield* serve({ people: "hostile", users: 5 })
      const target = ["--sink", `postgres:${locationOf(at(), { schema: "killed" })}`]
      const killed = yield* program(folder, ["extract", "--sink", killing, ...target], { ...settings(duo), KILL: "1" })
      assert.isNull(killed.code)
      assert.deepStrictEqual(rowsIn("killed").map(({ published }) => published), [false])
      assert.deepStrictEqual(query(at(), "SELECT * FROM killed.runs"), [])
      assert.deepStrictEqual(query(at(), "SELECT * FROM killed.users UNION SELECT * FROM killed.users_snapshots"), [])
      for (const named of [["--sink", killing], target]) {
        const refused = yield* command(folder, ["extract", ...named], settings(duo))
        assert.strictEqual(refused.code, 4, refused.stderr)
        assert.deepStrictEqual(rowsIn("killed").map(({ published }) => published), [false])
      }
      const next = yield* command(folder, ["extract", "--sink", killing, ...target], settings(duo))
      assert.strictEqual(next.code, 0, next.stderr)
      assert.include(next.stderr, "which was sealed when its process ended")
      assert.deepStrictEqual(rowsIn("killed").map(({ published }) => published), [true, true])
      assert.strictEqual((yield* command(folder, ["verify", "--sink", killing, ...target])).code, 0)
    })))

  it.live("the next run discards the rows of a run that will not be published", () =>
    inFolder(Effect.fnUntraced(function*(folder) {
      const duo = yield* serve({ people: "hostile", users: 5 })
      const target = ["--sink", `postgres:${locationOf(at(), { schema: "swept" })}`]
      yield* program(folder, ["extract", "--sink", killing, ...target], { ...settings(duo), KILL: "1" })
      const [sealed = ""] = globSync("data/runs/*.sealed", { cwd: folder })
      writeFileSync(
        `${folder}/${sealed.replace("sealed", "open")}`,
        JSON.stringify({ sinks: JSON.parse(readFileSync(`${folder}/${sealed}`, "utf8")).sinks })
      )
      rmSync(`${folder}/${sealed}`)
      const next = yield* command(folder, ["extract", "--json", ...target], settings(duo))
      assert.strictEqual(next.code, 0, next.stderr)
      assert.deepStrictEqual(rowsIn("swept"), [{ run_id: JSON.parse(next.stdout).run_id, published: true }])
      assert.strictEqual(query(at(), "SELECT * FROM swept_rows.places").length, 1)
    })))

  it.live("administrators have rows beside the users, and a run of one does not remove rows of the other", () =>
    inFolder(Effect.fnUntraced(function*(folder) {
      const duo = yield* serve({ people: "hostile", users: 5 })
      const target = ["--sink", `postgres:${locationOf(at(), { schema: "beside" })}`]
      for (const pipeline of ["mfa", "admins", "mfa", "admins"]) {
        const { code, stderr } = yield* command(folder, ["extract", pipeline, ...target], settings(duo))
        assert.strictEqual(code, 0, stderr)
      }
      const counted = (table: string) => query(at(), `SELECT count(*) AS rows FROM beside.${table}`)
      assert.deepStrictEqual([...counted("users"), ...counted("users_history")], [{ rows: 5 }, { rows: 5 }])
      assert.deepStrictEqual(counted("admins"), counted("admins_history"))
      assert.isAbove(Number(counted("admins")[0]?.["rows"]), 0)
      assert.strictEqual((yield* command(folder, ["verify", ...target])).code, 0)
    })))

  it.live("pruned runs are gone, with what only they have seen, and verify knows them", () =>
    inFolder(Effect.fnUntraced(function*(folder) {
      const target = ["--sink", `postgres:${locationOf(at(), { schema: "pruned" })}`]
      const ids: Array<string> = []
      for (const seed of [1, 2, 3]) {
        const run = yield* Effect.scoped(Effect.flatMap(
          serve({ people: "hostile", users: 8, seed, port: 27_077 }),
          (duo) => command(folder, ["extract", "--json", "--max-shrink", "100", ...target], settings(duo))
        ))
        assert.strictEqual(run.code, 0, run.stderr)
        ids.push(JSON.parse(run.stdout).run_id)
      }
      const prune = (...args: ReadonlyArray<string>) =>
        command(folder, ["prune", "--keep-daily", "1", ...target, ...args], {})
      const users = "SELECT * FROM pruned.users ORDER BY user_id"
      const [before, places] = [query(at(), users), "SELECT run_id FROM pruned_rows.places"]
      assert.match((yield* prune("--dry-run")).stdout, /rows of 2 runs/)
      assert.strictEqual(query(at(), places).length, 3)
      assert.match((yield* prune()).stdout, /rows of 2 runs/)
      assert.deepStrictEqual(query(at(), places), [{ run_id: ids[2] }])
      assert.deepStrictEqual(query(at(), users), before)
      assert.deepStrictEqual(query(at(), "SELECT * FROM pruned.users_snapshots ORDER BY user_id"), before)
      const verified = yield* command(folder, ["verify", "--all", ...target], {})
      assert.strictEqual(verified.code, 0, verified.stderr)
      assert.strictEqual(verified.stdout.match(/pruned on /g)?.length, 8)
    })))

  it.live("two tenants have rows beside each other, and a run that is not complete removes no user", () =>
    inFolder(Effect.fnUntraced(function*(folder) {
      const target = ["--sink", `postgres:${locationOf(at(), { schema: "tenants" })}`]
      yield* extract(folder, { tenant: Tenant.make({ people: "hostile", users: 20, seed: 1 }) }, target)
      const all = usersOn(8)
      const read = (options: Options) => Effect.scoped(extract(folder, options, target))
      const { duo, summary } = yield* read({ tenant: Tenant.fromUsers(all, []) })
      const half = { tenant: Tenant.fromUsers(all.slice(2), []), port: Number(duo.host.split(":")[1]) }
      const next = yield* read({ ...half, scenario: [{ do: { fault: "total_objects", add: 6 } }] })
      assert.deepStrictEqual([summary.complete, next.summary.complete], [true, false])
      const users =
        "SELECT count(*)::int AS users, count(DISTINCT run_id)::int AS runs FROM tenants.users GROUP BY tenant ORDER BY 1"
      assert.deepStrictEqual(query(at(), users), [{ users: all.length, runs: 2 }, { users: 20, runs: 1 }])
    })))

  it.live("the commands of the page work", () =>
    inFolder(Effect.fnUntraced(function*(folder) {
      const page = readFileSync("docs/postgres.md", "utf8")
      const blocks = (language: string) =>
        [...page.matchAll(new RegExp(`^\`\`\`${language}\n([^\`]+)^\`\`\``, "gm"))].map(([_, block = ""]) => block)
      const [once = "", ...questions] = blocks("sql")
      // one of the roles exists already
      at().psql(once.replace("CREATE ROLE duo LOGIN;", ""))
      const duo = yield* serve({ people: "hostile", users: 20 })
      const place = locationOf(at())
      const commands = blocks("sh").flatMap((block) => block.trim().split("\n"))
      assert.strictEqual(commands.length, 4)
      for (const typed of commands) {
        const args = typed.replace("postgres://duo@db.example.com/reports", place).split(" ").slice(1)
        const { code, stderr } = yield* command(folder, args, settings(duo))
        assert.strictEqual(code, 0, `${typed}: ${stderr}`)
      }
      assert.strictEqual(questions.length, 3)
      const [coverage = ""] = questions
      assert.match(at().psql(`SET ROLE bi; ${coverage}`), /^2026-\d\d-\d\d\|[\w.:-]+\|\d+\|\d+(\.\d)?$/)
      for (const question of questions) at().psql(`SET ROLE bi; ${question}`)
      assert.throws(() => at().psql("SET ROLE bi; SELECT * FROM duo_mfa_rows.users"), /permission denied/)
      assert.throws(() => at().psql("SET ROLE bi; CREATE TABLE duo_mfa.mine ()"), /permission denied/)
      at().psql("SET ROLE duo; DELETE FROM duo_mfa_rows.runs")
      for (const view of ["users", "users_snapshots", "users_history"]) {
        assert.deepStrictEqual(query(at(), `SELECT * FROM duo_mfa.${view}`), [])
      }
      const before = query(at(), "SELECT max(\"version id\") AS last FROM duo_mfa_rows.users")
      assert.strictEqual((yield* command(folder, ["extract", "--sink", `postgres:${place}`], settings(duo))).code, 0)
      const stored = `SELECT count(*) FROM duo_mfa_rows.users WHERE "version id" <= ${before[0]?.["last"]}`
      assert.strictEqual(at().psql(stored), "0", "the next run deletes their rows")
    })))
})
