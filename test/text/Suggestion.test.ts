import { assert, describe, it } from "@effect/vitest"
import { nearest, unknown } from "../../src/text/Suggestion.ts"

describe("nearest", () => {
  const sinks = ["csv", "duckdb", "ndjson", "parquet", "postgres", "s3"]

  it("is the name that differs by one or two letters, in upper or lower case", () => {
    assert.deepStrictEqual(nearest("duckbd", sinks), ["duckdb"])
    assert.deepStrictEqual(nearest("parqet", sinks), ["parquet"])
    assert.deepStrictEqual(nearest("CSV", sinks), ["csv"])
  })

  it("is every name that is equally close", () => {
    assert.deepStrictEqual(nearest("bypas", ["bypass", "bypast", "coverage"]), ["bypass", "bypast"])
  })

  it("is nothing if all names are far away, or so short that anything would be close", () => {
    assert.deepStrictEqual(nearest("oracle", sinks), [])
    assert.deepStrictEqual(nearest("x", ["mfa", "csv"]), [])
    assert.deepStrictEqual(nearest("", sinks), [])
  })
})

describe("an unknown name", () => {
  it("is answered with the name that was meant and all available names", () => {
    assert.strictEqual(
      unknown("sink", "parqet", ["csv", "parquet"]),
      `Unknown sink "parqet". Did you mean "parquet"? Available: csv, parquet.`
    )
    assert.strictEqual(unknown("sink", "oracle", ["csv", "parquet"]), `Unknown sink "oracle". Available: csv, parquet.`)
    assert.include(unknown("query", "bypas", ["bypass", "bypast"]), `Did you mean "bypass" or "bypast"?`)
  })
})
