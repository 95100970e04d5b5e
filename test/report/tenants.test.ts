/** The report on one of several tenants. */
import { afterAll, assert, beforeAll, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { mkdirSync, rmSync, writeFileSync } from "node:fs"
import * as Tenant from "../../src/emulator/people/Tenant.ts"
import { command } from "../support/processes/command.ts"
import * as Company from "./company.ts"
import { sentences } from "./sentences.ts"

const ports = [27_101, 27_102] as const
const [first, second] = [`127.0.0.1:${ports[0]}`, `127.0.0.1:${ports[1]}`]

let company: Awaited<ReturnType<typeof Company.make>>

beforeAll(async () => {
  company = await Company.make(ports[0])
  const { key, person } = Company
  const zoe = person("zoe", { webauthncredentials: [key("ZOE", 1)] })
  // its key may not read bypass codes
  await company.run({ port: ports[1], tenant: Tenant.fromUsers([zoe]), permissions: ["users"] })
}, 60_000)

afterAll(() => company.remove())

describe("report --tenant", () => {
  it.live("says nothing about other tenants", () =>
    Effect.gen(function*() {
      const all = yield* company.page()
      const one = yield* company.page({}, "--tenant", second)
      assert.include(all, first)
      assert.include(one, second)
      for (const text of [first, "ben", "Finance", "All tenants"]) assert.notInclude(one, text)
      assert.include(one, "zoe")
    }))

  it.live("judges policies by the rows of that tenant alone, as if there were no other", () =>
    Effect.gen(function*() {
      mkdirSync(`${company.folder}/data/policies`)
      const small =
        "-- The tenant is small.\n-- At most 0\nSELECT 1 FROM (SELECT count(*) AS users FROM users) WHERE users > 1\n"
      writeFileSync(`${company.folder}/data/policies/small.sql`, small)
      const verdicts = (...args: ReadonlyArray<string>) =>
        Effect.map(company.page({}, ...args), (markup) =>
          Object.fromEntries(
            ["small", "everyone-has-mfa", "bypass-is-short"].map((name) => [
              name,
              new RegExp(`${name} ?[✗✓?] (broken|kept|not known)`).exec(sentences(markup))?.[1]
            ])
          ))
      const [all, ofFirst, ofSecond] = [
        yield* verdicts(),
        yield* verdicts("--tenant", first),
        yield* verdicts("--tenant", second)
      ]
      rmSync(`${company.folder}/data/policies`, { recursive: true })
      assert.deepInclude(all, { small: "broken", "everyone-has-mfa": "broken" })
      assert.deepStrictEqual(ofFirst, { small: "broken", "everyone-has-mfa": "broken", "bypass-is-short": "kept" })
      assert.deepInclude(ofSecond, { small: "kept", "everyone-has-mfa": "kept" })
    }))

  it.live("without such a tenant suggests one, and ends with 64", () =>
    Effect.gen(function*() {
      const { code, stderr } = yield* company.report({}, "--tenant", `${second}9`)
      assert.strictEqual(code, 64)
      assert.include(stderr, `Unknown tenant "${second}9". Did you mean "${second}"?`)
    }))
})

describe("report --tenant of a retired tenant", () => {
  it.live("says that there are no users, and nothing about all tenants", () =>
    Effect.gen(function*() {
      const { code, stderr } = yield* command(company.folder, ["tenants", "retire", second], { DUO_MFA_DATA: "data" })
      assert.strictEqual(code, 0, stderr)
      const said = yield* company.text({}, "--tenant", second)
      assert.include(said, "There are no users to show: none were read yet, or the tenant is retired.")
      assert.notInclude(said, "all tenants")
    }))
})

describe("report --title", () => {
  it.live("has the text as its heading, even if it looks like markup", () =>
    Effect.gen(function*() {
      const markup = yield* company.page({}, "--title", "MFA at <Example> & Co")
      for (const tag of ["h1", "title"]) assert.include(markup, `<${tag}>MFA at &lt;Example&gt; &amp; Co</${tag}>`)
    }))
})
