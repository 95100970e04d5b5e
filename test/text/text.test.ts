/**
 * Text of others in files for spreadsheets, terminals and pages is shown, and is never a formula, a command or markup.
 */
import * as NodeServices from "@effect/platform-node/NodeServices"
import { assert, describe, it } from "@effect/vitest"
import { Arbitrary, Effect, Layer, Runtime, Schema } from "effect"
import { readFileSync, writeFileSync } from "node:fs"
import * as Replay from "../../src/duo/record/Replay.ts"
import { serve } from "../../src/emulator/server/Emulator.ts"
import * as Json from "../../src/text/Json.ts"
import * as Markdown from "../../src/text/Markdown.ts"
import * as Spreadsheet from "../../src/text/Spreadsheet.ts"
import * as Terminal from "../../src/text/Terminal.ts"
import * as Xml from "../../src/text/Xml.ts"
import { command, extract } from "../support/processes/command.ts"
import { inFolder, settings } from "../support/processes/program.ts"
import { parseCsv } from "../support/readers.ts"

/** Pieces of text that do harm somewhere; the tests join them in any order. */
const pieces = [
  ..."=+-@＝＋－＠'\",;|:^~\\`*_[]()!<>&#$ \t\r\n\v\f\0\u001b\u0007\u007f\u009b\u00a0\u200b\u202e\u2028\u2029\ufeff\ufffe",
  "\ud800",
  "\udc00",
  "cmd|' /C calc'!A0",
  "\u001b]0;title\u0007",
  "![](http://x.example/p.png)",
  "<script>alert(1)</script>",
  "www.x.example",
  "a",
  "é",
  "1"
]
const text = Arbitrary.map(
  Arbitrary.array(Arbitrary.schema(Schema.Literals(pieces)), { maxLength: 8 }),
  (parts) => parts.join("")
)
/** Characters that a terminal obeys or cannot show. */
const obeyed = /[\p{Cc}\p{Cs}\p{Zl}\p{Zp}\u200e\u200f\u202a-\u202e\u2066-\u2069]/u
/** The same for text of several lines. */
const obeyedInLines = /[^\n\P{Cc}]/u

const runs = { arbitrary: { runs: 2000 } }

describe("A cell of CSV", () => {
  it.effect.prop(
    "can be read back without a change",
    [text],
    ([text]) => Effect.sync(() => assert.strictEqual(Spreadsheet.unguard(Spreadsheet.guard(text)), text)),
    runs
  )

  /**
   * Splits a line as a spreadsheet does whose list separator is not the comma: quotes count only at the beginning of a
   * cell.
   */
  const cellsOf = (line: string, separator: string) => {
    const cells: Array<string> = []
    let rest = line
    while (rest !== "") {
      const quoted = /^"((?:[^"]|"")*)"?/.exec(rest)
      const start = quoted === null ? "" : quoted[0]
      const end = rest.slice(start.length).search(
        separator === "|" || separator === "^" ? `\\${separator}|[\r\n]` : `${separator}|[\r\n]`
      )
      const length = end === -1 ? rest.length : start.length + end
      cells.push((quoted?.[1]?.replaceAll("\"\"", "\"") ?? "") + rest.slice(start.length, length))
      rest = rest.slice(length + 1)
    }
    return cells
  }

  it.effect.prop(
    "starts no formula, with any list separator",
    [text, text],
    (texts) =>
      Effect.sync(() => {
        const line = Spreadsheet.record(["run", ...texts.map(Spreadsheet.field)])
        for (const separator of [",", ";", "\t", "|", ":", "^", "~"]) {
          for (const cell of cellsOf(line, separator)) {
            // characters that a spreadsheet skips at the beginning of a cell
            assert.notMatch(
              cell.trimStart().replace(/^[\p{Zs}\p{Cf}"\0]+/u, ""),
              /^[=+\-@＝＋－＠]/u,
              JSON.stringify([separator, line])
            )
          }
        }
      }),
    runs
  )

  const examples: ReadonlyArray<readonly [text: string, cell: string]> = [
    ["=cmd|' /C calc'!A0", "'=cmd|' /C calc'!A0"],
    ["a;=cmd|' /C calc'!A0", "a;'=cmd|' /C calc'!A0"],
    ["a\t+1", "a\t'+1"],
    ["  =1", "  '=1"],
    ["＠SUM(1)", "'＠SUM(1)"],
    ["\t=1", "'\t'=1"],
    ["\r=1", "'\r'=1"],
    ["\u00a0\"\n", "\u00a0\"'\n"],
    ["a\n-1", "a\n'-1"],
    ["';\"@x", "';\"'@x"],
    ["'=1", "''=1"],
    ["Jean-Pierre, +1 555 0100", "Jean-Pierre, '+1 555 0100"],
    ["Sales - EMEA; a@example.com", "Sales - EMEA; a@example.com"]
  ]
  for (const [text, cell] of examples) {
    it(`of ${JSON.stringify(text)} is ${JSON.stringify(cell)}`, () => {
      assert.strictEqual(Spreadsheet.guard(text), cell)
    })
  }
})

