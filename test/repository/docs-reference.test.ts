/** The pages of docs/ that state facts about the program: promises with their tests, exit codes, backups. */
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { spawn } from "node:child_process"
import { existsSync, globSync, mkdirSync, readFileSync, renameSync, rmSync, symlinkSync, writeFileSync } from "node:fs"
import { delimiter } from "node:path"
import { ExitCode } from "../../src/failure/ExitCode.ts"
import { main } from "../support/processes/bundle.ts"
import { command, extract } from "../support/processes/command.ts"
import { inFolder, settings } from "../support/processes/program.ts"
import { matrix } from "../torture/matrix.ts"

/** The sections of a page by their headings. */
const sectionsOf = (page: string) =>
  readFileSync(page, "utf8").split(/^## /m).slice(1).map((section) => {
    const [heading = "", ...lines] = section.split("\n")
    return { heading, text: lines.join("\n") }
  })

describe("docs/promises.md", () => {
  const promises = sectionsOf("docs/promises.md").map(({ heading, text }) => ({
    heading,
    tests: /\n\*([^*]+)\*\n*$/.exec(text)?.[1]?.split(/\s+/) ?? []
  }))

  it("names for each promise the tests that hold it", () => {
    assert.isAbove(promises.length, 5)
    for (const { heading, tests } of promises) {
      assert.isNotEmpty(tests, heading)
      for (const name of tests) assert.isTrue(matrix.some(({ id }) => id === name) || existsSync(name), name)
    }
  })

  it("names every case of the matrix", () => {
    const named = new Set(promises.flatMap(({ tests }) => tests))
    assert.deepStrictEqual(matrix.map(({ id }) => id).filter((id) => !named.has(id)), [])
  })
})

describe("docs/exit-codes.md", () => {
  it("has a section for every exit code, and no other", () => {
    const codes = sectionsOf("docs/exit-codes.md").flatMap(({ heading }) => /^\d+/.exec(heading)?.map(Number) ?? [])
    assert.deepStrictEqual(codes, Object.values(ExitCode).toSorted((a, b) => a - b))
  })

  it("quotes the files of schedulers as they are", () => {
    const [scheduler] = sectionsOf("docs/exit-codes.md").slice(-1)
    const quotes = [...scheduler?.text.matchAll(/\]\((scheduling\/[\w.-]+)\)[^`]*```text\n([^`]+)```/g) ?? []]
    assert.lengthOf(quotes, 3)
    for (const [_, file = "", quoted = ""] of quotes) assert.include(readFileSync(`docs/${file}`, "utf8"), quoted)
  })
})

describe("docs/backup-restore-upgrade.md", () => {
  const page = readFileSync("docs/backup-restore-upgrade.md", "utf8")

  /** Runs a script as the page has it, with the folders of a test in the place of its own. */
  const typed = (script: string, folder: string, env: Readonly<Record<string, string>>) =>
    Effect.promise(() =>
      new Promise<{ readonly code: number | null; readonly output: string }>((resolve) => {
        const here = script
          .replaceAll(/\/(var\/lib|srv\/backup)\b/g, `${folder}/$1`)
          .replaceAll("2026-11-28", "$(date +%F)")
        const child = spawn("sh", ["-ec", here], { env, cwd: folder })
        let output = ""
        for (const stream of [child.stdout, child.stderr]) stream.on("data", (data) => output += String(data))
        child.on("close", (code) => resolve({ code, output }))
      })
    )

  it.live("has commands that work in its order", () =>
    inFolder(Effect.fnUntraced(function*(folder) {
      const data = `${folder}/var/lib/duo-mfa`
      mkdirSync(data, { recursive: true, mode: 0o700 })
      mkdirSync(`${folder}/srv/backup`, { recursive: true })
      mkdirSync(`${folder}/bin`)
      writeFileSync(`${folder}/bin/duo-mfa`, `#!/bin/sh\nexec "${process.execPath}" "${main.entry}" "$@"\n`, {
        mode: 0o755
      })
      const { duo } = yield* extract(folder, { users: 20 })
      const env = {
        ...settings(duo),
        NODE_COMPILE_CACHE: main.compiled,
        PATH: `${folder}/bin${delimiter}${process.env["PATH"]}`
      }
      const scripts = [...page.matchAll(/^```sh\n([^`]+)^```$/gm)].map(([_, script = ""]) => script)
      assert.isAtLeast(scripts.length, 4)
      for (const script of scripts) {
        const { code, output } = yield* typed(script, folder, env)
        assert.strictEqual(code, 0, `${script}\n${output}`)
      }
      assert.lengthOf(globSync(`${data}/runs/*.json`), 2)
    })), 60_000)

  it.live(
    "says what verify and rebuild say when old snapshots, or the newest one, are deleted",
    () =>
      inFolder(Effect.fnUntraced(function*(folder) {
        const { duo, summary: { run_id: old } } = yield* extract(folder, { users: 20 })
        assert.strictEqual((yield* command(folder, ["extract"], settings(duo))).code, 0)
        for (const file of globSync(`${folder}/data/{parquet,ndjson}/**/${old}.*`)) rmSync(file)
        const verified = yield* command(folder, ["verify", "--all"])
        assert.strictEqual(verified.code, 0, verified.stderr)
        const ofOld = verified.stdout.split("\n").filter((line) => line.startsWith(old))
        assert.lengthOf(ofOld, 12)
        for (const line of ofOld) assert.include(line, "no longer kept")
        const rebuilt = yield* command(folder, ["rebuild"])
        assert.deepStrictEqual([rebuilt.code, rebuilt.stderr.includes(old)], [4, true], rebuilt.stderr)
        for (const file of globSync(`${folder}/data/parquet/users/*/*.parquet`)) rmSync(file)
        const missing = yield* command(folder, ["verify"])
        assert.deepStrictEqual([missing.code, missing.stdout.match(/ {2}missing$/gm)?.length], [74, 1], missing.stderr)
      })),
    60_000
  )

  it.live(
    "says what verify says of a data directory that has moved, and that a link mends it",
    () =>
      inFolder(Effect.fnUntraced(function*(folder) {
        yield* extract(folder, { users: 20 })
        renameSync(`${folder}/data`, `${folder}/moved`)
        const verify = command(folder, ["verify"], { DUO_MFA_DATA: "moved" })
        const { code, stderr } = yield* verify
        assert.strictEqual(code, 4)
        const sentence = /^duo-mfa: Not verified: .*$/m.exec(page)?.[0].replaceAll("/var/lib/old", `${folder}/data`)
        assert.strictEqual(stderr.trim(), sentence)
        symlinkSync(`${folder}/moved`, `${folder}/data`)
        assert.strictEqual((yield* verify).code, 0)
      })),
    60_000
  )
})
