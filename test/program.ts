/** The real program as a stranger starts it: a process of its own, with no environment but what is given. */
import { Effect } from "effect"
import { spawn } from "node:child_process"
import { createHash } from "node:crypto"
import { globSync, readFileSync, statSync } from "node:fs"
import type { Emulator } from "../src/emulator/Emulator.ts"

export interface Ended {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

/** The program starts in half the time when it need not be compiled again. */
const compiled = `${import.meta.dirname}/../node_modules/.cache/compiled`

const main = `${import.meta.dirname}/../src/main.ts`

/** Starts `duo-mfa` in a folder. */
export const start = (cwd: string, args: ReadonlyArray<string>, env: Readonly<Record<string, string>> = {}) => {
  const child = spawn(process.execPath, [main, ...args], { cwd, env: { NODE_COMPILE_CACHE: compiled, ...env } })
  let stdout = ""
  let stderr = ""
  child.stdout.on("data", (data) => stdout += String(data))
  child.stderr.on("data", (data) => stderr += String(data))
  const ended = new Promise<Ended>((resolve) => child.on("close", (code) => resolve({ code, stdout, stderr })))
  return { child, ended }
}

/** Runs `duo-mfa` in a folder until it ends. */
export const program = (...given: Parameters<typeof start>) => Effect.promise(() => start(...given).ended)

/** The settings for an emulated tenant. */
export const settings = ({ host, ikey, skey }: Pick<Emulator, "host" | "ikey" | "skey">) => ({
  DUO_HOST: host,
  DUO_IKEY: ikey,
  DUO_SKEY: skey,
  DUO_INSECURE_LOOPBACK: "1"
})

/** Every file below a folder with a hash of what is in it: what a run must not change when it fails. */
export const contents = (folder: string): Readonly<Record<string, string>> =>
  Object.fromEntries(
    globSync("**/*", { cwd: folder, exclude: (name) => name === ".lock" }).sort()
      .filter((file) => statSync(`${folder}/${file}`).isFile())
      .map((file) => [file, createHash("sha256").update(readFileSync(`${folder}/${file}`)).digest("hex")])
  )
