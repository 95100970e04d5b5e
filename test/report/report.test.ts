/** The report as a file: its figures, its words, its security, and its place. test/slow/report-browser.test.ts opens it. */
import * as NodeServices from "@effect/platform-node/NodeServices"
import { afterAll, assert, beforeAll, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { createHash } from "node:crypto"
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import mfa from "../../pipelines/mfa.ts"
import { html, trusted } from "../../src/report/Html.ts"
import * as Report from "../known/report.ts"
import { command } from "../support/processes/command.ts"
import { type Ended, program } from "../support/processes/program.ts"

let folder = ""

const env = { DUO_MFA_DATA: "data" }

const report = (...args: ReadonlyArray<string>) => command(folder, ["report", ...args], env)

const pageOf = ({ code, stderr, stdout }: Ended) => {
  assert.strictEqual(code, 0, stderr)
  return readFileSync(stdout.trimEnd(), "utf8")
}

/** Makes the page with these arguments. */
const written = (...args: ReadonlyArray<string>) => Effect.map(report(...args), pageOf)

/** Makes the page in a process of its own, because the charts of a process are numbered. */
const made = (file: string) => Effect.map(program(folder, ["report", "--output", file], env), pageOf)

const ledger = Report.at(27_060)

const ask = (sql: string) => ledger.ask(`${folder}/data`, sql)

let page = ""

/** The last day of the tenant with a single run, as the page writes it. */
let young: Readonly<Record<string, unknown>> = {}

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "duo-mfa-report-"))
  await Effect.runPromise(ledger.make(`${folder}/data`).pipe(Effect.provide(NodeServices.layer)))
  page = await Effect.runPromise(made("first.html"))
  const [figures = {}] = await Effect.runPromise(ask(
    `SELECT users::VARCHAR AS users, printf('%.1f%%', coverage_pct) AS coverage_pct,
       printf('%.1f%%', phishing_resistant_pct) AS phishing_resistant_pct
     FROM coverage_daily WHERE tenant = '${ledger.young}'`
  ))
  young = figures
}, 180_000)

afterAll(() => rmSync(folder, { recursive: true }))

/** The section of the page about a tenant. */
const partOf = (tenant: string) => page.split(`data-tenant="${tenant}"`)[1]?.split("</section>")[0] ?? ""

