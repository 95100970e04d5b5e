/** Our own prompt: it goes on until one leaves, and its queries have the rights of `sql`. */
import { afterAll, assert, beforeAll, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { extract } from "../../support/processes/command.ts"
import { contents, start } from "../../support/processes/program.ts"
import { converse, ctrlC, ctrlD, enter, hasTerminal, type Step } from "../../support/processes/terminal.ts"

/** Where a ledger is. */
let folder = ""

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "duo-mfa-shell-"))
  await Effect.runPromise(Effect.scoped(extract(folder, { users: 60 })))
})

afterAll(() => rmSync(folder, { recursive: true }))

/** Types lines, each at a prompt, and then Ctrl-D. */
const talk = (...lines: ReadonlyArray<string | Step>) =>
  converse(
    folder,
    "shell --no-duckdb",
    [
      ...lines.map((line): Step => typeof line === "string" ? ["> ", `${line}${enter}`] : line),
      ["duo> ", ctrlD]
    ],
    { HOME: folder }
  )

const described = hasTerminal ? describe : describe.skip

described("the prompt", () => {
  it.live(
    "answers statements of several lines and questions, and goes on after an error",
    () =>
      Effect.gen(function*() {
        const { code, left, text } = yield* talk(
          "SELECT count(*) AS n, 'a;b' AS t",
          "FROM users; SELECT 7 AS seven;",
          "FROM nothing;",
          "COPY users TO 'x.csv';",
          "@coverage days=x",
          "@coverage",
          ".nothing",
          "SELECT 8 AS eight;"
        )
        assert.deepStrictEqual([code, left], [0, []], text)
        assert.match(text, /The ledger in data, read-only\. Times are in UTC\./)
        assert.match(text, / n {2}t\r\n-- {2}---\r\n60 {2}a;b\r\n\r\n1 row\r\nseven\r\n-----\r\n {4}7\r\n/)
        assert.match(text, /Table with name nothing does not exist/)
        assert.match(text, /A query can read the ledger, .* and nothing else/)
        assert.match(text, /Unknown parameter "days"/)
        assert.match(text, /day +tenant .*\r\n.*\r\n\d{4}-\d\d-\d\d/)
        assert.match(text, /Unknown command "\.nothing"/)
        assert.match(text, /eight\r\n-----\r\n {4}8\r\n/)
      }),
    30_000
  )

  it.live("fits answers on the terminal, and .all shows the last one whole", () =>
    Effect.gen(function*() {
      const { code, text } = yield* talk("SELECT range AS n FROM range(5112);", ".all")
      const [limited = "", whole = ""] = text.split("duo> .all")
      assert.strictEqual(code, 0)
      assert.match(limited, /\r\n39\r\n\r\n40 of 5,112 rows; \.all shows all\r\n/)
      assert.match(whole, /\r\n5111\r\n\r\n5,112 rows\r\n/)
    }), 30_000)

  it.live("keeps variables for SQL, and not for questions", () =>
    Effect.gen(function*() {
      mkdirSync(`${folder}/data/queries`)
      writeFileSync(
        `${folder}/data/queries/own.sql`,
        "-- Which?\n-- Parameter n: text, optional. Any.\nSELECT coalesce(getvariable('n'), 'none') AS own"
      )
      const { text } = yield* talk(
        "SET VARIABLE n = 'mine';",
        "@own",
        "@own n='two words'",
        "@own m=1",
        "SELECT getvariable('n') AS n;"
      )
      const answers = [...text.matchAll(/^-+\r\n(.*)\r\n\r\n1 row\r$/gm)].map(([_, answer]) => answer)
      assert.deepStrictEqual(answers, ["none", "two words", "mine"], text)
      assert.notInclude(text, "Success")
      assert.match(text, /Unknown parameter "m"/)
    }), 30_000)

  it.live("stops a query or removes a line at Ctrl-C, and goes on", () =>
    Effect.gen(function*() {
      const { code, left, text } = yield* talk(
        "SELECT 1 AS one,",
        ["...> ", "oops"],
        ["oops", ctrlC],
        "SELECT count(*) AS endless FROM range(1000000000000) WHERE random() > 2;",
        ["> 2;", ctrlC],
        ["Cancelled.", ""],
        "SELECT 5 AS five;"
      )
      assert.deepStrictEqual([code, left], [0, []], text)
      assert.match(text, /five\r\n----\r\n {3}5\r\n/)
      assert.notMatch(text, /Error/)
    }), 30_000)

  it.live("completes names, leaves with .quit, and leaves no file behind", () =>
    Effect.gen(function*() {
      const before = contents(folder)
      const { code, left, text } = yield* converse(folder, "shell --no-duckdb", [
        ["duo> ", "SELECT count(*) AS n FROM mfa_meth\t"],
        ["mfa_methods", `;${enter}`],
        ["1 row", `.quit${enter}`]
      ], { HOME: folder })
      assert.deepStrictEqual([code, left], [0, []], text)
      assert.deepStrictEqual(contents(folder), before)
      assert.deepStrictEqual(readdirSync(folder), ["data"])
    }), 30_000)
})

describe("without a terminal", () => {
  const piped = (input: string) =>
    Effect.promise(() => {
      const { child, ended } = start(folder, ["shell", "--no-duckdb"])
      child.stdin.end(input)
      return ended
    })

  it.live("the statements on standard input are answered as CSV, the last one even without its semicolon", () =>
    Effect.gen(function*() {
      assert.deepStrictEqual(
        yield* piped("SELECT count(*) AS n\nFROM users; SELECT 'a' AS t;\n-- The end.\nSELECT 2 AS b"),
        {
          code: 0,
          stdout: "n\r\n60\r\nt\r\na\r\nb\r\n2\r\n",
          stderr: ""
        }
      )
    }))

  it.live("the first error ends it, with the code of the error", () =>
    Effect.gen(function*() {
      const { code, stderr, stdout } = yield* piped("SELECT 1 AS a;\nCOPY users TO 'x.csv';\nSELECT 3 AS c;\n")
      assert.deepStrictEqual([code, stdout], [64, "a\r\n1\r\n"])
      assert.match(stderr, /A query can read the ledger, .* and nothing else/)
    }))
})
