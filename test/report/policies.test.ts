/** The policies and the target on the report. */
import { afterAll, assert, beforeAll, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { mkdirSync, rmSync, writeFileSync } from "node:fs"
import * as Company from "./company.ts"
import { sentences } from "./sentences.ts"

let company: Awaited<ReturnType<typeof Company.make>>

beforeAll(async () => {
  company = await Company.make(27_098)
}, 60_000)

afterAll(() => company.remove())

describe("the report", () => {
  it.live("has the verdicts on the policies, the broken ones first, above the people", () =>
    Effect.gen(function*() {
      mkdirSync(`${company.folder}/data/policies`)
      writeFileSync(
        `${company.folder}/data/policies/odd.sql`,
        "-- Nobody is odd.\n-- At most 0\nSELECT nothing FROM users\n"
      )
      const said = sentences(yield* company.page())
      rmSync(`${company.folder}/data/policies`, { recursive: true })
      assert.match(said, /Of 17 policies: 4 broken, 1 not known, 4 kept, 8 left out\./)
      assert.match(
        said,
        /No active user is without MFA, [^✗]*everyone-has-mfa ?✗ broken ?3 ?0.*Nobody is odd\..*\? not known/
      )
      assert.include(said, "no run has read it yet: duo-mfa extract integrations")
      assert.isBelow(said.indexOf("everyone-has-mfa"), said.indexOf("Privileged accounts"))
    }))

  it.live("has the number of kept controls of each framework, and the policies in the way of the others", () =>
    Effect.gen(function*() {
      const said = sentences(yield* company.page())
      assert.match(said, /CIS Controls v8\.1 ?1 of 4 ?3 ?0/)
      assert.match(
        said,
        /Require all externally-exposed applications to enforce MFA CIS Controls v8\.1, 6\.3 ?✗ broken ?everyone-has-mfa/
      )
      assert.match(
        said,
        /Use number matching [^✗]*number-matching ?– left out ?push-fatigue-never-worked, push-shows-a-code/
      )
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