/** The text of a page, without markup. */
const textOf = (markup: string) =>
  markup.replaceAll(/<[^>]*>/g, " ").replaceAll(/&#(\d+);/g, (_, code) => String.fromCodePoint(Number(code)))
    .replaceAll("&lt;", "<").replaceAll("&gt;", ">").replaceAll("&quot;", "\"").replaceAll("&amp;", "&")

describe("the report", () => {
  it.live("has the ledger's figures", () =>
    Effect.gen(function*() {
      const shown = Object.fromEntries(
        [...partOf(ledger.tenant).matchAll(/data-figure="([^"]+)">([^<]*)</g)].map((
          [, name = "", text]
        ) => [name, text])
      )
      for (const [name, sql] of Object.entries(Report.figures)) {
        assert.strictEqual(shown[name], Object.values((yield* ask(sql))[0] ?? {})[0], name)
      }
    }))

  it("has every tenant in a table at its beginning, and says that a tenant with a single run has nothing to compare with", () => {
    const [, overview = ""] = /<nav [^>]*aria-label="Tenants">([\s\S]*?)<\/nav>/.exec(page) ?? []
    const line = new RegExp(`<a href="#tenant-1">${ledger.young}</a></th>(.*)`).exec(overview)?.[1] ?? ""
    assert.deepStrictEqual(
      [...line.matchAll(/data-column="[^"]*"[^>]*>(?:<span[^>]*>)?([^<]*)/g)].map(([, cell]) => cell),
      [
        ...["users", "coverage_pct", "phishing_resistant_pct"].map((column) => young[column]),
        "≥ 3",
        "8 Nov 2026"
      ]
    )
    assert.isBelow(page.indexOf("<nav"), page.indexOf("<section"))
    assert.lengthOf(partOf(ledger.young).match(/nothing to compare with/g) ?? [], 1)
    assert.include(partOf(ledger.young), "This is the first run, so there is nothing to compare with yet.")
    assert.notMatch(partOf(ledger.young), /<figure>|no change|What changed/)
    assert.include(partOf(ledger.young), "not allowed to read bypass codes")
  })

  it("says which days have no run, and which runs were not proved complete", () => {
    const part = partOf(ledger.tenant)
    for (const day of ["2026-11-06", "2026-11-07"]) {
      assert.match(part, new RegExp(`<time>${day}</time></th><td[^>]*>no run<`))
    }
    assert.notMatch(part, /<time>2026-11-05<\/time><\/th><td[^>]*>no run</)
    assert.include(part, "<strong>no</strong>: Duo counts")
    assert.include(part, "A gap is a day without a run. A ring is a run that may have missed users.")
  })

  it("draws no bar and no line for a day without a run, and a ring for a run that was not proved complete", () => {
    const part = partOf(ledger.tenant)
    const drawn = (pattern: RegExp) => [...part.matchAll(pattern)].map(([, path = ""]) => path)
    const sizes = 2
    assert.strictEqual(drawn(/fill="var\(--none\)"/g).length, 6 * sizes)
    assert.strictEqual(drawn(/fill="var\(--better\)"/g).length, 5 * sizes)
    assert.strictEqual(drawn(/fill="var\(--worse\)"/g).length, 1 * sizes)
    assert.strictEqual(drawn(/fill="var\(--page\)" stroke="var\(--mfa\)"/g).length, 1 * sizes)
    const lines = drawn(/<path d="([^"]+)" fill="none" stroke="var\(--mfa\)" stroke-width="2.5"/g)
    assert.deepStrictEqual(lines.map((line) => line.split("M").slice(1).map((run) => run.split("L").length)), [[5, 1], [
      5,
      1
    ]])
  })

  it("has the age of every bypass, or the least age that is known", () => {
    const text = textOf(partOf(ledger.tenant)).replaceAll(/\s+/g, " ")
    assert.include(text, "dot Dot Example the user is on bypass 6 days")
    assert.match(text, /mallory.{0,200}the user is on bypass ≥ 7 days/)
    assert.include(text, "jon Jon Example 7 days never")
  })

  it("is one file, and needs no other resource", () => {
    assert.notMatch(page, /<(script|link|img|iframe|object|embed|form|base|audio|video|foreignObject|use|image)\b/i)
    assert.notMatch(page.replaceAll(/ xmlns="[^"]*"/g, ""), /https?:|\/\/\w|url\((?!#)|@import/)
    for (const [tag] of page.matchAll(/<[a-z][^>]*>/gi)) assert.notMatch(tag, / (style|on\w+|src)=/i)
  })

  it("has a policy that allows only its own style", () => {
    const [, policy = ""] = /http-equiv="Content-Security-Policy" content="([^"]+)"/.exec(page) ?? []
    const styles = [...page.matchAll(/<style>([\s\S]*?)<\/style>/g)]
    assert.strictEqual(styles.length, 1)
    const hash = createHash("sha256").update(styles[0]?.[1] ?? "").digest("base64")
    assert.strictEqual(
      textOf(policy),
      `default-src 'none'; style-src 'sha256-${hash}'; base-uri 'none'; form-action 'none'`
    )
  })

  it("shows every name as text, even if it looks like markup", () => {
    assert.include(textOf(page), "mallory\"><img src=x onerror=alert(1)><script>alert(2)</script>'\ufffd&amp;")
    assert.notInclude(page, "\u202e")
  })

  it("has headings in order, a name for every table and chart, and a table for every chart", () => {
    const levels = [...page.matchAll(/<h([1-6])\b/g)].map(([, level]) => Number(level))
    assert.strictEqual(levels.filter((level) => level === 1).length, 1)
    levels.reduce((above, level) => (assert.isAtMost(level, above + 1), level), 0)
    for (const [table] of page.matchAll(/<table[\s\S]*?<\/table>/g)) {
      assert.match(table, /^<table[^>]*><caption[^>]*>[^<]+</)
      assert.match(table, /<th role="columnheader" scope="col"/)
    }
    const figures = [...page.matchAll(/<figure>[\s\S]*?<\/figure>/g)].map(([figure]) => figure)
    assert.strictEqual(figures.length, 3)
    for (const figure of figures) {
      assert.match(figure, /<figcaption>[^<]+/)
      assert.match(figure, /role="img" aria-label="[^"]{40,}"/)
      assert.match(figure, /<details><summary>[^<]*table<\/summary>[\s\S]*<table/)
    }
  })

  it.live("is the same byte for byte when it is made again", () =>
    Effect.gen(function*() {
      assert.strictEqual(yield* made("again.html"), page)
    }))
})

