import { assert, describe, it } from "@effect/vitest"
import { spawnSync } from "node:child_process"
import { copyFileSync, globSync, mkdtempSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { basename, join } from "node:path"

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

  it("is named by ./duo-mfa where nothing is installed", () => {
    const folder = mkdtempSync(join(tmpdir(), "duo-mfa-make-"))
    copyFileSync("duo-mfa", join(folder, "duo-mfa"))
    const { status, stderr } = spawnSync(join(folder, "duo-mfa"), ["sinks"], { encoding: "utf8" })
    rmSync(folder, { recursive: true })
    assert.deepStrictEqual({ status, stderr }, { status: 78, stderr: "Nothing is installed yet. Run make setup.\n" })
  })

  it("says that it has no such verb, and what belongs into Q and ARGS", () => {
    const { status, stderr } = make("extrct")
    assert.strictEqual(status, 1)
    assert.strictEqual(
      stderr,
      "make has no verb \"extrct\". make lists all; a question goes into Q, and flags go into ARGS.\n"
    )
  })

  it("release needs a version", () => {
    const { status, stderr } = make("release")
    assert.deepStrictEqual({ status, stderr }, { status: 1, stderr: "Say which version: make release VERSION=0.2.0\n" })
  })

  it("quits in every verb that runs a command", () => {
    const running = makefile.match(/^\t@(?:\.\/duo-mfa|\$\(NODE\) src\/emulator\/try\.ts) .*/gm) ?? []
    assert.isAtLeast(running.length, 10)
    for (const line of running) if (!line.includes(" > ")) assert.include(line, "$(OR_QUIT)")
  })
})
