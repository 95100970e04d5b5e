/** The answer of `sql` on a terminal: as much as a person can see, and how to see the rest. */
import { afterAll, assert, beforeAll, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { command, extract } from "../../support/processes/command.ts"
import { converse, hasTerminal } from "../../support/processes/terminal.ts"

/** Where a ledger is. */
let folder = ""

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "duo-mfa-terminal-"))
  await Effect.runPromise(Effect.scoped(extract(folder, { users: 60 })))
})

afterAll(() => rmSync(folder, { recursive: true }))

/** The lines that a terminal of 80 columns shows. */
const ask = Effect.fnUntraced(function*(sql: string, flags = "", env: Readonly<Record<string, string>> = {}) {
  writeFileSync(`${folder}/question.sql`, sql)
  const { code, text } = yield* converse(folder, `sql ${flags} -f question.sql`, [], env)
  assert.strictEqual(code, 0, text)
  return text.split("\r\n").slice(0, -1)
})

const described = hasTerminal ? describe : describe.skip

described("on a terminal, the answer", () => {
  it.live("has at most 40 rows, and the number of all", () =>
    Effect.gen(function*() {
      const lines = yield* ask("SELECT range AS n FROM range(5112)")
      assert.deepStrictEqual(lines.slice(-3), ["39", "", "40 of 5,112 rows; --all shows all"])
      assert.lengthOf(lines, 44)
      assert.deepStrictEqual((yield* ask("SELECT 1 AS n")).slice(-2), ["", "1 row"])
      assert.deepStrictEqual(yield* ask("SELECT 1 AS n WHERE false"), ["n", "-", "", "0 rows"])
    }))

  it.live("has the columns that fit, and names the others", () =>
    Effect.gen(function*() {
      const lines = yield* ask("FROM users LIMIT 3")
      for (const line of lines) assert.isAtMost(line.length, 80, line)
      const { stdout } = yield* command(folder, ["sql", "--format", "json", "FROM users LIMIT 1"])
      const [user = {}] = JSON.parse(stdout) as ReadonlyArray<object>
      const names = Object.keys(user)
      const shown = (lines[0] ?? "").trim().split(/ +/)
      assert.isAbove(shown.length, 1)
      assert.include(lines, `3 rows, ${shown.length} of ${names.length} columns; --all shows all`)
      const hidden = lines.slice(lines.findIndex((line) => line.startsWith("Hidden: "))).join(" ").slice(8).split(", ")
      assert.deepStrictEqual([...shown, ...hidden], names)
    }))

  it.live("is whole with --all, in the pager or, without one, at once", () =>
    Effect.gen(function*() {
      const sql = "SELECT range AS n, repeat('x', 100) AS long FROM range(100)"
      const whole = (mark: string, lines: ReadonlyArray<string>) => {
        assert.deepStrictEqual(lines.slice(-2), [mark.trimEnd(), `${mark}100 rows`])
        assert.strictEqual(lines.at(-3), `${mark}99  ${"x".repeat(100)}`)
        assert.lengthOf(lines, 104)
      }
      whole("> ", yield* ask(sql, "--all", { PAGER: "sed 's/^/> /; s/ *$//'" }))
      for (const env of [{ PAGER: "no-such-pager -x" }, { PAGER: "" }, { PAGER: "false", TERM: "dumb" }]) {
        whole("", yield* ask(sql, "--all", env))
      }
    }))

  it.live("ends when its reader leaves the pager", () =>
    Effect.gen(function*() {
      assert.lengthOf(yield* ask("SELECT range AS n FROM range(100000000)", "--all", { PAGER: "head -n 5" }), 5)
    }))
})
