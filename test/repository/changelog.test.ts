/** The unreleased changes, and the release that collects them. */
import { assert, describe, it } from "@effect/vitest"
import { readdirSync, readFileSync } from "node:fs"
import { files, folder, kinds, parse, release } from "../../docs/tools/changelog.ts"

describe("an unreleased change", () => {
  it("has the form that docs/changelog/README.md describes", () => {
    for (const file of files()) parse(file, readFileSync(file, "utf8"))
    assert.deepStrictEqual(readdirSync(folder).filter((name) => !name.endsWith(".md")), [".gitkeep"])
    const page = readFileSync("docs/changelog/README.md", "utf8")
    assert.deepStrictEqual([...page.matchAll(/^\| `(\w+)` \|/gm)].map(([_, kind]) => kind), kinds)
    const [, example = ""] = /```text\n([^`]*`[^`]*`[^`]*)```/.exec(page) ?? []
    assert.strictEqual(parse("unreleased/example.md", example).kind, "Fixed")
  })

  const wrong: ReadonlyArray<readonly [file: string, content: string, problem: string]> = [
    ["Upper_Case.md", "Fixed: a fault.\n", "its name"],
    ["a.md", "A fault is fixed.\n", "does not begin"],
    ["a.md", "Improved: a fault.\n", "does not begin"],
    ["a.md", "Fixed: a fault.\n\nAnd another.\n", "more than one paragraph"],
    ["a.md", "Fixed: two faults:\n- this\n- that.\n", "more than one paragraph"],
    ["a.md", `Fixed: ${"a ".repeat(60)}fault.\n`, "120 characters"],
    ["a.md", "Fixed: a fault\n", "does not end"]
  ]
  for (const [file, content, problem] of wrong) {
    it(`is refused when it is ${JSON.stringify([file, content.slice(0, 30)])}`, () => {
      assert.throws(() => parse(file, content), problem)
    })
  }
})

describe("a release", () => {
  it("collects the changes by kind, with links that work from the root", () => {
    const changes = [
      parse("docs/changelog/unreleased/b.md", "Fixed: a fault\non two lines.\n"),
      parse(
        "docs/changelog/unreleased/a.md",
        "Added: a [page](../../page.md#part) and [another](https://example.com/).\n"
      )
    ]
    assert.strictEqual(
      release("# Changes\n\nWords.\n\n## 0.1.0\n\n- First.\n", changes, "0.2.0", "2026-12-01"),
      `# Changes

Words.

## 0.2.0 (2026-12-01)

### Added

- a [page](docs/page.md#part) and [another](https://example.com/).

### Fixed

- a fault
  on two lines.

## 0.1.0

- First.
`
    )
  })
})
