/** A clone of the repository for a test that changes it. */
import { cpSync, symlinkSync } from "node:fs"
import { join, resolve } from "node:path"

/** Copies into an empty folder what a clone has and a command reads; the installed packages are a link. */
export const clone = (folder: string) => {
  const names = [
    "Makefile",
    "duo-mfa",
    "package.json",
    "package-lock.json",
    "tsconfig.json",
    ".dprint.json",
    ".oxlintrc.json"
  ]
  for (const name of [...names, "src", "pipelines", "sinks", "test", "bench", "docs", "data/queries", "README.md"]) {
    cpSync(name, join(folder, name), { recursive: true, preserveTimestamps: true })
  }
  symlinkSync(resolve("node_modules"), join(folder, "node_modules"))
}
