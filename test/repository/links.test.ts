/** Every Markdown page of the repository links only to files and headings that exist. */
import { assert, describe, it } from "@effect/vitest"
import { existsSync, globSync, readFileSync, statSync } from "node:fs"
import { dirname, join } from "node:path"

/** The text of a page without its code, in which brackets are no links. */
const prose = (markdown: string) =>
  markdown.replaceAll(/^( *)(```+)[^]*?^\1\2 *$/gm, "").replaceAll(/(`+)[^`](?:[^`]|(?!\1)`)*\1/g, "``")

/** The anchors that GitHub gives to the headings of a page. */
const anchorsOf = (markdown: string) => {
  const seen = new Map<string, number>()
  const headings = markdown.replaceAll(/^( *)(```+)[^]*?^\1\2 *$/gm, "").matchAll(/^#{1,6} +(.+?) *$/gm)
  return new Set([...headings].map(([_, heading = ""]) => {
    const words = heading.replaceAll(/\[([^\]]*)\]\([^)]*\)/g, "$1").toLowerCase()
    const anchor = words.replaceAll(/[^\p{L}\p{N}\p{M}_ -]/gu, "").replaceAll(" ", "-")
    const before = seen.get(anchor) ?? 0
    seen.set(anchor, before + 1)
    return before === 0 ? anchor : `${anchor}-${before}`
  }))
}

/** What is wrong with the relative links of a page. */
const problemsOf = (page: string, markdown: string) =>
  [...prose(markdown).matchAll(/\]\(\s*<?([^)\s>]+)|^\[[^\]]+\]: *(\S+)/gm)].flatMap(([_, inline, reference]) => {
    const target = inline ?? reference ?? ""
    if (/^[a-z][a-z0-9+.-]*:/.test(target)) return []
    const [path = "", anchor] = decodeURI(target).split("#")
    const file = path === "" ? page : join(dirname(page), path)
    if (!existsSync(file)) return [`${page}: ${target} does not exist`]
    if (anchor === undefined || (/^L\d+/.test(anchor) && !file.endsWith(".md"))) return []
    const anchors = statSync(file).isFile() && file.endsWith(".md")
      ? anchorsOf(file === page ? markdown : readFileSync(file, "utf8"))
      : new Set<string>()
    return anchors.has(anchor) ? [] : [`${page}: ${target} has no such heading`]
  })

const pages = globSync("{*,.github/**/*,{bench,data,docs,pipelines,sinks,src,test}/**/*}.md", {
  exclude: ["**/node_modules/**"]
})

describe("the links of the Markdown pages", () => {
  it("lead to files and headings that exist", () => {
    assert.includeMembers(pages, ["README.md", "CHANGELOG.md", "data/README.md", "docs/README.md", "bench/RESULTS.md"])
    assert.deepStrictEqual(pages.flatMap((page) => problemsOf(page, readFileSync(page, "utf8"))), [])
  })

  it("are found wherever they can stand, and nowhere else", () => {
    const page = [
      "# A `code` heading, twice!",
      "# A code heading twice",
      "[good](README.md) [good](#a-code-heading-twice) [good](#a-code-heading-twice-1) [good](https://example.com/none)",
      "[bad](none.md) ![bad](none.png) [bad](#none) [bad](SECURITY.md#none) [bad](docs/#none)",
      "`[code](none.md)`",
      "```sh",
      "[code](none.md)",
      "```",
      "[reference]: none.txt"
    ].join("\n")
    assert.deepStrictEqual(problemsOf("README.md", page), [
      "README.md: none.md does not exist",
      "README.md: none.png does not exist",
      "README.md: #none has no such heading",
      "README.md: SECURITY.md#none has no such heading",
      "README.md: docs/#none has no such heading",
      "README.md: none.txt does not exist"
    ])
  })
})
