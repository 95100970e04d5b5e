/** `extract` works with whatever a Duo offers, and says so if a list has shrunk, has moved or may not be read. */
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { globSync } from "node:fs"
import { type Options, serve } from "../../src/emulator/server/Emulator.ts"
import { command, extract } from "../support/processes/command.ts"
import { allSinks, contents, inFolder, query, settings } from "../support/processes/program.ts"

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
      const duo = yield* serve({ people: "hostile", users: 40 })
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
      const duo = yield* serve({ people: "hostile", users: 30 })
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

  it.live("an incomplete run is published, adds rows and deletes none; with --strict it ends with 3", () =>
    inFolder(Effect.fnUntraced(function*(folder) {
      const duo = yield* serve({
        people: "hostile",
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
