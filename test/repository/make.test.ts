import { assert, describe, it } from "@effect/vitest"
import { spawnSync } from "node:child_process"
import { globSync, readFileSync } from "node:fs"
import { basename } from "node:path"

const makefile = readFileSync("Makefile", "utf8")
const commands = globSync("src/cli/[a-z]*.ts").map((file) => basename(file, ".ts"))

const make = (...args: ReadonlyArray<string>) =>
  spawnSync("make", ["--assume-old=node_modules/.setup", ...args], {
    encoding: "utf8",
    env: { PATH: process.env["PATH"] }
  })

describe("make", () => {
  it("has a verb for every command", () => {
    const verbs: ReadonlyArray<string> = makefile.match(/^[a-z-]+(?=:.*## )/gm) ?? []
    assert.includeMembers([...verbs], commands)
  })

  it("says nothing after the sentence of a command that failed, but fails", () => {
    const { status, stderr, stdout } = make("sinks", "ARGS=--nope")
    assert.deepStrictEqual({ status, stdout }, { status: 1, stdout: "" })
    assert.match(stderr, /^duo-mfa: Unrecognized flag: --nope[^]*--help\.\n$/)
  })

  it("ends as a command that succeeded", () => {
    const { status, stderr, stdout } = make("sinks")
    assert.deepStrictEqual({ status, stderr }, { status: 0, stderr: "" })
    assert.include(stdout, "duckdb")
  })

  it("quits in every verb that runs a command", () => {
    const running = makefile.match(/^\t@(?:\.\/duo-mfa|\$\(NODE\) src\/emulator\/try\.ts) .*/gm) ?? []
    assert.isAtLeast(running.length, 10)
    for (const line of running) if (!line.includes(" > ")) assert.include(line, "$(OR_QUIT)")
  })
})
