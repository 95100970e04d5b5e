/** CONTRIBUTING.md, followed step by step by a newcomer who does only what it says. */
import { assert, it } from "@effect/vitest"
import { appendFileSync, existsSync, readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { contributed, inClone, typed } from "../support/processes/clone.ts"
import { succeed } from "../support/processes/package.ts"

const page = readFileSync("CONTRIBUTING.md", "utf8")

const blocks = (language: string) =>
  [...page.matchAll(new RegExp(`^\`\`\`${language}\\n([^]+?)^\`\`\`$`, "gm"))].map(([_, block = ""]) => block)

/** Adds a block to a file: its imports after the imports of the file, the rest at the end. */
const add = (file: string, block: string) => {
  if (!existsSync(file)) return writeFileSync(file, block)
  const imports = block.split("\n").filter((line) => line.startsWith("import ")).join("\n")
  const text = readFileSync(file, "utf8")
  const end = text.indexOf("\n", text.lastIndexOf("\nimport ") + 1)
  writeFileSync(file, `${text.slice(0, end)}\n${imports}${text.slice(end)}`)
  appendFileSync(file, `\n${block.split("\n").filter((line) => !line.startsWith("import ")).join("\n").trim()}\n`)
}

it(
  "a newcomer gets from a clone to a sink that passes lint, types, layout and the laws",
  () =>
    inClone(contributed, async (folder) => {
      const files = ["sinks/gzip.ts", "test/support/readers.ts", "test/sinks/sinks.test.ts"]
      const sources = blocks("ts")
      assert.strictEqual(sources.length, files.length)
      for (const [index, file] of files.entries()) {
        assert.include(page, `\`${file}\`:\n\n\`\`\`ts\n${sources[index]}`)
        add(join(folder, file), sources[index] ?? "")
      }
      const [cloning = "", trying = ""] = blocks("sh")
      const output = await succeed(folder, "bash", ["-c", typed(cloning.split("\n").slice(1).join("\n") + trying)])
      assert.match(output, /Tests +18 passed/)
      assert.match(output, /^gzip +data\/demo\/gzip \(/m)
      assert.match(output, /^\S+ +gzip +users +400 +same$/m)
    }),
  300_000
)
