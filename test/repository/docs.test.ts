import * as NodeServices from "@effect/platform-node/NodeServices"
import { assert, describe, it } from "@effect/vitest"
import { Effect, FileSystem } from "effect"
import { execFile, spawnSync } from "node:child_process"
import { globSync, mkdirSync, readFileSync, writeFileSync } from "node:fs"
import { basename } from "node:path"
import type { DictionaryEntry } from "../../src/history/Dictionary.ts"
import { laws } from "../laws/sink.ts"
import { main } from "../support/processes/bundle.ts"
import { command, extract } from "../support/processes/command.ts"
import { inFolder, settings } from "../support/processes/program.ts"

const readme = readFileSync("README.md", "utf8")

/** The text without the parts that differ between runs: the run's id, the data directory, sizes and ports. */
const steady = (text: string) =>
  text
    .replaceAll(/\d{8}T\d{9}Z-[0-9a-f]{6}/g, "RUN")
    .replaceAll(/\S*data\/demo/g, "DATA")
    .replaceAll(/127\.0\.0\.1:\d+/g, "HOST")
    .replaceAll(/\([\d.]+ MB\)/g, "(MB)")
    .trim()

/** What the README says that a command prints. */
const printedBy = (command: string) => {
  const [, transcript = ""] = readme.split(command)
  return steady(transcript.slice(transcript.indexOf("\n")).split("\n\n")[0]?.split("```")[0] ?? "")
}

describe("the README", () => {
  it.live("begins with what happens", () =>
    Effect.gen(function*() {
      const folder = yield* (yield* FileSystem.FileSystem).makeTempDirectoryScoped()
      const env = { ...process.env, DUO_MFA_DATA: `${folder}/data/demo` }
      const demo = spawnSync(process.execPath, ["src/emulator/try.ts", "extract"], { env, encoding: "utf8" })
      assert.strictEqual(demo.status, 0, demo.stderr)
      const lines = demo.stderr.trimEnd().split("\n")
      const all = [...lines.slice(0, -1), demo.stdout.trimEnd(), ...lines.slice(-1)].join("\n")
      assert.strictEqual(steady(all), printedBy("$ make extract"))

      const question = /make sql Q="([^"]+)"\n([^`]+)```/.exec(readme)
      const asked = yield* command(folder, ["sql", "--format", "table", question?.[1] ?? ""], {
        DUO_MFA_DATA: "data/demo"
      })
      assert.strictEqual(asked.stdout.trimEnd(), question?.[2]?.trimEnd())
    }).pipe(Effect.scoped, Effect.provide(NodeServices.layer)))

  it("is short", () => {
    assert.isAtMost(readme.trimEnd().split("\n").length, 120)
  })

  it("names every runtime dependency, those that are bundled too, and all are pinned", () => {
    const { dependencies, devDependencies } = JSON.parse(readFileSync("package.json", "utf8"))
    const sources = globSync("{src,pipelines,sinks}/**/*.ts", { exclude: ["src/package/Bundle.ts"] })
      .map((file) => readFileSync(file, "utf8")).join("\n")
    const bundled = Object.entries(devDependencies).filter(([name]) =>
      sources.includes(`"${name}/`) || sources.includes(`"${name}"`)
    )
    assert.deepStrictEqual(
      bundled.map(([name]) => name),
      ["@aws-sdk/client-s3", "@effect/platform-node", "@effect/sql-pg", "echarts", "pg", "pg-copy-streams", "smol-toml"]
    )
    for (const [name, version] of [...Object.entries(dependencies), ...bundled]) {
      assert.include(readme, `\`${name}\``)
      assert.match(String(version), /^\d+\.\d+\.\d+(-r\.\d+)?$/)
    }
  })
})

/** All that is written for people; what a page says of another one's commands is looked at there. */
const pages = ["README.md", "CONTRIBUTING.md", "SECURITY.md", ...globSync("docs/*.md")]

/** Pages whose commands need more than a tenant, and the tests that run them. */
const elsewhere: Readonly<Record<string, string>> = {
  "docs/adding-a-column.md": "slow/adding-a-column.test.ts",
  "docs/backup-restore-upgrade.md": "repository/docs-reference.test.ts",
  "docs/install.md": "slow/package.test.ts",
  "docs/many-tenants.md": "cli/extract/tenants.test.ts",
  "docs/postgres.md": "slow/postgres-program.test.ts",
  "docs/retention.md": "cli/forget-person/page.test.ts",
  "docs/s3.md": "sinks/s3/page.test.ts",
  "docs/scheduling.md": "repository/scheduling.test.ts",
  "docs/writing-a-sink.md": "slow/package.test.ts"
}

const shell = (command: string, env: Readonly<Record<string, string>>, cwd: string) =>
  new Promise<{ readonly code: number | null; readonly stderr: string }>((resolve) => {
    const child = execFile(
      "sh",
      ["-c", command],
      { env, cwd },
      (_, __, stderr) => resolve({ code: child.exitCode, stderr })
    )
  })

/** A command is a lower-case file. */
const commands = globSync("src/cli/[a-z]*.ts").map((file) => basename(file, ".ts"))

