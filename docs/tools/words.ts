/**
 * Finds words and turns of phrase that make a reader stop, in comments and pages. `make lint` runs it.
 * A sentence has a subject, a verb and an object; a clause with "what" or "who" is not a subject.
 */
import { globSync, readFileSync } from "node:fs"

const turns: ReadonlyArray<readonly [turn: RegExp, instead: string]> = [
  [/(?<!\b(?:there|it) )\bis no(?! longer\b| more than\b)\b/i, "is not a"],
  [/\banew\b/i, "again"],
  [/\bbefell\b/i, "happened to"],
  [/\bbut for\b/i, "except"],
  [/\bof late\b/i, "recently"],
  [/\bwhoever\b/i, "a noun, such as: a reader, the owner"],
  [/, for (it|they|he|she|there|what|who|nobody|somebody)\b/i, "because"],
  [
    /(?:^|[.;:] )(?:What|Who) (?!(?:it|they|this|that|to) )[^.?]*[^.?\s] (?:is|are|was|were|has|have|does|do|can|may|must) [^.?]*\.(?:\s|$)/,
    "a noun as the subject"
  ]
]

/** The comments of TypeScript and SQL, or the lines of a page without its code, each with its line number. */
const comments = (file: string, text: string) => {
  if (file.endsWith(".md")) {
    return text.replace(/^```[^]*?^```/gm, (code) => code.replace(/[^\n]/g, "")).split("\n")
      .map((words, line) => ({ line: line + 1, words }))
  }
  return [...text.matchAll(/\/\*\*[^]*?\*\/|(?:^|\s)(?:\/\/|--) [^\n]*/g)].map((found) => ({
    line: text.slice(0, found.index).split("\n").length,
    words: found[0].replace(/\/\*\*|\*\/|^\s*(\*|\/\/|--)/gm, " ").replace(/\s+/g, " ").trim()
  }))
}

const files = globSync("{src,sinks,pipelines,test,bench,docs,data/queries,data/policies}/**/*.{ts,sql,md}")
  .concat(globSync("*.md")).filter((file) => !/^test\/formats\/|CHANGELOG|RESULTS|words\.ts$/.test(file))

let found = 0
for (const file of files.toSorted()) {
  for (const { line, words } of comments(file, readFileSync(file, "utf8"))) {
    for (const [turn, instead] of turns) {
      const match = turn.exec(words)
      if (match === null) continue
      found++
      process.stdout.write(`${file}:${line}: "${match[0].slice(0, 80)}": ${instead}\n`)
    }
  }
}
process.exit(found === 0 ? 0 : 1)
