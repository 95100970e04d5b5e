import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { serve } from "../../src/emulator/server/Emulator.ts"
import { command } from "../support/processes/command.ts"
import { inFolder, settings } from "../support/processes/program.ts"
import { converse, hasTerminal } from "../support/processes/terminal.ts"

/** What is typed, and the next step that it names. */
const steps: ReadonlyArray<readonly [typed: string, next: RegExp]> = [
  ["check", /Next: duo-mfa extract\r?\n/],
  ["extract --dry-run", /Next: duo-mfa extract, without --dry-run/],
  ["extract", /Next: duo-mfa sql @ lists questions, duo-mfa report writes a page/],
  ["extract --sink csv", /Next: duo-mfa verify\r?\n/],
  ["sql", /Next: duo-mfa sql @ lists questions/],
  ["sql @", /Next: duo-mfa sql @NAME/],
  ["report", /Next: open file:\S+data\/report\.html in a browser\. It names people/],
  ["policy coverage-holds", /Next: run it after every extract/],
  ["verify", /Next: duo-mfa verify --all compares every run/],
  ["rebuild", /Next: duo-mfa verify\r?\n/],
  ["pipelines", /Next: duo-mfa extract NAME/],
  ["sinks", /Next: duo-mfa extract --sink NAME\[:TARGET\]/],
  ["dictionary", /Next: duo-mfa sql @ lists questions/]
]

const described = hasTerminal ? describe : describe.skip

described("the next step", () => {
  it.live("is named after each command, on a terminal", () =>
    inFolder(Effect.fnUntraced(function*(folder) {
      const env = settings(yield* serve({ users: 5 }))
      for (const [typed, next] of steps) {
        const { code, text } = yield* converse(folder, typed, [], env)
        assert.strictEqual(code, 0, text)
        assert.match(text, next, typed)
      }
    })), 60_000)

  it.live("is not printed without a terminal, nor with --json", () =>
    inFolder(Effect.fnUntraced(function*(folder) {
      const env = settings(yield* serve({ users: 5 }))
      for (const [typed] of steps) {
        const { code, stderr, stdout } = yield* command(folder, typed.split(" "), env)
        assert.strictEqual(code, 0, stderr)
        assert.notInclude(stdout + stderr, "Next:", typed)
      }
      for (const typed of ["extract --json", "verify --json", "--log-format json extract"]) {
        assert.notInclude((yield* converse(folder, typed, [], env)).text, "Next:", typed)
      }
    })), 60_000)
})
