import { assert, describe, it } from "@effect/vitest"
import { Effect, FileSystem } from "effect"
import { globSync, lstatSync } from "node:fs"
import { type Options, serve } from "../../src/emulator/server/Emulator.ts"
import { command, extract } from "../support/command.ts"
import { allSinks, contents, inFolder, query, settings, start } from "../support/program.ts"

describe("extract", () => {
  const apis: ReadonlyArray<readonly [string, Options]> = [
    ["everything", {}],
    ["v1 only", { apis: ["v1"] }],
    ["v2 only", { apis: ["v2"] }],
    ["SHA-1 only", { signatures: ["v2-sha1"] }],
    ["v1 and SHA-1 only", { apis: ["v1"], signatures: ["v2-sha1"] }],
    ["what the integration guide says", {
      apis: ["v2"],
      signatures: ["v2-sha1"],
      scenario: [{ when: { path: "/admin/v1/*" }, do: { fault: "status", code: 40401 } }]
    }],
    ["a 401 for whatever it does not know", {
      apis: ["v2"],
      signatures: ["v2-sha1"],
      scenario: [{ when: { path: "/admin/v1/*" }, do: { fault: "status", code: 40103 } }]
    }],
    ["no permission for bypass codes", { permissions: ["users"] }]
  ]
  for (const [name, api] of apis) {
    it.live(`works against a Duo that has ${name}`, () =>
      inFolder(Effect.fnUntraced(function*(folder) {
        const { duo, summary } = yield* extract(folder, { users: 310, ...api }, ["--sink", "ndjson"])
        assert.deepInclude(summary, { complete: true, users: 310, total_objects: 310, exit: 0 })
        assert.strictEqual(summary.rows.users, 310)
        assert.deepStrictEqual(duo.requests.flatMap(({ trace }) => trace), [])
      })))
  }

  it.live("a table that the key may not read is not collected, and is not shown as empty", () =>
    inFolder(Effect.fnUntraced(function*(folder) {
      const { summary } = yield* extract(folder, { users: 10, permissions: ["users"] }, allSinks)
      assert.notInclude(summary.tables_collected, "bypass_codes")
      assert.isUndefined(summary.rows.bypass_codes)
      assert.deepStrictEqual(globSync("data/{parquet,ndjson,csv}/**/*bypass_codes*/**/*.*", { cwd: folder }), [])
    })))

  it.live("a run in which more than a tenth of the tenant is gone is refused, and changes nothing", () =>
    inFolder(Effect.fnUntraced(function*(folder) {
      const duo = yield* serve({ users: 40 })
      const run = (...args: ReadonlyArray<string>) => command(folder, ["extract", ...args], settings(duo))
      assert.strictEqual((yield* run()).code, 0)
      for (let gone = 0; gone < 5; gone++) duo.tenant.edit({ edit: "remove", at: 0 })
      const before = contents(folder)
      const refused = yield* run()
      assert.strictEqual(refused.code, 4)
      assert.match(refused.stderr, /5 of 40 users are gone since the run before, more than 10 %.*--max-shrink 13/)
      assert.deepStrictEqual(contents(folder), before)
      assert.strictEqual((yield* run("--max-shrink", "101")).code, 64)
      const agreed = yield* run("--max-shrink", "13")
      assert.strictEqual(agreed.code, 0, agreed.stderr)
      const asked = yield* command(folder, ["sql", "SELECT count(*), count(valid_to) FROM users_history"])
      assert.strictEqual(asked.stdout.trimEnd().split("\r\n").at(-1), "40,5")
    })))

  it.live("the four sinks have the same rows, and verify says so; if one is changed, verify names it", () =>
    inFolder(Effect.fnUntraced(function*(folder) {
      const fs = yield* FileSystem.FileSystem
      const { summary } = yield* extract(folder, { users: 300 }, allSinks)
      const verified = yield* command(folder, ["verify"])
      assert.strictEqual(verified.code, 0, verified.stderr)
      const lines = verified.stdout.trimEnd().split("\n")
      assert.strictEqual(lines.pop(), "16 tables of 1 run in 4 sinks: all are as published")
      assert.strictEqual(lines.length, 4 * 4)
      assert.isTrue(lines.every((line) => line.endsWith("same")))
      const file = `${folder}/data/csv/users/${summary.run_id}.csv`
      const text = yield* fs.readFileString(file)
      yield* fs.writeFileString(file, text.replace(",active,", ",actove,"))
      const differs = yield* command(folder, ["verify"])
      assert.strictEqual(differs.code, 74)
      assert.include(differs.stderr, "csv users of")
      assert.include(differs.stdout, "16 tables of 1 run in 4 sinks: 15 same, 1 differs")
      const { error, exit, message, tables } = JSON.parse((yield* command(folder, ["verify", "--json"])).stdout)
      assert.deepStrictEqual({ error, exit }, { error: "NotVerified", exit: 74 })
      assert.include(differs.stderr, message)
      const found = tables.filter(({ verdict }: { readonly verdict: string }) => verdict !== "same")
      assert.deepStrictEqual(found, [{
        run_id: summary.run_id,
        sink: "csv",
        location: `${folder}/data/csv`,
        table: "users",
        rows: 300,
        verdict: "differs"
      }])
      yield* fs.remove(file)
      assert.include((yield* command(folder, ["verify"])).stderr, "missing")
    })))

  it.live("a second run adds its snapshot, replaces the ledger's rows, and disturbs nothing else", () =>
    inFolder(Effect.fnUntraced(function*(folder) {
      const duo = yield* serve({ users: 50 })
      const first = yield* command(folder, ["extract"], settings(duo))
      const before = contents(`${folder}/data/ndjson`)
      duo.tenant.edit({ edit: "remove", at: 7 })
      const second = yield* command(folder, ["extract"], settings(duo))
      assert.deepStrictEqual([first.code, second.code], [0, 0], second.stderr)
      assert.deepInclude(contents(`${folder}/data/ndjson`), before)
      const [counts] = yield* query(`
        ATTACH '${folder}/data/duo.duckdb' AS ledger (READ_ONLY);
        SELECT (SELECT count(*) FROM ledger.users) AS now, (SELECT count(*) FROM ledger.runs) AS runs,
          (SELECT count(*) FROM '${folder}/data/parquet/users/*/*.parquet') AS ever,
          (SELECT count(*) FROM '${folder}/data/parquet/current/users.parquet') AS current`)
      assert.deepStrictEqual(counts, { now: 49, runs: 2, ever: 99, current: 49 })

      const last = yield* command(folder, ["verify"])
      assert.include(last.stdout, "12 tables of 1 run in 3 sinks: all are as published")
      const all = yield* command(folder, ["verify", "--all"])
      assert.include(all.stdout, "24 tables of 2 runs in 3 sinks: 20 same, 4 no longer kept")
      const { exit, tables } = JSON.parse((yield* command(folder, ["verify", "--all", "--json"])).stdout)
      assert.deepStrictEqual([exit, tables.length], [0, 24])
    })))

  it.live("makes files of mode 0600 and directories of mode 0700", () =>
    inFolder(Effect.fnUntraced(function*(folder) {
      yield* extract(folder, { users: 5 }, allSinks)
      const modes = ["data", ...globSync("data/**/*", { cwd: folder }), "data/.lock"].map((file) => {
        const info = lstatSync(`${folder}/${file}`)
        return [file, info.isDirectory(), info.mode & 0o777] as const
      })
      assert.isAbove(modes.length, 30)
      assert.deepStrictEqual(modes.filter(([_, directory, mode]) => mode !== (directory ? 0o700 : 0o600)), [])
    })))

  it.live("the data directory may have any name that DuckDB can write; another is refused before a request to Duo", () =>
    inFolder(Effect.fnUntraced(function*(folder) {
      const duo = yield* serve({ users: 3 })
      const env = { ...settings(duo), DUO_MFA_DATA: `${folder}/it's "data", 100 % \u{1f511}` }
      const ended = yield* command(folder, ["extract", ...allSinks], env)
      assert.strictEqual(ended.code, 0, ended.stderr)
      assert.strictEqual((yield* command(folder, ["verify"], env)).code, 0)
      const odd = yield* command(folder, ["extract"], { ...env, DUO_MFA_DATA: `${folder}/what?` })
      assert.strictEqual(odd.code, 73)
      assert.include(odd.stderr, "a path with a ? in it")
    })))

  it.live("a dry run reads everything and writes nothing", () =>
    inFolder(Effect.fnUntraced(function*(folder) {
      const { summary } = yield* extract(folder, { users: 20 }, ["--dry-run"])
      assert.deepInclude(summary, { users: 20, sinks: [] })
      assert.deepStrictEqual(globSync("**/*", { cwd: folder }), [])
    })))

  it.live("concurrent pages give the same rows", () =>
    inFolder(Effect.fnUntraced(function*(folder) {
      const one = yield* extract(folder, { users: 333 }, ["--sink", "ndjson:one", "--page-size", "10"])
      const many = yield* extract(
        folder,
        { users: 333, latency: [0, 20] },
        ["--sink", "ndjson:many", "--page-size", "10", "--concurrency", "8"]
      )
      const rows = (directory: string, { summary }: typeof one) =>
        query(`SELECT user_id, username FROM '${folder}/${directory}/users/${summary.run_id}.ndjson.zst'`)
      assert.deepStrictEqual(yield* rows("many", many), yield* rows("one", one))
      assert.strictEqual(many.summary.pages, 37, "pages that begin with one of the page before")
    })))

  it.live("asks for four pages at a time, and with --log-level debug says so on standard error only", () =>
    inFolder(Effect.fnUntraced(function*(folder) {
      const duo = yield* serve({ users: 30 })
      const args = ["extract", "--dry-run", "--json", "--page-size", "5"]
      const quiet = yield* command(folder, args, settings(duo))
      const ended = yield* command(folder, [...args, "--log-level", "debug"], settings(duo))
      assert.strictEqual(JSON.parse(ended.stdout).users, 30)
      assert.match(ended.stderr, /^debug: \/admin\/v2\/users: 5 of 30 at offset 0; 4 in flight, 5 per page$/m)
      assert.notInclude(quiet.stderr, "debug")
    })))

  it.live("rows on standard output are the only thing there", () =>
    inFolder(Effect.fnUntraced(function*(folder) {
      const duo = yield* serve({ users: 3 })
      const ended = yield* command(folder, ["extract", "--sink", "ndjson:-"], settings(duo))
      const lines = ended.stdout.trimEnd().split("\n").filter((line) => line.startsWith("{")).map((line) =>
        JSON.parse(line)
      )
      assert.strictEqual(lines.filter(({ table }) => table === "users").length, 3)
    })))

  it.live("rows that a reader has left unread are not written to the next run's output", () =>
    inFolder(Effect.fnUntraced(function*(folder) {
      const duo = yield* serve({ users: 500 })
      const left = start(folder, ["extract", "--sink", "ndjson:-", "--sink", "csv"], settings(duo))
      left.child.stdout.destroy()
      assert.strictEqual((yield* Effect.promise(() => left.ended)).code, 0)
      const next = yield* command(folder, ["extract", "--json"], settings(duo))
      assert.strictEqual(JSON.parse(next.stdout).users, 500)
      assert.deepStrictEqual(globSync("data/runs/*", { cwd: folder }).filter((file) => !file.endsWith(".json")), [])
    })))

  it.live("a module can be a sink", () =>
    inFolder(Effect.fnUntraced(function*(folder) {
      const fs = yield* FileSystem.FileSystem
      yield* fs.writeFileString(
        `${folder}/count.mjs`,
        `
        import { appendFileSync } from "node:fs"
        import * as Effect from "${import.meta.resolve("effect/Effect")}"
        import * as Stream from "${import.meta.resolve("effect/Stream")}"
        export default {
          name: "count",
          doc: "Counts.",
          location: (data) => data + "/count.txt",
          open: (location, { tables: [table] }) => Effect.succeed({
            seal: ([{ run_id }], { stream }) => Effect.map(
              Stream.runFold(stream(table, run_id), () => 0, (users, rows) => users + rows.length),
              (users) => ({ bytes: 0, publication: { location, users } })
            )
          }),
          publish: ({ location, users }) => Effect.sync(() => appendFileSync(location, users + " users\\n")),
          discard: () => Effect.void
        }`
      )
      const { summary } = yield* extract(folder, { users: 11 }, ["--sink", "./count.mjs", "--sink", "csv"])
      assert.strictEqual(yield* fs.readFileString(`${folder}/data/count.txt`), "11 users\n")
      const unnamed = yield* command(folder, ["verify"])
      assert.strictEqual(unnamed.code, 4, unnamed.stderr)
      assert.include(unnamed.stderr, "A manifest alone loads no module")
      const verified = yield* command(folder, ["verify", "--sink", "./count.mjs"])
      assert.strictEqual(verified.code, 0, verified.stderr)
      assert.include(verified.stdout, "cannot be read back")
      assert.deepStrictEqual(summary.sinks.map(({ name }: { name: string }) => name), [`${folder}/count.mjs`, "csv"])
    })))

  it.live("an incomplete run is published, adds rows and deletes none; with --strict it ends with 3", () =>
    inFolder(Effect.fnUntraced(function*(folder) {
      const duo = yield* serve({
        users: 40,
        scenario: [{ when: { from_page: 6, offset: 9 }, do: { fault: "edit", edit: { edit: "remove", at: 30 } } }]
      })
      const whole = yield* command(folder, ["extract", "--json", "--page-size", "10"], settings(duo))
      assert.isTrue(JSON.parse(whole.stdout).complete)
      const moved = yield* command(folder, ["extract", "--json", "--page-size", "10", "--strict"], settings(duo))
      assert.strictEqual(moved.code, 3, moved.stderr)
      assert.strictEqual(duo.reached.edit, 5, "somebody leaves in every reading, before he is read")
      const summary = JSON.parse(moved.stdout)
      assert.deepInclude(summary, { complete: false, exit: 3 })
      const ledger = yield* command(folder, [
        "sql",
        "--format",
        "json",
        `
        SELECT count(*) AS users, (SELECT complete FROM runs WHERE run_id = '${summary.run_id}') AS complete FROM users`
      ])
      assert.deepStrictEqual(JSON.parse(ledger.stdout), [{ users: 40, complete: false }])
    })))
})