describe("report --pii drop", () => {
  it.live("has no personal text of the ledger, only ids", () =>
    Effect.gen(function*() {
      const without = yield* written("--pii", "drop", "--output", "without.html")
      const texts = new Set<string>()
      for (const { columns, name } of mfa.tables) {
        for (const column of columns.filter(({ personal }) => personal)) {
          const rows = yield* ask(
            `SELECT DISTINCT "${column.name}" AS text FROM ${name}_history WHERE text IS NOT NULL`
          )
          for (const { text } of rows) texts.add(String(text))
        }
      }
      assert.isAbove(texts.size, 40)
      const isIn = (page: string, text: string) =>
        new RegExp(`(?<![\\p{L}\\p{N}])${text.replaceAll(/[.*+?^${}()|[\]\\/]/g, "\\$&")}(?![\\p{L}\\p{N}])`, "u").test(
          page
        )
      for (const all of [without, textOf(without)]) {
        assert.deepStrictEqual([...texts].filter((text) => isIn(all, text)), [])
      }
      assert.includeMembers([...texts].filter((text) => isIn(page, text)), ["dot", "Dot Example", "eve", "jon"])
      assert.include(without, "<code>DUDOT</code>")
    }))
})

describe("report", () => {
  it.live("prints the path of the page, which only its owner can read, and leaves no other file beside it", () =>
    Effect.gen(function*() {
      const { stdout } = yield* report()
      assert.strictEqual(stdout.trimEnd(), `${folder}/data/report.html`)
      yield* report("--output", "made/for/it/page.html")
      for (const file of ["data/report.html", "made/for/it/page.html"]) {
        assert.strictEqual(statSync(`${folder}/${file}`).mode & 0o777, 0o600)
      }
      assert.deepStrictEqual(readdirSync(`${folder}/made/for/it`), ["page.html"])
    }))

  it.live("without a ledger says what to do, and ends with 78", () =>
    Effect.gen(function*() {
      const { code, stderr, stdout } = yield* command(folder, ["report"], { DUO_MFA_DATA: "nothing" })
      assert.strictEqual(code, 78)
      assert.include(stderr, "Run duo-mfa extract")
      assert.strictEqual(stdout, "")
    }))

  it.live("that cannot write the page says so and how to name another place, and ends with 73", () =>
    Effect.gen(function*() {
      mkdirSync(`${folder}/taken/by`, { recursive: true })
      const { code, stderr } = yield* report("--output", "taken")
      assert.strictEqual(code, 73)
      assert.match(stderr, /^duo-mfa: The report cannot be written to .*taken.*--output FILE\.\n$/)
      assert.deepStrictEqual(readdirSync(`${folder}/taken`), ["by"])
    }))
})

describe("html", () => {
  it("escapes every value that is not HTML", () => {
    const text = "<b a=\"'`&\u0000"
    assert.strictEqual(
      String(html`<i title="${text}">${[text, 1, null]}</i>`),
      [
        "<i title=\"&lt;b a=&quot;&#39;&#96;&amp;\ufffd\">",
        "&lt;b a=&quot;&#39;&#96;&amp;\ufffd1</i>"
      ].join("")
    )
    assert.strictEqual(String(html`${html`<b>${"<"}</b>`}${trusted("<hr>")}`), "<b>&lt;</b><hr>")
  })
})
