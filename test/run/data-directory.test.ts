/** What runs leave in the data directory: the rows of every sink, which `verify` reads back, and no other file. */
import { assert, describe, it } from "@effect/vitest"
import { Effect, FileSystem } from "effect"
import { globSync, lstatSync } from "node:fs"
import { serve } from "../../src/emulator/server/Emulator.ts"
import { command, extract } from "../support/processes/command.ts"
import { allSinks, contents, inFolder, query, settings, start } from "../support/processes/program.ts"

describe("extract", () => {
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
      const duo = yield* serve({ people: "hostile", users: 50 })
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

  it.live("rows that a reader has left unread are not written to the next run's output", () =>
    inFolder(Effect.fnUntraced(function*(folder) {
      const duo = yield* serve({ people: "hostile", users: 500 })
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
})
