/**
 * Bundles the program as `make dist` does. The bundle starts in a third of the time of the sources, which matters
 * because the tests start it a thousand times. It is made once before the tests, or once per process.
 */
import { Effect } from "effect"
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"

/** The variable that tells the tests' processes where the bundle is. */
const setting = "TESTS_BUNDLE"

const at = (folder: string) => ({ entry: join(folder, "src/main.js"), compiled: join(folder, "compiled") })

/** Makes the bundle, in a directory from which it finds our packages. */
const make = async () => {
  const folder = mkdtempSync(join(import.meta.dirname, "../../../node_modules/.tests-"))
  process.once("exit", () => rmSync(folder, { recursive: true, force: true }))
  // only the process that makes the bundle needs the bundler
  const { write } = await import("../../../src/package/Bundle.ts")
  await write(folder, false)
  writeFileSync(join(folder, "package.json"), JSON.stringify({ type: "module" }))
  return folder
}

/** Vitest calls this once, before the first test. */
export default async () => {
  process.env[setting] = await make()
}

const there = process.env[setting]

/** The sources, and a directory for their compiled code. */
export const sources = {
  entry: join(import.meta.dirname, "../../../src/main.ts"),
  compiled: join(import.meta.dirname, "../../../node_modules/.cache/compiled")
}

/** The arguments of Node for the program: the bundle if it was made before this process, otherwise the sources. */
export const main = there === undefined ? sources : at(there)

let made: ReturnType<typeof make> | undefined

/** The bundle's entry and a directory for its compiled code. The process that made them removes both. */
export const bundle = Effect.promise(async () => at(there ?? await (made ??= make())))
