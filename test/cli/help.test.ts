import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { readdirSync } from "node:fs"
import { command } from "../support/processes/command.ts"

const commands = readdirSync("src/cli").filter((file) => /^[a-z].*\.ts$/.test(file)).map((file) => file.slice(0, -3))

const helpOf = Effect.fnUntraced(function*(...args: ReadonlyArray<string>) {
  const { code, stderr, stdout } = yield* command("/tmp", args)
  assert.deepStrictEqual({ code, stderr }, { code: 0, stderr: "" })
  return stdout
})

describe("help", () => {
  it.live("fits 80 columns, and begins with a sentence and examples", () =>
    Effect.gen(function*() {
      for (const path of [[], ...commands.map((name) => [name])]) {
        const help = yield* helpOf(...path, "--help")
        for (const line of help.split("\n")) assert.isAtMost(line.length, 80, line)
        assert.match(help, new RegExp(`^\\S[^]*?\n\nEXAMPLES\n[^]*?  duo-mfa ${path.join("")}`))
      }
    }))

  it.live("has a description for every flag and argument, and a metavariable for every value", () =>
    Effect.gen(function*() {
      for (const name of commands) {
        const help = yield* helpOf(name, "--help")
        const entries = [...help.matchAll(/^ {2}(--\S+(?: -\w)?|[a-z.]+)( \S+)?(?: {2,}|\n {26})\S/gm)]
        const lines = help.split("\n").filter((line) => /^ {2}(--|[a-z.]+ {3,}\S)/.test(line))
        assert.lengthOf(entries, lines.length, name)
        for (const [_, __, value = ""] of entries) assert.notMatch(value, /^ [a-z]/, name)
      }
    }))

  it.live("names the default of every flag that has a value and is needed", () =>
    Effect.gen(function*() {
      const withoutDefault = ["record", "replay", "notify", "scenario"]
      for (const name of commands) {
        const [_, flags = ""] = (yield* helpOf(name, "--help")).split("\nFLAGS\n")
        for (const [entry, flag = ""] of flags.matchAll(/^ {2}--([\w-]+)(?:, -\w)? [A-Z[].*(?:\n {26}.*)*/gm)) {
          if (!withoutDefault.includes(flag) && !entry.includes("repeatable")) assert.match(entry, /default/i, flag)
        }
      }
    }))

  it.live("lists every command in a group, and the flags of every command only once", () =>
    Effect.gen(function*() {
      const root = yield* helpOf("--help")
      const listed = [...root.matchAll(/^ {2}([a-z-]+)(?: {2,}|\n {14})\S/gm)].map(([_, name = ""]) => name)
      assert.sameMembers(listed, commands)
      assert.include(root, "--log-level")
      assert.include(root, "--completions")
      assert.notInclude(root, "wizard")
      assert.notInclude(yield* helpOf("extract", "--help"), "--log-level")
    }))

  it.live("is the same with `help COMMAND` as with `--help`", () =>
    Effect.gen(function*() {
      for (const name of commands) assert.strictEqual(yield* helpOf("help", name), yield* helpOf(name, "--help"))
      assert.strictEqual(yield* helpOf("help"), yield* helpOf("--help"))
      assert.strictEqual(yield* helpOf(), yield* helpOf("--help"))
    }))

  it.live("suggests the command that was meant", () =>
    Effect.gen(function*() {
      const { code, stderr, stdout } = yield* command("/tmp", ["help", "extrat"])
      assert.deepStrictEqual({ code, stdout }, { code: 64, stdout: "" })
      assert.include(stderr, `Unknown subcommand "extrat"`)
      assert.match(stderr, /Did you mean this\?\n\s+extract/)
    }))

  it.live("has no wizard", () =>
    Effect.gen(function*() {
      const { code, stderr } = yield* command("/tmp", ["extract", "--wizard"])
      assert.strictEqual(code, 64)
      assert.include(stderr, "--wizard")
    }))
})
