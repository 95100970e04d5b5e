/** The pages for those who read the data with other tools: their SQL is asked, and what they name is there. */
import * as NodeServices from "@effect/platform-node/NodeServices"
import { afterAll, assert, beforeAll, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { existsSync, globSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { known } from "../known/ledger.ts"
import { query } from "../support/processes/program.ts"

const docs = `${import.meta.dirname}/../../docs`
const textOf = (page: string) => readFileSync(`${docs}/${page}`, "utf8")
const index = textOf("README.md")
/** Those of the index's first table; the pages after it are for who runs or extends duo-mfa. */
const pages = [...index.matchAll(/^\| \[[^\]]+\]\(([\w-]+\.md)\) \|.*\|.*\|/gm)].map(([_, page = ""]) => page)

let folder = ""
let data = ""

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "duo-mfa-docs-"))
  data = `${folder}/data`
  await Effect.runPromise(known(data, { port: 27_058 }).pipe(Effect.provide(NodeServices.layer)))
}, 60_000)

afterAll(() => rmSync(folder, { recursive: true }))

/** The SQL of a page by its sections, each typed from its beginning. */
const sections = (page: string) =>
  textOf(page).split(/^## /m).slice(1).flatMap((section) => {
    const blocks = [...section.matchAll(/^```sql\n([^`]+)^```/gm)].map(([, sql = ""]) => sql)
    return blocks.length === 0 ? [] : [{ title: section.split("\n", 1)[0] ?? "", blocks }]
  })

/** What a person would type, where the data are; a macro of Grafana's as what it stands for. */
const here = (sql: string) =>
  sql
    .replaceAll(/^\.read (.+)$/gm, (_, file: string) => `${readFileSync(`${data}/${file}`, "utf8")};`)
    .replaceAll(/'(?:\/srv\/bi\/)?(parquet\/|duo\.duckdb)/g, `'${data}/$1`)
    .replaceAll(/\$__timeFilter\((\w+)\)/g, "$1 >= '2026-11-02T00:00:00Z' AND $1 <= '2026-11-05T00:00:00Z'")

/** The files that a page names, as patterns: what stands for any table or run is any. */
const files = (text: string) =>
  [...text.matchAll(/(?<!interop\/|[\w:])(?:duo\.duckdb\b|parquet[/\\][\w\\/.*={}-]*[\w*])/g)].map(([file]) =>
    file.replaceAll("\\", "/").replaceAll(/\bT\b|\bRUN\b|YYYY-MM-DD|\{table\}/g, "*")
  )

describe("docs", () => {
  for (const page of pages) {
    for (const { blocks, title } of sections(page)) {
      it.live(`${page} asks what can be asked: ${title}`, () =>
        Effect.gen(function*() {
          for (let typed = 1; typed <= blocks.length; typed++) {
            const rows = yield* query(here(blocks.slice(0, typed).join(";\n")))
            // the days of the known tenant are in November 2026, whatever day it is
            if (!/CREATE|now\(\)/.test(blocks[typed - 1] ?? "")) assert.isNotEmpty(rows)
          }
        }))
    }

    it(`${page} is linked, short, and says whether it was tried`, () => {
      assert.include(index, `](${page})`)
      assert.isAtMost(textOf(page).split("\n").length, 61)
      assert.match(textOf(page), /^# .+\n\n(\*\*If you have \[PostgreSQL\](?:.+\n)+\n)?(Not tried|Tried)\b/)
      // Python, Spark and DuckDB read the files; the others are better off with a database
      const isOfPostgres = /^\*\*If you have \[PostgreSQL\]\(postgres.md#for-bi-tools\)/m.test(textOf(page))
      assert.strictEqual(isOfPostgres, !/^(duckdb|pandas|polars|pyarrow|spark)\.md$/.test(page))
    })
  }

  it("has no page that is not linked", () => {
    for (const page of readdirSync(docs)) assert.include(index, page === "README.md" ? "" : `](${page}`)
  })

  for (const page of readdirSync(docs).filter((page) => page.endsWith(".md"))) {
    it(`${page} names only what is there`, () => {
      for (const file of files(textOf(page))) assert.isNotEmpty(globSync(`${data}/${file}`), file)
      for (const [, file = "", anchor] of textOf(page).matchAll(/\]\(([\w./-]+)(?:#([\w-]+))?\)/g)) {
        assert.isTrue(existsSync(`${docs}/${file}`), file)
        const titles = anchor === undefined ? "" : textOf(file).toLowerCase().replaceAll(" ", "-")
        if (anchor !== undefined) assert.include(titles, `##-${anchor}\n`)
      }
    })
  }

  it("says the versions that are tried", () => {
    const script = readFileSync(`${import.meta.dirname}/../interop/parquet/run.sh`, "utf8")
    const versions = [...script.matchAll(/ [\w-]+==([\d.]+)/g)].map(([, version = ""]) => version)
    assert.strictEqual(versions.length, 7)
    for (const version of versions) assert.include(index, version)
  })
})
