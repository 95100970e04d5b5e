/**
 * Runs over HTTP are refused if much has vanished since the last run: a list, a field, or rows whose ids have changed.
 */
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import type { Rule } from "../../src/emulator/faults/Scenario.ts"
import { type Emulator, type Options, serve } from "../../src/emulator/server/Emulator.ts"
import { command } from "../support/processes/command.ts"
import { contents, inFolder, query, settings } from "../support/processes/program.ts"

/** The port of the tenant, which is the same on every day, because host and port name the tenant. */
const port = 27_073

/** Makes a run with the answers of one day. */
const day = (folder: string, options: Options, args: ReadonlyArray<string> = []) =>
  Effect.scoped(Effect.gen(function*() {
    const duo = yield* serve({ people: "hostile", users: 300, port, ...options })
    const ended = yield* command(folder, ["extract", ...args], settings(duo))
    return { ...ended, reached: duo.reached }
  }))

/** A fault that changes a field of every user or administrator. */
const absent = (name: string, path = "/admin/*"): Rule => ({
  when: { path },
  do: { fault: "field", name, user: "every" }
})

const ledgerless = ["--sink", "ndjson", "--json"]

describe("a day on which a list is missing", () => {
  it.live(
    "is refused with 4 although nobody left, names the list, and changes nothing",
    () =>
      inFolder(Effect.fnUntraced(function*(folder) {
        assert.strictEqual((yield* day(folder, {})).code, 0)
        const before = contents(folder)
        const refused = yield* day(folder, { scenario: [absent("phones")] })
        assert.strictEqual(refused.code, 4)
        assert.isAbove(refused.reached.field ?? 0, 0)
        assert.match(
          refused.stderr,
          /\d+ of 300 users had phones in the run before, and 0 of 300 have now\. Nothing changed;.*--max-shrink 100\./
        )
        assert.deepStrictEqual(contents(folder), before)
        const agreed = yield* day(folder, { scenario: [absent("phones")] }, ["--max-shrink", "100"])
        assert.strictEqual(agreed.code, 0, agreed.stderr)
        const usual = yield* day(folder, { scenario: [absent("phones")] })
        assert.strictEqual(usual.code, 0, "what a person believed once is what the next run is held against")
      })),
    60_000
  )

  for (const name of ["phones", "groups", "status", "email"]) {
    it.live(`is refused for ${name}, even without a ledger`, () =>
      inFolder(Effect.fnUntraced(function*(folder) {
        assert.strictEqual((yield* day(folder, {}, ledgerless)).code, 0)
        const refused = yield* day(folder, { scenario: [absent(name)] }, ledgerless)
        assert.strictEqual(refused.code, 4, refused.stderr)
        assert.include(JSON.parse(refused.stdout).message, `of 300 users had ${name} in the run before, and 0 of 300`)
      })), 60_000)
  }

  it.live("is refused for fields of the objects in a list", () =>
    inFolder(Effect.fnUntraced(function*(folder) {
      assert.strictEqual((yield* day(folder, {}, ledgerless)).code, 0)
      const bare: Rule = {
        do: { fault: "field", name: "phones", json: `[{"phone_id": "DPBARE", "activated": true}]`, user: "every" }
      }
      const refused = yield* day(folder, { scenario: [bare] }, ledgerless)
      assert.strictEqual(refused.code, 4, refused.stderr)
      assert.match(JSON.parse(refused.stdout).message, /\d+ of \d+ phones had \w+ in the run.*phones\.capabilities/)
    })), 60_000)

  it.live("is refused even if the run is incomplete", () =>
    inFolder(Effect.fnUntraced(function*(folder) {
      assert.strictEqual((yield* day(folder, {}, ledgerless)).code, 0)
      const refused = yield* day(
        folder,
        { scenario: [absent("phones"), { do: { fault: "total_objects", add: 1 } }] },
        ledgerless
      )
      assert.strictEqual(refused.code, 4, refused.stderr)
    })), 60_000)

  it.live(
    "is accepted in a tenant that is too small to judge",
    () =>
      inFolder(Effect.fnUntraced(function*(folder) {
        assert.strictEqual((yield* day(folder, { users: 6 }, ledgerless)).code, 0)
        const phones = yield* day(folder, { users: 6, scenario: [absent("email")] }, ledgerless)
        assert.strictEqual(phones.code, 0, phones.stderr)
      })),
    60_000
  )

  it.live("is refused for administrators", () =>
    inFolder(Effect.fnUntraced(function*(folder) {
      const admins = { users: 0, administrators: 30 }
      assert.strictEqual((yield* day(folder, admins, ["admins"])).code, 0)
      const refused = yield* day(folder, { ...admins, scenario: [absent("email")] }, ["admins"])
      assert.strictEqual(refused.code, 4)
      assert.match(refused.stderr, /30 of 30 admins had email in the run before, and 0 of 30 have now\./)
    })), 60_000)
})

/** Gives every phone of a hundred users another id: there are as many rows, but all are new to the ledger. */
const renumber = ({ tenant }: Emulator) => {
  for (let at = 0; at < 100; at++) {
    const user = tenant.user(at)
    const phones = Array.isArray(user["phones"]) ? user["phones"] : []
    const others = phones.map((phone, n) => ({ ...Object(phone), phone_id: `DPNEW${at}X${n}` }))
    tenant.edit({ edit: "replace", at, user: { ...user, phones: others } })
  }
}

describe("a day on which all rows of a table have other keys", () => {
  it.live("is refused by the ledger, which would end all versions", () =>
    inFolder(Effect.fnUntraced(function*(folder) {
      const duo = yield* serve({ people: "hostile", users: 300 })
      const run = () => command(folder, ["extract"], settings(duo))
      assert.strictEqual((yield* run()).code, 0)
      renumber(duo)
      const before = contents(folder)
      const refused = yield* run()
      assert.strictEqual(refused.code, 4, refused.stderr)
      assert.match(refused.stderr, /\d+ of \d+ mfa_methods are gone since the run before, more than 10 %/)
      assert.deepStrictEqual(contents(folder), before)
    })), 60_000)
})

describe("a user who is enrolled and has no authenticator", () => {
  it.live(
    "is counted and reported, and so is a user who has one and is not enrolled",
    () =>
      inFolder(Effect.fnUntraced(function*(folder) {
        const lists = [
          "phones",
          "tokens",
          "webauthncredentials",
          "u2ftokens",
          "desktoptokens",
          "desktop_authenticators"
        ]
        const first = yield* day(folder, { scenario: lists.map((name) => absent(name)) }, [
          "--sink",
          "parquet",
          "--json"
        ])
        assert.strictEqual(first.code, 0, first.stderr)
        const { contradictions, warnings } = JSON.parse(first.stdout)
        const [enrolled] = yield* query(
          `SELECT count(*) AS n FROM '${folder}/data/parquet/current/users.parquet' WHERE is_enrolled`
        )
        assert.isAbove(contradictions, 100)
        assert.strictEqual(contradictions, enrolled?.["n"])
        assert.include(warnings.join(), `for a user without any authenticator (${contradictions} times)`)
        assert.include(first.stderr, "for a user without any authenticator")
        const none: Rule = { do: { fault: "field", name: "is_enrolled", json: "false", user: "every" } }
        const second = yield* day(folder, { scenario: [none] }, ["--dry-run", "--json"])
        assert.match(
          JSON.parse(second.stdout).warnings.join(),
          /is_enrolled is false for a user whose authenticator works \(\d+ times\)/
        )
      })),
    60_000
  )
})
