/** Every type of token that the program knows has words, in the dictionary and in the answer to @tokens. */
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { readFileSync } from "node:fs"
import * as Admins from "../../../pipelines/admins/Tables.ts"
import * as Tables from "../../../pipelines/mfa/Tables.ts"
import * as DuckDb from "../../../src/duckdb/DuckDb.ts"

const read = (file: string) => readFileSync(`${import.meta.dirname}/../../../${file}`, "utf8")

const [, listed = ""] = /'token type': \[(.*?)\]/.exec(read("src/duo/macros.sql")) ?? []
const types = [...listed.matchAll(/'(\w+)'/g)].map(([_, type = ""]) => type)

describe("the type of a token", () => {
  it("is explained in the dictionary", () => {
    assert.isAtLeast(types.length, 6)
    for (const table of [Tables.mfaMethods, Admins.adminMethods]) {
      const doc = table.specs.method_type.doc
      for (const type of types) assert.match(doc, new RegExp(`\\b${type}\\b`), table.name)
    }
  })

  it.effect("has words in the answer to @tokens, and an unknown type has none", () =>
    Effect.gen(function*() {
      const session = yield* DuckDb.open({})
      yield* session.run(DuckDb.create("mfa_methods", Tables.mfaMethods))
      const tokens = [...types, types[0]?.toUpperCase(), "z9", null]
      for (const [n, type = null] of tokens.entries()) {
        yield* session.run(
          `INSERT INTO mfa_methods BY NAME SELECT 'r' AS run_id, now() AS observed_at, 't' AS tenant, 'DU${
            n % 2
          }' AS user_id,
           'token' AS method_kind, 'DH${n % 8}' AS method_id, ${DuckDb.constant(type)} AS method_type`
        )
      }
      const rows = yield* session.all(read("data/queries/tokens.sql").replace(/;\s*$/, ""))
      const words = new Map(rows.map(([_, type, words]) => [type, String(words)]))
      assert.strictEqual(rows.length, tokens.length)
      assert.strictEqual(new Set(types.map((type) => words.get(type))).size, types.length)
      for (const type of types) assert.notStrictEqual(words.get(type), "not known")
      assert.strictEqual(words.get(types[0]?.toUpperCase() ?? ""), words.get(types[0] ?? ""))
      assert.deepStrictEqual([words.get("z9"), words.get(null)], ["not known", "not known"])
    }).pipe(Effect.scoped))
})
