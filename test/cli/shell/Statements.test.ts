/** Text is split into statements where DuckDB would split it. */
import { assert, describe, it } from "@effect/vitest"
import * as Statements from "../../../src/cli/shell/Statements.ts"

describe("typed text", () => {
  it("ends a statement at a semicolon, except in quotes and comments", () => {
    for (
      const statement of [
        "SELECT 1",
        "SELECT ';', 'it''s; so', 'a\nb;'",
        `SELECT ";" FROM "a"";b"`,
        "SELECT 1 -- not; here\n+ 1",
        "SELECT /* nor; here */ 1",
        "SELECT $$it's; so$$, $tag$ ; $$ ; $tag$, $1",
        "SELECT e'it\\'s; so', like'\\', 1"
      ]
    ) {
      assert.deepStrictEqual(Statements.split(`${statement};`), { statements: [statement], rest: "" })
      assert.deepStrictEqual(Statements.split(`${statement};${statement};\n 2`), {
        statements: [statement, statement],
        rest: "\n 2"
      })
    }
  })

  it("waits for the end of a quote or a comment", () => {
    for (
      const text of ["SELECT ';", "SELECT \";", "SELECT 1 /* ;", "SELECT $$ ;", "SELECT $x$ ; $y$", "SELECT e'\\';"]
    ) {
      assert.deepStrictEqual(Statements.split(text), { statements: [], rest: text })
    }
  })

  it("is nothing if it has only comments and semicolons", () => {
    for (const text of ["", " \n", "-- a comment; only\n", "/* ; */ ;;\n", ";"]) {
      assert.deepStrictEqual(Statements.split(text), { statements: [], rest: "" })
    }
    assert.strictEqual(Statements.split("/* open ;").rest, "/* open ;")
  })
})
