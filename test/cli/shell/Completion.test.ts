/** Tab completes the names that fit where the cursor is. */
import { assert, describe, it } from "@effect/vitest"
import { complete } from "../../../src/cli/shell/Completion.ts"

const completed = complete({
  tables: ["users", "users_asof(", "users_history", "runs"],
  questions: new Map([["coverage", []], ["coverage-by-group", ["tenant"]], ["user", ["user", "tenant"]]])
})

describe("tab", () => {
  it("completes tables, views and macros anywhere in SQL", () => {
    assert.deepStrictEqual(completed("FROM u"), [["users", "users_asof(", "users_history"], "u"])
    assert.deepStrictEqual(completed("SELECT * FROM RU"), [["runs"], "RU"])
    assert.deepStrictEqual(completed("SELECT * FROM (FROM users_a"), [["users_asof("], "users_a"])
    assert.deepStrictEqual(completed("FROM x"), [[], "x"])
    assert.deepStrictEqual(completed("FROM "), [[], ""])
  })

  it("completes questions and their values", () => {
    assert.deepStrictEqual(completed("@cov"), [["@coverage", "@coverage-by-group"], "@cov"])
    assert.deepStrictEqual(completed("@"), [["@coverage", "@coverage-by-group", "@user"], "@"])
    assert.deepStrictEqual(completed("@user "), [["user=", "tenant="], ""])
    assert.deepStrictEqual(completed("@user user=ada t"), [["tenant="], "t"])
    assert.deepStrictEqual(completed("@nothing x"), [[], "x"])
  })

  it("completes the commands of the prompt", () => {
    assert.deepStrictEqual(completed(".q"), [[".quit"], ".q"])
    assert.deepStrictEqual(completed("."), [[".all", ".help", ".quit"], "."])
  })
})
