/**
 * Runs the real program on a terminal that util-linux's `script` makes, types into it, and keeps everything that it
 * shows.
 */
import { Effect } from "effect"
import { spawn, spawnSync } from "node:child_process"
import { main } from "./bundle.ts"

/** Whether util-linux's `script` exists. Every Debian has it; BSD and macOS have another program of this name. */
export const hasTerminal = (spawnSync("script", ["--version"], { encoding: "utf8" }).stdout ?? "").includes(
  "util-linux"
)

if (!hasTerminal) {
  process.stderr.write(
    "\n*** LEFT OUT: nothing is asked on a terminal, for there is no `script` of util-linux on the PATH.\n" +
      "*** Get it with `apt-get install bsdutils`, or util-linux from your system's packages, and run the tests again.\n\n"
  )
}

/** A step: the text that must appear, and the text that is typed then. */
export type Step = readonly [shown: string, typed: string]

export interface Conversation {
  readonly code: number | null
  /** Every byte that came to the terminal. */
  readonly bytes: string
  /** The same text without colours and movements of the cursor. */
  readonly text: string
  /** Steps that were never reached. */
  readonly left: ReadonlyArray<Step>
}

/** The keys. */
export const enter = "\r"
export const ctrlC = "\u0003"
export const ctrlD = "\u0004"
export const down = "\u001b[B"

// oxlint-disable-next-line no-control-regex
const plain = (bytes: string) => bytes.replaceAll(/\u001b(\[[0-9;?]*[A-Za-z]|[78])/g, "")

const command = [process.execPath, main.entry].map((word) => `'${word}'`).join(" ")

/** Runs `duo-mfa` in a folder on a terminal of 80 columns until it ends. */
export const converse = (
  cwd: string,
  args: string,
  steps: ReadonlyArray<Step>,
  env: Readonly<Record<string, string>> = {}
): Effect.Effect<Conversation> =>
  Effect.callback((resume) => {
    const child = spawn("script", ["-qec", `stty cols 80 rows 40; exec ${command} ${args}`, "/dev/null"], {
      cwd,
      env: {
        PATH: process.env["PATH"],
        SHELL: "/bin/sh",
        TERM: "xterm",
        NODE_COMPILE_CACHE: main.compiled,
        ...env
      }
    })
    const left = [...steps]
    let bytes = ""
    let from = 0
    child.stdout.on("data", (data) => {
      bytes += String(data)
      const text = plain(bytes)
      while (left[0] !== undefined && text.indexOf(left[0][0], from) !== -1) {
        const [shown, typed] = left[0]
        from = text.indexOf(shown, from) + shown.length
        child.stdin.write(typed)
        left.shift()
      }
    })
    child.on("close", (code) => resume(Effect.succeed({ code, bytes, text: plain(bytes), left })))
    return Effect.sync(() => child.kill())
  })
