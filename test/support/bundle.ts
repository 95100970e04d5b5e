/**
 * The program as `make dist` bundles it: the same modules, and it starts in a third of the time that its sources take,
 * which is what makes a thousand starts affordable. It is made once, before the tests, or once a process.
 */
import { Effect } from "effect"
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"

/** Tells the tests' processes where it is. */
const setting = "TESTS_BUNDLE"

const at = (folder: string) => ({ entry: join(folder, "src/main.js"), compiled: join(folder, "compiled") })

/** Where it is, it finds our packages. */
const make = async () => {
  const folder = mkdtempSync(join(import.meta.dirname, "../../node_modules/.tests-"))
  process.once("exit", () => rmSync(folder, { recursive: true, force: true }))
  // only who makes it needs the bundler
  const { write } = await import("../../src/package/Bundle.ts")
  await write(folder, false)
  writeFileSync(join(folder, "package.json"), JSON.stringify({ type: "module" }))
  return folder
}

/** Vitest calls this once, before the first test. */
export default async () => {
  process.env[setting] = await make()
}

const there = process.env[setting]

/** The sources, and a place to keep them compiled. */
export const sources = {
  entry: join(import.meta.dirname, "../../src/main.ts"),
  compiled: join(import.meta.dirname, "../../node_modules/.cache/compiled")
}

/** What Node is given for the program: the bundle if it was made before this process, or the sources. */
export const main = there === undefined ? sources : at(there)

let made: ReturnType<typeof make> | undefined

/** The bundle's entry, and a place to keep it compiled; both go with the process that made them. */
export const bundle = Effect.promise(async () => at(there ?? await (made ??= make())))
