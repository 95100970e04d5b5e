/** Clones of the repository for tests that change them. */
import { cpSync, mkdtempSync, rmSync, symlinkSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"

const root = join(import.meta.dirname, "../../..")

/** The files that the commands of a contributor read. */
export const contributed =
  ("Makefile duo-mfa package.json package-lock.json tsconfig.json .dprint.json .oxlintrc.json " +
    "src pipelines sinks test bench docs data/queries README.md").split(" ")

/** Copies files to a new folder, which has the installed packages as a link, and removes the folder afterwards. */
export const inClone = async <A>(files: ReadonlyArray<string>, use: (folder: string) => Promise<A>): Promise<A> => {
  const folder = mkdtempSync(join(tmpdir(), "duo-mfa-clone-"))
  try {
    for (const file of files) {
      cpSync(join(root, file), join(folder, file), { recursive: true, preserveTimestamps: true })
    }
    symlinkSync(join(root, "node_modules"), join(folder, "node_modules"))
    return await use(folder)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** Commands of a page as a script for a clone, which has its packages already. */
export const typed = (commands: string) =>
  `make() { command make --assume-old=node_modules/.setup "$@"; }\nset -e\n${commands}`
