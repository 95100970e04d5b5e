/** The answer of `sql`: all of it, however large it is, and as what it is. */
import { afterAll, assert, beforeAll, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { command, extract } from "../../support/processes/command.ts"
import { program, query } from "../../support/processes/program.ts"

/** Where a ledger is. */
let folder = ""

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "duo-mfa-"))
  await Effect.runPromise(Effect.scoped(extract(folder, { users: 60 })))
})

afterAll(() => rmSync(folder, { recursive: true }))

/** In a heap that has no room for a large answer. */
const small = { NODE_OPTIONS: "--max-old-space-size=48" }

const large = (rows: number) => `SELECT range AS n, 'name ' || range AS name, [range, NULL] AS list FROM range(${rows})`

const ask = (format: string, sql: string) => command(folder, ["sql", "--format", format, sql])

const askInSmall = (format: string, sql: string) => program(folder, ["sql", "--format", format, sql], small)

describe("the answer of sql", () => {
  it.live(
    "goes out as it comes, two hundred thousand rows of it in a small heap, and is whole",
    () =>
      Effect.gen(function*() {
        for (
          const [format, rows, parse] of [
            ["csv", 200_000, (text) => text.split("\r\n").slice(1, -1).map((line) => Number(line.split(",")[0]))],
            ["ndjson", 50_000, (text) => text.split("\n").slice(0, -1).map((line) => JSON.parse(line).n)],
            ["json", 50_000, (text) => JSON.parse(text).map(({ n }: { n: number }) => n)],
            ["markdown", 50_000, (text) => text.split("\n").slice(2, -1).map((line) => Number(line.split(" ")[1]))]
          ] as ReadonlyArray<readonly [string, number, (text: string) => ReadonlyArray<number>]>
        ) {
          const { code, stderr, stdout } = yield* askInSmall(format, large(rows))
          assert.strictEqual(code, 0, `${format}: ${stderr}`)
          const numbers = parse(stdout)
          assert.strictEqual(numbers.length, rows, format)
          assert.strictEqual(numbers.reduce((a, b) => a + b, 0), (rows - 1) * rows / 2, format)
        }
      }),
    120_000
  )

  it.live("as CSV is read by another program with the same values", () =>
    Effect.gen(function*() {
      const { stdout } = yield* ask("csv", "SELECT user_id, phone_count FROM users ORDER BY user_id")
      const lines = stdout.trimEnd().split("\r\n").slice(1)
      const known = yield* query(
        `SELECT user_id, phone_count FROM read_parquet('${folder}/data/parquet/current/users.parquet') ORDER BY user_id`
      )
      assert.deepStrictEqual(lines, known.map((row) => Object.values(row).join(",")))
    }))

  it.live(
    "is a whole table where no terminal is, however long, with the widths of the first ten thousand rows",
    () =>
      Effect.gen(function*() {
        const { code, stdout } = yield* askInSmall(
          "table",
          "SELECT range AS n, 'x' AS name, NULL AS wide FROM range(100001)"
        )
        const lines = stdout.split("\n")
        assert.deepStrictEqual([code, lines.length], [0, 100_006])
        assert.deepStrictEqual(lines.slice(0, 3), ["    n  name  wide", "-----  ----  ----", "    0  x     NULL"])
        assert.deepStrictEqual(lines.slice(-4), ["100000  x     NULL", "", "100,001 rows", ""])
      }),
    60_000
  )

  it.live("has times to the second and NULL for people, and all of it for programs", () =>
    Effect.gen(function*() {
      const sql =
        "SELECT TIMESTAMPTZ '2026-11-25 03:10:46.471Z' AS zoned, TIMESTAMP '2026-11-25 03:10:46.5' AS plain, " +
        "TIME '03:10:46.5' AS time, [TIMESTAMPTZ '2026-11-25 03:10:46.471Z'] AS list, NULL AS none, '' AS empty"
      const [, , row] = (yield* ask("table", sql)).stdout.split("\n")
      assert.strictEqual(
        row,
        `2026-11-25 03:10:46Z  2026-11-25 03:10:46  03:10:46  ["2026-11-25 03:10:46Z"]  NULL`
      )
      const [, , line] = (yield* ask("markdown", sql)).stdout.split("\n")
      assert.strictEqual(
        line,
        `| 2026-11-25 03:10:46Z | 2026-11-25 03:10:46 | 03:10:46 | \\["2026-11-25 03:10:46Z"\\] |  |  |`
      )
      assert.deepStrictEqual(JSON.parse((yield* ask("ndjson", sql)).stdout), {
        zoned: "2026-11-25T03:10:46.471000Z",
        plain: "2026-11-25 03:10:46.5",
        time: "03:10:46.5",
        list: ["2026-11-25T03:10:46.471000Z"],
        none: null,
        empty: ""
      })
      const [, record] = (yield* ask("csv", sql)).stdout.split("\r\n")
      assert.strictEqual(
        record,
        `2026-11-25T03:10:46.471000Z,2026-11-25 03:10:46.5,03:10:46.5,"[""2026-11-25T03:10:46.471000Z""]",,`
      )
    }))

  it.live("has lists, structs, maps and unions as JSON", () =>
    Effect.gen(function*() {
      const sql =
        `SELECT [1, NULL, 2] AS list, [[TIMESTAMPTZ '2026-11-28 01:02:03Z']] AS deep, array_value(1.5, 2.5) AS fixed,
        {'name': 'José', 'ids': [9007199254740993]} AS struct,
        MAP {'a': 1, 'b': NULL} AS map, MAP {1: {'x': []::INT[]}} AS numbered, union_value(u := 'one') AS tagged, [] AS empty`
      const value = JSON.parse(
        `{"list": [1, null, 2], "deep": [["2026-11-28T01:02:03Z"]], "fixed": [1.5, 2.5],
          "struct": {"name": "José", "ids": ["9007199254740993"]},
          "map": {"a": 1, "b": null}, "numbered": {"1": {"x": []}}, "tagged": "one", "empty": []}`
      )
      assert.deepStrictEqual(JSON.parse((yield* ask("json", sql)).stdout), [value])
      assert.deepStrictEqual(JSON.parse((yield* ask("ndjson", sql)).stdout), value)
      const { stdout } = yield* ask("csv", "SELECT ['a', 'b'] AS list, {'a': 1} AS struct")
      assert.strictEqual(stdout, `list,struct\r\n"[""a"",""b""]","{""a"":1}"\r\n`)
    }))

  it.live("as CSV cannot start a formula in a spreadsheet, even in a list, and numbers stay numbers", () =>
    Effect.gen(function*() {
      const row = Effect.fnUntraced(function*(sql: string) {
        const { code, stderr, stdout } = yield* ask("csv", sql)
        assert.strictEqual(code, 0, stderr)
        return stdout.split("\r\n")[1]
      })
      assert.strictEqual(
        yield* row(
          `SELECT '=cmd' AS a, '+1' AS b, '-1' AS c, '@x' AS d, 'x;=1' AS e, ['=x', '-1'] AS f, {'k': '@y'} AS g`
        ),
        `'=cmd,'+1,'-1,'@x,x;'=1,"[""'=x"",""'-1""]","{""k"":""'@y""}"`
      )
      assert.strictEqual(
        yield* row(`SELECT -1 AS a, -1.5::DECIMAL(3, 1) AS b, -2e10::DOUBLE AS c, -9007199254740993 AS d,
          -170141183460469231731687303715884105727::HUGEINT AS e, '-inf'::DOUBLE AS f, [1, -2] AS g, {'k': -3} AS h`),
        `-1,-1.5,-20000000000,-9007199254740993,-170141183460469231731687303715884105727,-Infinity,"[1,-2]","{""k"":-3}"`
      )
    }))

  it.live("is of one statement: a second one is refused, and nothing is printed", () =>
    Effect.gen(function*() {
      const { code, stderr, stdout } = yield* ask("csv", "SELECT 1; SELECT 2")
      assert.deepStrictEqual([code, stdout], [64, ""])
      assert.include(stderr, "these are 2 statements. Ask them one by one.")
    }))

  it.live("that has no rows is empty in each format", () =>
    Effect.gen(function*() {
      const none = "SELECT 1 AS a, 2 AS b WHERE false"
      for (
        const [format, text] of [
          ["csv", "a,b\r\n"],
          ["json", "[]\n"],
          ["ndjson", ""],
          ["markdown", "| a | b |\n| --- | --- |\n"],
          ["table", "a  b\n-  -\n\n0 rows\n"]
        ] as const
      ) {
        const { code, stdout } = yield* ask(format, none)
        assert.deepStrictEqual([code, stdout], [0, text], format)
      }
    }))
})
