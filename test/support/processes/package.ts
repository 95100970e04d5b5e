/** Packs, installs and runs the npm package as a user would, with npm. */
import { spawn, spawnSync } from "node:child_process"
import { readFileSync, writeFileSync } from "node:fs"
import { dirname, join } from "node:path"
import { inClone } from "./clone.ts"
import type { Ended } from "./program.ts"

const root = join(import.meta.dirname, "../../..")

/** Settings of npm: it asks the registry only for packages that are not in its cache, and prints only its result. */
const quiet = {
  npm_config_prefer_offline: "true",
  npm_config_audit: "false",
  npm_config_fund: "false",
  npm_config_loglevel: "error",
  npm_config_update_notifier: "false"
}

/**
 * Settings of npm for the whole machine, such as a company's registry and its certificates. npm looks for them beside
 * the Node that runs it, so the pinned Node has to be told where they are.
 */
const globalSettings = {
  npm_config_globalconfig: spawnSync("npm", ["config", "get", "globalconfig"], { encoding: "utf8" }).stdout.trim()
}

/** Variables of ours and of the test runner; those by which Node trusts a company's certificates are the machine's. */
const ours = /^(npm_|NODE_(?!EXTRA_CA_CERTS$|USE_SYSTEM_CA$)|VITEST|TESTS_|DUO_)/

/** Runs a command in a folder as a user would: with the pinned Node first in PATH, and none of our variables. */
export const run = (
  cwd: string,
  command: string,
  args: ReadonlyArray<string>,
  env: Readonly<Record<string, string>> = {}
) =>
  new Promise<Ended>((resolve) => {
    const clean = Object.fromEntries(Object.entries(process.env).filter(([name]) => !ours.test(name)))
    const child = spawn(command, args, {
      cwd,
      env: {
        ...clean,
        NO_COLOR: "1",
        ...quiet,
        ...globalSettings,
        ...env,
        PATH: `${dirname(process.execPath)}:${env["PATH"] ?? process.env["PATH"]}`
      }
    })
    let stdout = ""
    let stderr = ""
    child.stdout.on("data", (data) => stdout += String(data))
    child.stderr.on("data", (data) => stderr += String(data))
    child.on("close", (code) => resolve({ code, stdout, stderr }))
  })

/** Runs a command that has to succeed. */
export const succeed = async (...args: Parameters<typeof run>) => {
  const ended = await run(...args)
  if (ended.code !== 0) throw new Error(`${args[1]} ${args[2].join(" ")}: ${ended.stdout}${ended.stderr}`)
  return ended.stdout
}

/** Runs `npm pack` for a folder. The result is the path of the package. */
export const pack = async (folder: string, destination: string) => {
  const [packed] = JSON.parse(
    await succeed(folder, "npm", ["pack", "--json", "--pack-destination", destination])
  )
  return join(destination, packed.filename)
}

/** The files that packing reads. */
const sources =
  "package.json package-lock.json tsconfig.json src pipelines sinks data/queries docs test README.md LICENSE SECURITY.md CHANGELOG.md"
    .split(" ")

/** Runs `npm pack` for a copy of this repository, so that other tests do not see the files that it makes. */
export const packOurs = (destination: string) => inClone(sources, (clone) => pack(clone, destination))

/**
 * Tells npm in a folder of the versions that we have, which are in its cache: it need not ask what others there are.
 * Those for development too, if it is to be developed in.
 */
export const seed = (folder: string, development = false) => {
  const lock = JSON.parse(readFileSync(join(root, "package-lock.json"), "utf8"))
  const packages = Object.entries<{ readonly dev?: boolean; readonly link?: boolean }>(lock.packages)
    .filter(([folder, { dev = false, link = false }]) =>
      (development || !dev) && folder.startsWith("node_modules/") && !link
    )
  writeFileSync(
    join(folder, "package-lock.json"),
    JSON.stringify({ ...lock, packages: { ...Object.fromEntries(packages), "": {} } })
  )
}
