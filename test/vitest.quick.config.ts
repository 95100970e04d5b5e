/** `make test-quick`: the tests that start no process, except a few slow properties. */
import { globSync, readFileSync } from "node:fs"
import { dirname, join } from "node:path"
import { defineConfig } from "vitest/config"
import whole from "./vitest.config.ts"

const root = join(import.meta.dirname, "..")

const importing = /^(?:import (?!type )[^"]*|export [^"]* from )"([^"]+)"/gm

const known = new Map<string, boolean>()

/** Whether what a file imports leads to `node:child_process`. */
const startsProcesses = (file: string): boolean => {
  const before = known.get(file)
  if (before !== undefined) return before
  known.set(file, false)
  const found = [...readFileSync(file, "utf8").matchAll(importing)].some(([_, name = ""]) =>
    name === "node:child_process" || (/^\..*\.ts$/.test(name) && startsProcesses(join(dirname(file), name)))
  )
  known.set(file, found)
  return found
}

/** Each tries hundreds or thousands of histories; together they take as long as all others. */
const histories = ["pipelines/active", "duo/list/Completeness", "history/history", "duo/list/Readings"].map((name) =>
  `test/${name}.test.ts`
)

export default defineConfig({
  test: {
    ...whole.test,
    include: globSync("test/**/*.test.ts", { cwd: root })
      .filter((file) => !startsProcesses(join(root, file)) && !histories.includes(file)),
    globalSetup: []
  }
})
