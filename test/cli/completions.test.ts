import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { spawnSync } from "node:child_process"
import { readdirSync, readFileSync } from "node:fs"
import { inFolder, program } from "../support/processes/program.ts"

/** The shells that docs/install.md prints completions for. */
const shells = [...readFileSync("docs/install.md", "utf8").matchAll(/^duo-mfa --completions (\w+) /gm)].map((
  [_, shell = ""]
) => shell)

/** What bash offers for a line, as it asks for it. */
const offered = (script: string, line: string) => {
  const words = line.split(" ")
  const at = words.length - 1
  const asked = `${script}
    COMP_WORDS=(${
    words.map((word) => `'${word}'`).join(" ")
  }) COMP_CWORD=${at} COMP_LINE='${line}' COMP_POINT=${line.length}
    $(complete -p duo-mfa | sed 's/.*-F \\([^ ]*\\).*/\\1/') duo-mfa '${words[at]}' '${words[at - 1]}'
    printf '%s\\n' "\${COMPREPLY[@]}"`
  const { status, stderr, stdout } = spawnSync("bash", ["--norc", "-c", asked], { encoding: "utf8" })
  assert.strictEqual(status, 0, stderr)
  return stdout.trim().split("\n")
}

describe("completions", () => {
  it.live("are printed for each shell that the page names, with every command in them", () =>
    inFolder(Effect.fnUntraced(function*(folder) {
      assert.deepStrictEqual(shells, ["bash", "zsh", "fish"])
      const commands = readdirSync("src/cli").filter((file) => /^[a-z].*\.ts$/.test(file)).map((file) =>
        file.slice(0, -3)
      )
      for (const shell of shells) {
        const { code, stdout } = yield* program(folder, ["--completions", shell])
        assert.strictEqual(code, 0)
        for (const command of commands) assert.match(stdout, new RegExp(`\\b${command}\\b`), shell)
      }
    })))

  it.live("in bash are commands, flags and choices", () =>
    inFolder(Effect.fnUntraced(function*(folder) {
      const { stdout } = yield* program(folder, ["--completions", "bash"])
      assert.deepStrictEqual(offered(stdout, "duo-mfa ex"), ["extract"])
      assert.deepStrictEqual(offered(stdout, "duo-mfa extract --page"), ["--page-size"])
      assert.deepStrictEqual(offered(stdout, "duo-mfa extract --pii "), ["keep", "hash", "drop"])
      assert.deepStrictEqual(offered(stdout, "duo-mfa sql --format c"), ["csv"])
    })))
})
