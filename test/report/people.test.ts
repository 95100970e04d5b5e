/** The people on the report: who is privileged, and in which order they come. */
import { afterAll, assert, beforeAll, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { mkdirSync, readFileSync, rmSync } from "node:fs"
import * as Company from "./company.ts"
import { sentences } from "./sentences.ts"

const { whoIn } = Company

let company: Awaited<ReturnType<typeof Company.make>>

beforeAll(async () => {
  company = await Company.make(27_096)
}, 60_000)

afterAll(() => company.remove())

describe("privileged accounts", () => {
  it.live("are those in groups whose names have a word that says it, and the page says which groups and why", () =>
    Effect.gen(function*() {
      const markup = yield* company.page()
      const said = sentences(markup)
      assert.include(said, "5 people can log in with a password alone. 2 of them are privileged.")
      assert.include(
        said,
        "3 people in privileged groups can log in, 2 with a password alone; 1 has a phishing-resistant method."
      )
      assert.include(
        said,
        "the groups whose names have the word admin, root, privileged or break-glass: BreakGlass (1), Domain Admins (1), " +
          "sap-ADMINISTRATORS (1). To name others, write the names of groups into privileged.txt"
      )
      assert.deepStrictEqual(whoIn(markup, "Members of privileged groups"), ["ben", "gil", "ann"])
    }))

  it.live("are those in the groups that privileged.txt names, and nobody else", () =>
    Effect.gen(function*() {
      const markup = yield* company.page({
        "privileged.txt": "# theirs is the money\nfinance # all of it\r\n\nNo Such Group\n"
      })
      assert.deepStrictEqual(whoIn(markup, "Members of privileged groups"), ["hal", "ben", "dan"])
      assert.include(sentences(markup), "Privileged are the groups that privileged.txt names: Finance (3).")
      // the file is about all tenants, and a page may be about one of them
      assert.notInclude(markup, "No Such Group")
      const none = yield* company.text({ "privileged.txt": "" })
      assert.include(none, "Nobody in a privileged group can log in.")
    }))

  it.live("are the same for the page, for @privileged, for the policies and for one's own SQL", () =>
    Effect.gen(function*() {
      const sql =
        "SELECT DISTINCT users.username FROM users JOIN user_groups USING (tenant, user_id) WHERE is_privileged(group_name)" +
        " AND (is_active OR is_bypass) AND NOT has_phishing_resistant ORDER BY ALL"
      for (
        const [files, weak, phones] of [
          [{}, ["ben", "gil"], []],
          [{ "privileged.txt": "finance" }, ["ben", "dan", "hal"], ["dan"]]
        ] as const
      ) {
        const rows = Effect.fnUntraced(function*(...question: ReadonlyArray<string>) {
          const { code, stderr, stdout } = yield* company.ask(files, "sql", "--format", "json", ...question)
          assert.strictEqual(code, 0, stderr)
          return JSON.parse(stdout).map(({ username }: { readonly username: string }) => username).toSorted()
        })
        const page = whoIn(yield* company.page(files), "Members of privileged groups")
        assert.includeMembers(page, [...weak])
        assert.deepStrictEqual(yield* rows(sql), weak)
        assert.deepStrictEqual(yield* rows("@privileged"), weak)
        assert.deepStrictEqual(yield* rows("@policies/privileged-are-phishing-resistant"), weak)
        assert.deepStrictEqual(yield* rows("@policies/privileged-not-on-telephony"), phones)
        const { stdout } = yield* company.ask(files, "policy", "--format", "json", "privileged-are-phishing-resistant")
        assert.deepInclude(JSON.parse(stdout).policies[0], { verdict: "broken", found: weak.length })
      }
    }))

  it.live("need a privileged.txt that can be read, if there is one", () =>
    Effect.gen(function*() {
      mkdirSync(`${company.folder}/data/privileged.txt`)
      const { code, stderr } = yield* company.report()
      rmSync(`${company.folder}/data/privileged.txt`, { recursive: true })
      assert.strictEqual(code, 78)
      assert.match(stderr, /privileged\.txt cannot be read: .*Make it readable, or move it away\.\n$/)
    }))

  it.live("have Duo's administrators among them, whose factors are not known if Duo does not list them", () =>
    Effect.gen(function*() {
      const markup = yield* company.page()
      assert.include(
        sentences(markup),
        "3 administrators are active, and 1 more is not. ≥ 1 of the active is at risk; " +
          "≥ 1 has a phishing-resistant factor. ≥ means at least: for 1 of them, Duo does not say it."
      )
      assert.deepStrictEqual(whoIn(markup, "Administrators of Duo"), ["Bob", "Ada", "Cyd"])
      assert.match(sentences(markup), /Cyd ?Owner ?not known ?not known/)
    }))

  it.live("are ids without names", () =>
    Effect.gen(function*() {
      const markup = yield* company.page({}, "--pii", "drop")
      for (const name of ["Ada", "ada@", "ben", "Ben"]) assert.notInclude(markup, `>${name}`)
      assert.include(markup, "<code>DEADA</code>".replace("DEADA", "DEAda"))
    }))
})

describe("people at risk", () => {
  it.live("come by privilege, then by last login, and the heading says so", () =>
    Effect.gen(function*() {
      const markup = yield* company.page()
      assert.deepStrictEqual(whoIn(markup, "Users at risk"), ["ben", "gil", "fin", "dan", "eve", "hal", "cat"])
      assert.include(sentences(markup), "The users: privileged ones first, then by last login, the newest first")
      assert.match(sentences(markup), /ben Ben Example privileged/)
    }))

  it.live("are counted as the figures count them: a user on bypass is not unprotected too", () =>
    Effect.gen(function*() {
      const markup = yield* company.page()
      const figure = (name: string) => new RegExp(`data-figure="${name}">([^<]*)<`).exec(markup)?.[1]
      assert.deepStrictEqual([figure("unprotected"), figure("at_risk.unprotected")], ["3", "3"])
      assert.deepStrictEqual([figure("only_telephony"), figure("at_risk.only telephony")], ["2", "2"])
      assert.deepStrictEqual([figure("bypass"), figure("at_risk.bypass")], ["2", "2"])
      assert.include(
        sentences(markup),
        "7 of the 8 users who can log in are at risk, some for more than one reason. " +
          "6 of the 8 are active; 2 are not, and only a bypass lets them in."
      )
    }))
})

describe("a page without names", () => {
  it.live("is report-no-names.html, says what it holds, and never replaces a page with names", () =>
    Effect.gen(function*() {
      yield* company.page()
      const { code, stdout } = yield* company.report({}, "--pii", "drop")
      assert.deepStrictEqual([code, stdout.trimEnd()], [0, `${company.folder}/data/report-no-names.html`])
      assert.include(
        sentences(readFileSync(stdout.trimEnd(), "utf8")),
        "Names are left out: users are shown by Duo’s ids."
      )
      const refused = yield* company.report({}, "--pii", "drop", "--output", "data/report.html")
      assert.strictEqual(refused.code, 73)
      assert.include(refused.stderr, "report.html is a report that names people")
      assert.include(readFileSync(`${company.folder}/data/report.html`, "utf8"), "<bdi>ben</bdi>")
      yield* company.page({}, "--pii", "drop")
    }))
})
