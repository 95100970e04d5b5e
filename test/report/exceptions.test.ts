/** Accepted exceptions on the report. */
import * as NodeServices from "@effect/platform-node/NodeServices"
import { afterAll, assert, beforeAll, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { existsSync, writeFileSync } from "node:fs"
import * as Exceptions from "../../src/report/Exceptions.ts"
import * as Company from "./company.ts"
import { sentences } from "./sentences.ts"

const { whoIn } = Company

let company: Awaited<ReturnType<typeof Company.make>>

beforeAll(async () => {
  company = await Company.make(27_097)
}, 60_000)

afterAll(() => company.remove())

describe("accepted exceptions", () => {
  const file = (...lines: ReadonlyArray<string>) => ({
    "exceptions.csv": ["user,reason,until", ...lines, ""].join("\r\n")
  })

  it.live("are shown apart from people at risk, with what is left of them, until the last day", () =>
    Effect.gen(function*() {
      const markup = yield* company.page(
        file("GIL,\"Sealed, in the \"\"safe\"\"\",2026-11-10", "DUBEN,Leaves,2026-12-10", "ann,Nothing,2027-01-01")
      )
      assert.deepStrictEqual(whoIn(markup, "Users at risk"), ["fin", "dan", "eve", "hal", "cat"])
      assert.deepStrictEqual(whoIn(markup, "Accepted exceptions"), ["gil", "ben"])
      const said = sentences(markup)
      assert.include(said, "2 of them are privileged. An exception accepts 2 of them.")
      assert.match(said, /gil Gil Example privileged ?Bypass ?Sealed, in the "safe" ?10 Nov 2026 the last day/)
      assert.match(said, /Leaves ?10 Dec 2026 30 days left/)
      assert.include(
        said,
        "An exception in exceptions.csv accepts the risk of 2 users until its last day; they are not counted above. " +
          "1 more exception is for users who are not at risk."
      )
      assert.match(said, /BreakGlass ?0 of 1 \(0.0%\), 1 accepted/)
    }))

  it.live("count again when they have expired, and the page says since when", () =>
    Effect.gen(function*() {
      const markup = yield* company.page(file("gil,Sealed,2026-11-09"))
      assert.deepStrictEqual(whoIn(markup, "Users at risk").slice(0, 2), ["ben", "gil"])
      assert.include(sentences(markup), "Bypass; exception expired on 9 Nov 2026")
      assert.notInclude(markup, "Accepted exceptions")
    }))

  it.live("that mean nobody are told on standard error by their line, without the name", () =>
    Effect.gen(function*() {
      const { code, stderr } = yield* company.report(
        file("nobody,\"Two\nlines\",2026-12-31", "", "gil,Sealed,2026-12-31", "noone,x,2026-12-31")
      )
      assert.strictEqual(code, 0)
      assert.include(stderr, "exceptions.csv: no user has the name or the id in lines 2, 6.")
      assert.notInclude(stderr, "nobody")
    }))

  it.live("have neither names nor reasons on a page without names", () =>
    Effect.gen(function*() {
      const markup = yield* company.page(file("gil,Sealed by Ben,2026-12-31"), "--pii", "drop")
      assert.include(markup, "<code>DUGIL</code>")
      assert.notInclude(markup, "Sealed by")
    }))

  it.live("that are malformed end with 78 and a sentence that names the line, and no page is written", () =>
    Effect.gen(function*() {
      const wrong = [
        ["user;reason;until", 1, "the first line must be user,reason,until"],
        ["user,reason,until\ngil,Sealed", 2, "it has 2 fields and must have 3"],
        ["user,reason,until\n\n,Sealed,2026-12-31", 3, "user is empty"],
        ["user,reason,until\ngil,,2026-12-31", 2, "reason is empty"],
        ["user,reason,until\ngil,\"a\nb\",2026-12-31\ngil,Sealed,2026-02-30", 4, "until is not a day"],
        ["user,reason,until\ngil,\"Sealed,2026-12-31", 2, "a quote is not closed"],
        ["", 1, "the first line must be"]
      ] as const
      for (const [text, line, sentence] of wrong) {
        writeFileSync(`${company.folder}/exceptions.csv`, text)
        const { message } = yield* Effect.flip(Exceptions.read(company.folder))
        assert.include(message, `exceptions.csv, line ${line}: ${sentence}`)
      }
      const { code, stderr } = yield* company.report(file("gil,Sealed"), "--output", "none.html")
      assert.strictEqual(code, 78)
      assert.match(stderr, /exceptions\.csv, line 2: .*Correct the line, or move the file away\.\n$/)
      assert.isFalse(existsSync(`${company.folder}/none.html`))
    }).pipe(Effect.provide(NodeServices.layer)))
})
