/** The command that starts this program, so that the commands that it prints can be pasted. */
import { isAbsolute, relative } from "node:path"

/**
 * `./duo-mfa` in a clone, its path if the clone is elsewhere, and `duo-mfa` or `npx duo-mfa` where the package is
 * installed.
 */
export const commandName = (): string => {
  const [, clone] = /^([\w./-]+)\/src\/main\.ts$/.exec(process.argv[1] ?? "") ?? []
  if (clone === undefined) return process.env["npm_command"] === "exec" ? "npx duo-mfa" : "duo-mfa"
  const path = relative("", `${clone}/duo-mfa`)
  return isAbsolute(path) || path.startsWith("..") ? `${clone}/duo-mfa` : `./${path}`
}