describe("Text", () => {
  it.effect.prop("on a terminal has nothing that the terminal obeys", [text], ([text]) =>
    Effect.sync(() => {
      assert.notMatch(Terminal.safeLine(text).toWellFormed(), obeyed)
      for (const line of Terminal.lines(text).split("\n")) assert.notMatch(line, obeyed)
      assert.strictEqual(Array.from(Terminal.safeLine(text)).length, Array.from(text).length)
    }), runs)

  it.effect.prop(
    "in JSON has nothing that a terminal obeys, and parses to the same text",
    [text],
    ([text]) =>
      Effect.sync(() => {
        const json = Json.stringify({ [text]: [text] })
        assert.notMatch(json, obeyed)
        assert.deepStrictEqual(JSON.parse(json), { [text]: [text] })
      }),
    runs
  )

  it.effect.prop("in XML is never an element or the end of an attribute", [text], ([text]) =>
    Effect.sync(() => {
      const escaped = Xml.escape(text)
      assert.notMatch(escaped, /[<>"']|&(?!(amp|lt|gt|quot|apos);)/)
      assert.notMatch(escaped, /[\p{Cc}\p{Cs}\ufffe\uffff]/u)
    }), runs)

  it.effect.prop(
    "in Markdown has no character with a meaning, and reads the same",
    [text],
    ([text]) =>
      Effect.sync(() => {
        const escaped = Markdown.escape(text)
        const bare = escaped.replace(/\\[\\`*_[\]|~$/.]/g, "").replace(/&(amp|lt|gt);/g, "")
        assert.notMatch(bare, /[\\`*_[\]|~$<>&\r\n]|:\/\/|www\./i)
        const shown = escaped.replace(/\\(.)/g, "$1").replaceAll("&lt;", "<").replaceAll("&gt;", ">").replaceAll(
          "&amp;",
          "&"
        )
        assert.strictEqual(shown, Terminal.safeLine(text))
      }),
    runs
  )
})

describe("Text of others that the program prints", () => {
  const formula = "=cmd|' /C calc'!A0"
  const hostile = `${formula}\u001b]0;owned\u0007\u009b31m<img src=x>![x](http://x.example/x.png) a\\|b`
  const literal = `'${hostile.replaceAll("'", "''")}'`

  it.live("sql: a cell, a name of a column and an error", () =>
    inFolder(Effect.fnUntraced(function*(folder) {
      yield* extract(folder, { users: 5 }, ["--sink", "duckdb"])
      const sql = (...args: ReadonlyArray<string>) => command(folder, ["sql", ...args])
      const query = `SELECT ${literal} AS "=name", -1 AS n`

      const csv = yield* sql("--format", "csv", query)
      assert.deepStrictEqual(parseCsv(csv.stdout), [["'=name", "n"], [`'${hostile}`, "-1"]])
      const table = yield* sql("--format", "table", query)
      assert.notMatch(table.stdout, obeyedInLines)
      const json = yield* sql("--format", "json", query)
      assert.notMatch(json.stdout, obeyedInLines)
      assert.deepStrictEqual(JSON.parse(json.stdout), [{ "=name": hostile, n: -1 }])
      const markdown = (yield* sql("--format", "markdown", query)).stdout.split("\n")[2] ?? ""
      assert.notMatch(markdown, /<img|(?<!\\)\[/)
      assert.notMatch(markdown, obeyed)
      assert.strictEqual(markdown.match(/(?<!\\)(\\\\)*\|/g)?.length, 3)

      for (const wrong of [`SELECT ${literal}::INT`, `SELEC\u001b]0;owned\u0007`, `SELECT error(${literal})`]) {
        const { code, stderr } = yield* sql(wrong)
        assert.strictEqual(code, 64, stderr)
        assert.notMatch(stderr, obeyedInLines)
      }
    })))

  it.live("a path, an argument and a log line, even as JSON", () =>
    inFolder(Effect.fnUntraced(function*(folder) {
      const name = "\u001b]0;owned\u0007\u009b31m"
      const commands = [["sql", `@${name}`], [name], ["extract", "--sink", name], ["extract", "--replay", name]]
      for (const args of [...commands, ["policy", name, "--log-format", "json"]]) {
        const { code, stderr, stdout } = yield* command(folder, args, { DUO_MFA_DATA: `data${name}` })
        assert.notStrictEqual(code, 0)
        assert.notMatch(stderr + stdout, obeyedInLines)
        assert.include(stderr, "owned")
      }
    })))
})

describe("A record of somebody else", () => {
  it.live("has a valid tenant, run and times, or is refused", () =>
    inFolder(Effect.fnUntraced(function*(folder) {
      const duo = yield* serve({ users: 5 })
      yield* command(folder, ["extract", "--record", "record", "--sink", "ndjson"], settings(duo))
      const file = `${folder}/record/run.json`
      const run = JSON.parse(readFileSync(file, "utf8"))
      const entry = `${folder}/record/00001.json`
      const answer = JSON.parse(readFileSync(entry, "utf8"))
      const opened = Layer.build(Replay.layer(`${folder}/record`)).pipe(
        Effect.scoped,
        Effect.provide(NodeServices.layer)
      )
      const replay = (code: number, says: RegExp) =>
        Effect.flip(opened).pipe(Effect.map((error) => {
          assert.strictEqual(error[Runtime.errorExitCode], code, error.message)
          assert.match(error.message, says)
        }))
      const foreign: ReadonlyArray<object> = [
        { tenant: "\u001b]0;owned\u0007" },
        { tenant: "api-11111111.duosecurity.com\n" },
        { tenant: "example.com" },
        { tenant: "API-11111111.duosecurity.com" },
        { run_id: "x" },
        { run_id: "../../x" },
        { run_id: "20261123T201500123Z-4f09ac" },
        { run_id: "20269923T201500123Z-4f09ac", observed_at: "2026-99-23T20:15:00.123Z" },
        { observed_at: "2026-11-23T20:15:00.123Z" },
        { observed_at: "never" },
        { page_size: -1 },
        { concurrency: 0 },
        { concurrency: 1e9 },
        { tool_version: "\u001b]0;owned\u0007", format: 2 }
      ]
      for (const changes of foreign) {
        writeFileSync(file, JSON.stringify({ ...run, ...changes }))
        yield* replay(78, /record cannot be replayed: its run\.json is damaged/)
      }
      writeFileSync(file, JSON.stringify(run))
      for (const changes of [{ status: 99 }, { status: 1e9 }, { now: -1 }, { now: 9e15 }]) {
        writeFileSync(entry, JSON.stringify({ ...answer, outcome: { ...answer.outcome, ...changes } }))
        yield* replay(78, /its 00001\.json is damaged/)
      }
      writeFileSync(entry, JSON.stringify(answer))
      yield* opened
    })))
})
