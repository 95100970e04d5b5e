/** The policies and the target on the report. */
import { afterAll, assert, beforeAll, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { mkdirSync, rmSync, writeFileSync } from "node:fs"
import * as Company from "./company.ts"
import { png } from "./pixel.ts"
import { sentences } from "./sentences.ts"

let company: Awaited<ReturnType<typeof Company.make>>

beforeAll(async () => {
  company = await Company.make(27_098)
}, 60_000)

afterAll(() => company.remove())

describe("the report", () => {
  it.live("has the verdicts on the policies, the broken ones first and the most severe of these, above the people", () =>
    Effect.gen(function*() {
      mkdirSync(`${company.folder}/data/policies`)
      writeFileSync(
        `${company.folder}/data/policies/odd.sql`,
        "-- Nobody is odd.\n-- At most 0\nSELECT nothing FROM users\n"
      )
      const said = sentences(yield* company.page())
      rmSync(`${company.folder}/data/policies`, { recursive: true })
      assert.match(said, /Of 20 policies: 4 broken, 2 not known, 5 kept, 9 left out\./)
      assert.match(
        said,
        /No active user is without MFA, [^✗]*everyone-has-mfa ?✗ broken ?3 ?0.*Nobody is odd\..*\? not known/
      )
      assert.isBelow(said.indexOf("everyone-has-mfa"), said.indexOf("administrators-are-phishing-resistant"))
      assert.include(said, "no run has read it yet: duo-mfa extract integrations")
      assert.isBelow(said.indexOf("everyone-has-mfa"), said.indexOf("3 people in privileged groups"))
    }))

  it.live("has the number of kept controls of each framework, and the policies in the way of the others", () =>
    Effect.gen(function*() {
      const said = sentences(yield* company.page())
      assert.match(said, /CIS Controls v8\.1 ?1 of 4 ?3 ?0/)
      assert.match(
        said,
        /Require all externally-exposed enterprise or third-party applications to enforce MFA, where supported CIS Controls v8\.1, 6\.3 ?✗ broken ?everyone-has-mfa/
      )
      assert.match(
        said,
        /Use number matching [^✗]*number-matching ?– left out ?push-shows-a-code/
      )
    }))

  it.live("leads from a broken policy and its controls to the people behind it", () =>
    Effect.gen(function*() {
      const markup = yield* company.page({ "exceptions.csv": "user,reason,until\nhal,Leaves,2026-12-31\n" })
      const [, id = ""] = /everyone-has-mfa<\/code>.*?<a href="#(miss-everyone-has-mfa)">3<\/a>/.exec(markup) ?? []
      assert.include(markup, `<a href="#${id}">everyone-has-mfa</a>`)
      assert.match(markup, /<a href="#controls-cis">3<\/a>/)
      assert.match(markup, /<span id="controls-cis">Require all externally-exposed/)
      const [, block = ""] = new RegExp(`<h4 class="miss" id="${id}">([\\s\\S]*?)(?=<h4|</section>)`).exec(markup) ?? []
      assert.match(
        sentences(block),
        new RegExp(
          "^No active user is without MFA, .*3 users, 1 of them privileged; an exception accepts 1 of them. critical " +
            "Breaks CIS 6.3, .*ben Ben Example privileged cat Cat Example hal Hal Example accepted until 31 Dec 2026 " +
            "All rows: duo-mfa sql @policies/everyone-has-mfa"
        )
      )
      assert.lengthOf(markup.match(new RegExp(`id="${id}"`, "g")) ?? [], 1)
    }))

  it.live("names the first twenty people behind a policy, and says how many more there are", () =>
    Effect.gen(function*() {
      const own = `${company.folder}/data/policies`
      mkdirSync(own)
      writeFileSync(
        `${own}/many.sql`,
        "-- Nobody is anybody.\n-- At most 3\nSELECT tenant, 'DU' || n AS user_id FROM users, range(5) r(n), range(6)"
      )
      writeFileSync(
        `${own}/more.sql`,
        "-- Nobody.\n-- At most 3\nSELECT '127.0.0.1' AS tenant, 'DU' || n AS user_id FROM range(23) r(n)"
      )
      writeFileSync(`${own}/rows.sql`, "-- Nothing.\n-- At most 3\nSELECT n FROM range(4) r(n)")
      const said = sentences(yield* company.page())
      rmSync(own, { recursive: true })
      assert.include(said, "Nobody is anybody. 5 users. DU0 DU1 DU2 DU3 DU4 All rows: duo-mfa sql @policies/many")
      assert.match(said, /Nobody\. 23 users\. (DU\d+ ){20}and 3 more: duo-mfa sql @policies\/more shows all/)
      assert.include(said, "Nothing. 4 rows, which name neither a person nor an application.")
    }))

  it.live("has only the numbers of the people behind a policy if names are left out", () =>
    Effect.gen(function*() {
      const markup = yield* company.page({}, "--pii", "drop")
      assert.include(sentences(markup), "3 users, 1 of them privileged. critical Breaks CIS 6.3")
      assert.notInclude(markup, "class=\"names\"")
    }))

  it.live("leads from its beginning to every part, and from every part back", () =>
    Effect.gen(function*() {
      const markup = yield* company.page()
      const [, list = ""] = /<nav class="contents" id="contents-0"[^>]*>([\s\S]*?)<\/nav>/.exec(markup) ?? []
      const links = [...list.matchAll(/<a href="#([^"]+)">([^<]+)</g)].map(([, id, title]) => [id, title])
      const parts = [...markup.matchAll(/<h3 id="([^"]+)">([^<]+)<\/h3><a class="back" href="#contents-0">Contents</g)]
      assert.deepStrictEqual(links, parts.map(([, id, title]) => [id, title]))
      assert.includeMembers(links.map(([, title]) => title), [
        "Policies",
        "Who is behind each miss",
        "Privileged accounts"
      ])
      assert.notInclude(list, "What they used")
      const ids = [...markup.matchAll(/ id="([^"]+)"/g)].map(([, id]) => id)
      assert.lengthOf(new Set(ids), ids.length)
      const targets = [...markup.matchAll(/ href="#([^"]+)"/g)].map(([, id]) => id)
      assert.deepStrictEqual(targets.filter((id) => !ids.includes(id)), [])
    }))

  it.live("has a logo above its heading, and its policy allows pictures only then", () =>
    Effect.gen(function*() {
      writeFileSync(`${company.folder}/logo.png`, png)
      const markup = yield* company.page({}, "--logo", "logo.png")
      assert.match(markup, /<header>\n<img class="logo" alt="Logo" src="data:image\/png;base64,[^"]+">\n<h1>/)
      assert.match(markup, /; img-src data:; base-uri/)
      assert.notInclude(yield* company.page(), "img")
      const { code, stderr } = yield* company.report({}, "--logo", "data/report.html")
      assert.strictEqual(code, 64)
      assert.match(stderr, /report\.html cannot be the logo: it is neither a PNG nor a JPEG\. Save it as a PNG\.\n$/)
    }))

  it.live("says how far a target is, in people", () =>
    Effect.gen(function*() {
      assert.include(
        yield* company.text({}, "--target", "95"),
        "The target is 95% with MFA: not reached. 3 more users need MFA; 45.0 points are missing."
      )
    }))

  it.live("takes only a percentage as a target", () =>
    Effect.gen(function*() {
      const { code, stderr } = yield* company.report({}, "--target", "101")
      assert.strictEqual(code, 64)
      assert.include(stderr, "Expected 0 to 100")
    }))
})
