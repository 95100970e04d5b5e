/**
 * O1: the standard output is full, or its reader closes it before the first line. `init` is left out: it needs a
 * terminal.
 */
import { assert } from "@effect/vitest"
import { Effect } from "effect"
import { spawn } from "node:child_process"
import { closeSync, openSync } from "node:fs"
import { join } from "node:path"
import { serve } from "../../../src/emulator/server/Emulator.ts"
import { main } from "../../support/processes/bundle.ts"
import { settings } from "../../support/processes/program.ts"
import type { Case } from "../Case.ts"
import { inFolder, run } from "../support/InProcess.ts"

/** All commands except `emulator`, which does not end when its reader has gone. `make test` tries the first few. */
const commands: ReadonlyArray<readonly [args: string, code?: number]> = [
  ["sql"],
  ["extract --json --sink csv"],
  ["verify"],
  ["policy everyone-has-mfa", 5],
  ["extract --dry-run --sink ndjson:-"],
  ["--help"],
  ["check"],
  ["sql @"],
  ["sql @at-risk --format json"],
  ["sql @at-risk --format table"],
  ["sql @at-risk --format csv"],
  ["sql @at-risk --format ndjson"],
  ["sql @at-risk --format markdown"],
  ["policy --format json everyone-has-mfa", 5],
  ["policy --format junit everyone-has-mfa", 5],
  ["extract"],
  ["extract --sink ndjson:-"],
  ["rebuild"],
  ["prune --keep-daily 30 --dry-run"],
  ["report"],
  ["pipelines"],
  ["sinks"],
  ["dictionary"],
  ["demo"],
  ["--version"],
  ["sql --help"],
  ["--completions bash"],
  [""]
]

/** Runs a command whose output goes to `/dev/full`, or to a pipe that nobody reads. */
const lose = (cwd: string, args: ReadonlyArray<string>, env: Readonly<Record<string, string>>, to: "full" | "closed") =>
  Effect.callback<{ readonly code: number | null; readonly stderr: string }>((resume) => {
    const full = to === "full" ? openSync("/dev/full", "w") : undefined
    const child = spawn(process.execPath, [main.entry, ...args], {
      cwd,
      env: { NODE_COMPILE_CACHE: main.compiled, ...env },
      stdio: ["ignore", full ?? "pipe", "pipe"]
    })
    if (full !== undefined) closeSync(full)
    child.stdout?.destroy()
    let stderr = ""
    child.stderr?.on("data", (data) => stderr += String(data))
    child.once("close", (code) => resume(Effect.succeed({ code, stderr })))
    return Effect.sync(() => child.kill("SIGKILL"))
  })

const sentence = /^duo-mfa: \S.*$/gm

export const cases: ReadonlyArray<Case> = [{
  id: "O1",
  fault: "the standard output is full, or its reader has closed it",
  expected:
    "if output is lost, exit 74 with one message; a reader that has closed it changes nothing and is not mentioned",
  n: { test: 2, torture: commands.length },
  run: ({ n }) =>
    inFolder(Effect.fnUntraced(function*(cwd) {
      const duo = yield* serve({ people: "hostile", users: 12 })
      const env = settings(duo)
      const first = yield* run(duo, join(cwd, "data"))
      assert.strictEqual(first.code, 0, first.message)
      const reached = { full: 0, closed: 0 }
      for (const [text, ends = 0] of commands.slice(0, n)) {
        const args = text.split(" ").filter((word) => word !== "")
        const full = yield* lose(cwd, args, env, "full")
        assert.strictEqual(full.code, 74, `${text} > /dev/full: ${full.stderr}`)
        assert.lengthOf(full.stderr.match(sentence) ?? [], 1, `${text} > /dev/full: ${full.stderr}`)
        assert.notMatch(full.stderr, /^\s+at /m, text)
        reached.full++
        const closed = yield* lose(cwd, args, env, "closed")
        assert.strictEqual(closed.code, ends, `${text} | true: ${closed.stderr}`)
        assert.notMatch(closed.stderr, /EPIPE|broken pipe|Standard output|^\s+at /im, text)
        reached.closed++
      }
      if (n === commands.length) {
        const { code, stderr } = yield* lose(cwd, ["emulator"], env, "full")
        assert.strictEqual(code, 74, stderr)
      }
      return reached
    }))
}]
