/** The verdict on a control of a framework follows from the verdicts on the policies that answer it. */
import { assert, describe, it } from "@effect/vitest"
import { readFileSync } from "node:fs"
import * as Frameworks from "../../../../src/cli/ask/policies/Frameworks.ts"
import type { Verdict } from "../../../../src/cli/ask/policies/Verdict.ts"
import { policiesOf, shipped } from "../../../support/verdicts.ts"

const framework: Frameworks.Framework = {
  name: "x",
  title: "X",
  url: "",
  controls: ["1", "2", "3"].map((id) => ({ id, words: "" }))
}

const verdictOf = (verdict: Verdict["verdict"], ...controls: ReadonlyArray<string>): Verdict => ({
  policy: verdict,
  is_built_in: true,
  verdict,
  found: null,
  at_most: 0,
  sentence: "",
  severity: null,
  controls,
  why: null
})

/** The verdict on the first control, if its policies have these verdicts. */
const judged = (...verdicts: ReadonlyArray<Verdict["verdict"]>) =>
  Frameworks.judge(framework, verdicts.map((verdict) => verdictOf(verdict, "x 1", "y 1"))).controls[0]?.verdict

describe("a control", () => {
  it("is kept only if all of its policies are", () => {
    assert.strictEqual(judged("kept", "kept"), "kept")
    assert.strictEqual(judged("kept", "left out"), "left out")
    assert.strictEqual(judged("left out", "cannot be told", "kept"), "cannot be told")
    assert.strictEqual(judged("cannot be told", "kept", "broken", "left out"), "broken")
  })

  it("that no policy answers does not count", () => {
    const found = Frameworks.judge(framework, [verdictOf("kept", "x 2"), verdictOf("broken", "y 1")])
    assert.deepStrictEqual(found.controls.map(({ id, verdict }) => [id, verdict]), [["2", "kept"]])
    assert.strictEqual(Frameworks.score(found), "X, as far as Duo can tell: 1 of 1 controls kept")
  })

  it("of those that are known is answered by a policy that comes with the program, and described in docs/controls.md", () => {
    const answered = shipped.flatMap((name) =>
      (/^-- Controls: (.*)$/m.exec(readFileSync(`${policiesOf}/${name}.sql`, "utf8"))?.[1] ?? "").split(", ")
    )
    assert.deepStrictEqual(
      [...new Set(answered)].filter((name) => name !== "").toSorted(),
      Frameworks.controlNames.toSorted()
    )
    const page = readFileSync(`${import.meta.dirname}/../../../../docs/controls.md`, "utf8")
    for (const { controls, url } of Frameworks.frameworks) {
      assert.include(page, url)
      for (const { id, words } of controls) assert.include(page, `| ${id} | ${words} |`)
    }
  })
})
