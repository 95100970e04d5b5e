/** Moves the unreleased changes into CHANGELOG.md: `changelog.ts VERSION DATE`, which `make release` calls. */
import { globSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { basename, dirname, posix } from "node:path"

/** One unreleased change. */
export interface Change {
  readonly kind: string
  /** What changed, in lines; links start from the root of the repository. */
  readonly text: string
}

/** The kinds of changes, in the order of a release. */
export const kinds = ["Breaking", "Added", "Changed", "Fixed", "Security"]

/** The folder of the unreleased changes, one file per change. */
export const folder = "docs/changelog/unreleased"

/** The files of the unreleased changes. */
export const files = () => globSync(`${folder}/*.md`).toSorted()

/** Reads the text of a change; throws if its form is wrong. */
export const parse = (file: string, content: string): Change => {
  const [_, kind = "", text = ""] = /^(\w+): (\S[^]*)\n$/.exec(content) ?? []
  const problem = !/^[a-z0-9-]+\.md$/.test(basename(file))
    ? "its name is not lower-case words with hyphens"
    : !kinds.includes(kind)
    ? `it does not begin with one of ${kinds.join(", ")}, and a colon`
    : /\n\n|^#|^[-*] /m.test(text)
    ? "it is more than one paragraph"
    : content.split("\n").some((line) => line.length > 120)
    ? "a line has more than 120 characters"
    : /[.!)]$/.test(text)
    ? undefined
    : "it does not end with a sentence"
  if (problem !== undefined) throw new Error(`${file}: ${problem}. See docs/changelog/README.md.`)
  const rooted = text.replaceAll(/\]\((\.[^)#]*)/g, (_, target: string) => `](${posix.join(dirname(file), target)}`)
  return { kind, text: rooted }
}

const section = (kind: string, changes: ReadonlyArray<Change>) => {
  const items = changes.filter((change) => change.kind === kind).map(({ text }) => `- ${text.replaceAll("\n", "\n  ")}`)
  return items.length === 0 ? [] : [`### ${kind}\n\n${items.join("\n")}\n`]
}

/** The changelog with a new release before the last one. */
export const release = (changelog: string, changes: ReadonlyArray<Change>, version: string, date: string) => {
  const at = changelog.search(/^## \d/m)
  if (at < 0) throw new Error("CHANGELOG.md has no release.")
  const sections = kinds.flatMap((kind) => section(kind, changes))
  return `${changelog.slice(0, at)}## ${version} (${date})\n\n${sections.join("\n")}\n${changelog.slice(at)}`
}

if (import.meta.main) {
  const [version = "", date = ""] = process.argv.slice(2)
  if (!/^\d+\.\d+\.\d+$/.test(version) || !/^\d{4}-\d\d-\d\d$/.test(date)) {
    throw new Error("changelog.ts needs a version and a date: 0.2.0 2026-12-01.")
  }
  const changes = files().map((file) => parse(file, readFileSync(file, "utf8")))
  if (changes.length === 0) throw new Error(`There is nothing to release: ${folder} has no change.`)
  writeFileSync("CHANGELOG.md", release(readFileSync("CHANGELOG.md", "utf8"), changes, version, date))
  for (const file of files()) rmSync(file)
}