describe("what the pages say to type", () => {
  it.live("the README's questions are answered", () =>
    Effect.gen(function*() {
      const folder = yield* (yield* FileSystem.FileSystem).makeTempDirectoryScoped()
      yield* extract(folder, { users: 20 })
      const questions = [...readme.matchAll(/^\$ (make sql .*["'@\w])(?: +#.*)?$/gm)].map(([_, typed = ""]) => typed)
        .filter((typed) => typed.split("\"").length % 2 === 1)
      assert.isAtLeast(questions.length, 3)
      for (const typed of questions) {
        // what is installed is there already
        const command = typed.replace(/^make/, "make --assume-old=node_modules/.setup")
        const { status, stderr } = spawnSync("sh", ["-c", command], {
          env: { ...process.env, DUO_MFA_DATA: `${folder}/data` },
          encoding: "utf8"
        })
        assert.strictEqual(status, 0, `${typed}: ${stderr}`)
      }
    }).pipe(Effect.scoped, Effect.provide(NodeServices.layer)))

  it.live(
    "the commands of docs/ work, but for those that need more than a tenant",
    () =>
      inFolder(Effect.fnUntraced(function*(folder) {
        for (const [page, test] of Object.entries(elsewhere)) {
          assert.include(readFileSync(`test/${test}`, "utf8"), basename(page), page)
        }
        const { duo } = yield* extract(folder, { users: 20 })
        const data = `${folder}/data`
        mkdirSync(`${data}/bi`)
        writeFileSync(`${data}/duo-mfa`, `#!/bin/sh\nexec "${process.execPath}" "${main.entry}" "$@"\n`, {
          mode: 0o755
        })
        const lines = pages.filter((page) => page.startsWith("docs/") && !(page in elsewhere)).flatMap((page) =>
          [...readFileSync(page, "utf8").matchAll(/^```sh\n([^`]+)^```$/gm)].flatMap(([_, block = ""]) =>
            block.trim().split("\n").map((line) => ({ page, command: line.replaceAll("/srv/bi", "bi") }))
          )
        )
        assert.isAtLeast(lines.length, 6)
        for (const { command, page } of lines) {
          const { code, stderr } = yield* Effect.promise(() =>
            shell(command, {
              ...settings(duo),
              NODE_COMPILE_CACHE: main.compiled,
              DUO_MFA_DATA: ".",
              PATH: `${data}:${process.env["PATH"]}`
            }, data)
          )
          assert.strictEqual(code, 0, `${page}: ${command}: ${stderr}`)
        }
      })),
    300_000
  )

  it("every verb of make is one, and so is every command", () => {
    const verbs = readFileSync("Makefile", "utf8").match(/^[a-z-]+(?=:.*## )/gm) ?? []
    for (const page of pages) {
      const text = readFileSync(page, "utf8")
      for (const [_, verb = ""] of text.matchAll(/(?:^|\$ |`)make (?:-\S+ )*([a-z-]+)/gm)) {
        assert.include(verbs, verb, page)
      }
      for (const [_, command = ""] of text.matchAll(/(?:^|`|\$ )(?:npx |\.\/)?duo-mfa ([a-z]+(?:-[a-z]+)*)/gm)) {
        assert.include(commands, command, page)
      }
    }
  })
})

describe("how to write a pipeline", () => {
  it("is quoted from the files that it names, but for what is left out at …", () => {
    const text = readFileSync("docs/writing-a-pipeline.md", "utf8")
    const quoted = [...text.matchAll(/\]\(\.\.\/([\w/.-]+)\)(?:(?!\]\()[^`]|`[^`]+`)*\n```ts\n([^]*?)```/g)]
    assert.strictEqual(quoted.length, text.match(/```ts/g)?.length)
    for (const [_, file = "", code = ""] of quoted) {
      for (const part of code.split(/^ *…\n/m)) assert.include(readFileSync(file, "utf8"), part, file)
    }
  })
})

describe("how to write a sink", () => {
  it("lists the laws, by their numbers", () => {
    const listed = [...readFileSync("docs/writing-a-sink.md", "utf8").matchAll(/^(\d+)\. (.+)$/gm)]
    assert.deepStrictEqual(
      listed.map(([_, number, law]) => `${number}. ${law}`),
      laws.map((law, index) => `${index + 1}. ${law}`)
    )
  })
})

describe("the data dictionary", () => {
  it.live("is what the tables say", () =>
    Effect.gen(function*() {
      const printed = yield* command(".", ["dictionary"])
      assert.strictEqual(readFileSync("data/README.md", "utf8"), printed.stdout)
    }))

  it.live("as JSON and for dbt says the same of the same names", () =>
    Effect.gen(function*() {
      const json = yield* command(".", ["dictionary", "--format", "json"])
      const entries: ReadonlyArray<DictionaryEntry> = JSON.parse(json.stdout)
      assert.includeMembers(entries.map(({ name }) => name), ["users", "users_history", "runs", "mfa_events"])
      for (const { columns, doc, name } of entries) {
        for (const sentence of [doc, ...columns.map((column) => column.doc)]) assert.match(sentence, /^\S.*\.$/, name)
      }
      const dbt = yield* command(".", ["dictionary", "--format", "dbt"])
      const tables = entries.filter(({ kind }) => kind !== "macro")
      assert.deepStrictEqual(
        [...dbt.stdout.matchAll(/^( +)- name: (\w+)\n +description: (".*")$/gm)].map((
          [_, at = "", name, doc = ""]
        ) => [at.length, name, JSON.parse(doc)]),
        tables.flatMap((
          { columns, doc, name }
        ) => [[6, name, doc], ...columns.map((column) => [10, column.name, column.doc])])
      )
    }))
})
