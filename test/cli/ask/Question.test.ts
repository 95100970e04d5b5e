/** SQL from a file or from standard input is the same query as SQL on the command line. */
import { afterAll, assert, beforeAll, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { command, extract } from "../../support/processes/command.ts"
import { start } from "../../support/processes/program.ts"

/** Where a ledger and files with SQL are. */
let folder = ""

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "duo-mfa-question-"))
  await Effect.runPromise(Effect.scoped(extract(folder, { users: 5 })))
})

afterAll(() => rmSync(folder, { recursive: true }))

const write = (name: string, text: string) => {
  writeFileSync(`${folder}/${name}`, text)
  return name
}

const sql = (...args: ReadonlyArray<string>) => command(folder, ["sql", ...args])

/** Starts the program, because standard input is the process's. */
const piped = (input: string, ...args: ReadonlyArray<string>) =>
  Effect.promise(() => {
    const { child, ended } = start(folder, ["sql", ...args])
    child.stdin.end(input)
    return ended
  })

const count = "-- Users.\nSELECT count(*) + coalesce(getvariable('n')::INT, 0) AS n\nFROM users;\n"

describe("a file with SQL", () => {
  it.live("is asked, and takes values as SQL on the command line does", () =>
    Effect.gen(function*() {
      const file = write("count.sql", `\ufeff${count.replaceAll("\n", "\r\n")}`)
      for (
        const [args, answer] of [
          [["-f", file], "n\r\n5\r\n"],
          [["--file", `${folder}/${file}`, "n=2"], "n\r\n7\r\n"],
          [["n=2", "-f", file], "n\r\n7\r\n"],
          [["--parquet", "-f", file, "n=1", "m=1"], "n\r\n6\r\n"]
        ] as const
      ) {
        const { code, stderr, stdout } = yield* sql(...args)
        assert.deepStrictEqual([code, stdout], [0, answer], args.join(" ") + stderr)
      }
    }))

  it.live("is one SELECT, and writes nothing, even with --write-files", () =>
    Effect.gen(function*() {
      for (
        const [text, args, sentence] of [
          ["SELECT 1; SELECT 2", [], /these are 2 statements/],
          ["-- Nothing.\n", [], /There is no statement in it/],
          ["COPY users TO 'x.csv'", [], /A query can read the ledger, .* and nothing else/],
          [
            "COPY users TO 'x.csv'",
            ["--write-files"],
            /works only for SQL on the command line, and this is from q\.sql/
          ],
          ["@coverage", [], /syntax error/i]
        ] as const
      ) {
        const { code, stderr, stdout } = yield* sql(...args, "-f", write("q.sql", text))
        assert.deepStrictEqual([code, stdout], [64, ""], text)
        assert.match(stderr, sentence)
      }
    }))

  it.live("that is missing or not a file is refused with a sentence", () =>
    Effect.gen(function*() {
      for (
        const [file, sentence] of [
          ["none.sql", "No SQL can be read from none.sql: there is no such file."],
          ["data", "No SQL can be read from data: it is not a file with text."]
        ] as const
      ) {
        const { code, stderr, stdout } = yield* sql("-f", file)
        assert.deepStrictEqual([code, stdout], [64, ""], file)
        assert.include(stderr, sentence)
      }
    }))

  it.live("excludes another query", () =>
    Effect.gen(function*() {
      const file = write("count.sql", count)
      for (const query of ["SELECT 1", "@coverage", "@", "-"]) {
        const { code, stderr, stdout } = yield* sql("-f", file, query)
        assert.deepStrictEqual([code, stdout], [64, ""], query)
        assert.include(stderr, "--file count.sql has the query, and the command line has one too.")
      }
    }))
})

describe("SQL on standard input", () => {
  it.live("is asked with - for the query or for the file, and takes values", () =>
    Effect.gen(function*() {
      for (const args of [["-", "n=2"], ["-f", "-", "n=2"]]) {
        assert.deepStrictEqual(yield* piped(count, ...args), { code: 0, stdout: "n\r\n7\r\n", stderr: "" })
      }
    }))

  it.live("is one SELECT, and writes nothing", () =>
    Effect.gen(function*() {
      const { code, stderr, stdout } = yield* piped("COPY users TO 'x.csv'", "--write-files", "-")
      assert.deepStrictEqual([code, stdout], [64, ""])
      assert.include(stderr, "and this is from standard input.")
    }))
})
