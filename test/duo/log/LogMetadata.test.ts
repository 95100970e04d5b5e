import { assert, describe, it } from "@effect/vitest"
import { countOf, nextOf } from "../../../src/duo/log/LogMetadata.ts"

describe("the metadata of a log", () => {
  it("has an exact count, a count that may be more, or none", () => {
    assert.strictEqual(countOf({ total_objects: 94 }), 94)
    assert.strictEqual(countOf({ total_objects: "94" }), 94)
    assert.strictEqual(countOf({ total_objects: 10_001 }), 10_001)
    assert.strictEqual(countOf({ total_objects: { relation: "eq", value: 94 } }), 94)
    assert.strictEqual(countOf({ total_objects: 10_000 }), "too many")
    assert.strictEqual(countOf({ total_objects: { relation: "gte", value: 10_000 } }), "too many")
    for (const total_objects of [undefined, null, -1, "many", { relation: "gte", value: 94 }, []]) {
      assert.strictEqual(countOf({ total_objects }), "unknown")
    }
    assert.strictEqual(countOf(undefined), "unknown")
  })

  it("has the next offset in both of its forms, and null at the end", () => {
    assert.deepStrictEqual(nextOf({ next_offset: ["1597671838335", "1f6e"] }), ["1597671838335", "1f6e"])
    assert.deepStrictEqual(nextOf({ next_offset: "1597671838335,1f6e" }), ["1597671838335", "1f6e"])
    for (const next_offset of [null, undefined, "", [], ["1597671838335"], ["x", "1f6e"]]) {
      assert.isUndefined(nextOf({ next_offset }))
    }
  })
})
