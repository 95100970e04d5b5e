/** A value that a run could not learn never counts as no: in a row, an event, a count, a verdict or the report. */
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { mkdirSync, readFileSync, writeFileSync } from "node:fs"
import type { Scenario } from "../../src/emulator/faults/Scenario.ts"
import * as Tenant from "../../src/emulator/people/Tenant.ts"
import type { Options } from "../../src/emulator/server/Emulator.ts"
import { runAt } from "../known/ledger.ts"
import { authenticatorsOf, type JsonObject } from "../known/people.ts"
import { command } from "../support/processes/command.ts"
import { query } from "../support/processes/program.ts"
import { judged } from "../support/verdicts.ts"
import { everySink, inFolder } from "../torture/support/InProcess.ts"

const at = (day: number) => Date.UTC(2026, 10, day, 12) / 1000
const { key, person } = authenticatorsOf(at)

const users = [
  person("ann", { webauthncredentials: [key("ANN", 1)] }),
  person("bob", { webauthncredentials: [key("BOB", 1)] }),
  person("dot", { webauthncredentials: [key("DOT", 1)], status: "bypass" })
]

const code: JsonObject = {
  bypass_code_id: "DBBOB",
  admin_email: null,
  created: at(1),
  expiration: null,
  reuse_count: null,
  user: { user_id: "DUBOB", username: "bob" }
}

const port = 27_071
const refused: Options = { permissions: ["users"] }
const doubtful: Scenario = [{ when: { path: "/admin/v1/bypass_codes" }, do: { fault: "total_objects", add: 1 } }]

/** A run at noon of a day; without codes if none are given. */
const run = (folder: string, day: number, codes: ReadonlyArray<JsonObject>, options: Options = {}) =>
  runAt(
    `${folder}/data`,
    at(day) * 1000,
    { port, tenant: Tenant.fromUsers(users, codes), ...options },
    everySink(`${folder}/data`).filter(({ sink }) => sink === "duckdb" || sink === "parquet")
  )

const sql = (folder: string, ...args: ReadonlyArray<string>) =>
  command(folder, ["sql", ...args, "--format", "json"], { DUO_MFA_DATA: "data" })

const rows = (folder: string, ...args: ReadonlyArray<string>) =>
  Effect.map(sql(folder, ...args), ({ code, stderr, stdout }) => {
    assert.strictEqual(code, 0, stderr)
    return JSON.parse(stdout) as ReadonlyArray<Record<string, unknown>>
  })

const eventsOf = (folder: string) =>
  rows(
    folder,
    `SELECT username, happened_after::DATE::VARCHAR AS after, happened_by::DATE::VARCHAR AS by, attribute, before_text
     FROM mfa_events WHERE event = 'user_changed' ORDER BY ALL`
  )

const policies = {
  bypass: "SELECT tenant FROM users WHERE is_bypass",
  "not-bypass": "SELECT tenant FROM users WHERE is_bypass IS NOT TRUE AND username = 'bob'",
  view: "SELECT tenant FROM users_at_risk WHERE username = 'bob' AND contains(reason, 'bypass')",
  macro: "SELECT tenant FROM users_asof('2026-11-09'::TIMESTAMPTZ) WHERE is_bypass AND username <> 'dot'",
  count: "SELECT tenant FROM coverage_daily WHERE bypass > 1",
  events: "SELECT tenant FROM mfa_events WHERE attribute = 'is_bypass'",
  codes: "SELECT tenant FROM bypass_codes_history",
  comment: "/* bypass_codes */ SELECT tenant FROM users WHERE strongest = 'none' -- is_bypass",
  methods: "SELECT tenant FROM mfa_methods WHERE strength = 'none'",
  other: "SELECT tenant FROM coverage_daily WHERE mfa_enabled < 2"
}

const writePolicies = (folder: string) => {
  mkdirSync(`${folder}/data/policies`, { recursive: true })
  for (const [name, sql] of Object.entries(policies)) {
    writeFileSync(`${folder}/data/policies/${name}.sql`, `-- What ${name} says is so.\n-- At most 0\n${sql};\n`)
  }
}

const verdictsOf = (folder: string, ...args: ReadonlyArray<string>) =>
  Effect.map(
    judged(folder, ...args, ...Object.keys(policies)),
    ({ policies }) => Object.fromEntries(policies.map(({ policy, verdict }) => [policy, verdict]))
  )

describe("bypass codes that could not be read", () => {
  it.live("make is_bypass NULL instead of false, and make no event", () =>
    inFolder(Effect.fnUntraced(function*(folder) {
      yield* run(folder, 2, [code])
      yield* run(folder, 3, [], refused)
      assert.deepStrictEqual(
        yield* rows(folder, "SELECT username, is_bypass, bypass_reason FROM users ORDER BY username"),
        [
          { username: "ann", is_bypass: null, bypass_reason: null },
          { username: "bob", is_bypass: null, bypass_reason: null },
          { username: "dot", is_bypass: true, bypass_reason: "status" }
        ]
      )
      assert.deepStrictEqual(yield* eventsOf(folder), [])
      yield* run(folder, 4, [], { scenario: doubtful })
      assert.deepStrictEqual(yield* eventsOf(folder), [])
      assert.deepStrictEqual(
        yield* rows(folder, "SELECT is_bypass FROM users WHERE username = 'bob'"),
        [{ is_bypass: null }]
      )
      yield* run(folder, 5, [])
      const event = { username: "bob", after: "2026-11-02", by: "2026-11-05" }
      assert.deepStrictEqual(yield* eventsOf(folder), [
        { ...event, attribute: "bypass_reason", before_text: "code" },
        { ...event, attribute: "is_bypass", before_text: "true" }
      ])
      const counts = yield* rows(folder, "SELECT bypass, bypass_at_least FROM coverage_daily ORDER BY day")
      assert.deepStrictEqual(
        counts.map((row) => Object.values(row).map((count) => count === null ? null : Number(count))),
        [
          [2, 2],
          [null, 1],
          [null, 1],
          [1, 1]
        ]
      )
    })))

  it.live("make no change when they are read for the first time", () =>
    inFolder(Effect.fnUntraced(function*(folder) {
      yield* run(folder, 2, [code], refused)
      yield* run(folder, 3, [code])
      yield* run(folder, 4, [code], refused)
      yield* run(folder, 5, [code])
      assert.deepStrictEqual(yield* eventsOf(folder), [])
      assert.deepStrictEqual(
        yield* rows(
          folder,
          "SELECT username, since::DATE::VARCHAR AS since, may_be_older FROM bypasses ORDER BY username"
        ),
        [
          { username: "bob", since: "2026-11-03", may_be_older: true },
          { username: "dot", since: "2026-11-02", may_be_older: true }
        ]
      )
    })))

  it.live("leave a policy that needs them without a verdict, through every view, and no other policy", () =>
    inFolder(Effect.fnUntraced(function*(folder) {
      yield* run(folder, 2, [code])
      writePolicies(folder)
      const expected = { comment: "kept", methods: "kept", other: "kept" }
      const broken = { bypass: "broken", view: "broken", macro: "broken", count: "broken", codes: "broken" }
      const before = yield* verdictsOf(folder)
      assert.deepStrictEqual(before, { ...expected, ...broken, "not-bypass": "kept", events: "kept" })
      yield* run(folder, 3, [], refused)
      const untold = Object.fromEntries(Object.keys(policies).map((name) => [name, "cannot be told"]))
      // dot certainly bypasses MFA, and so do two users on the day before
      const after = { ...untold, ...expected, bypass: "broken", count: "broken" }
      assert.deepStrictEqual(yield* verdictsOf(folder), after)
      assert.deepStrictEqual(yield* verdictsOf(folder, "--parquet"), after)
      const { policies: [view] } = yield* judged(folder, "view")
      assert.strictEqual(
        view?.why,
        `bypass_codes was not collected by the last run of 127.0.0.1:${port}, whose key may not read it, and users.is_bypass depends on it`
      )
    })))

  it.live("do not look like an improvement in the report, which says what is not known", () =>
    inFolder(Effect.fnUntraced(function*(folder) {
      yield* run(folder, 2, [code])
      yield* run(folder, 3, [], refused)
      const { code: exit, stderr } = yield* command(folder, ["report", "--output", "page.html"], {
        DUO_MFA_DATA: "data"
      })
      assert.strictEqual(exit, 0, stderr)
      const page = readFileSync(`${folder}/page.html`, "utf8")
      const text = page.replaceAll(/<style>[^]*?<\/style>|<[^>]*>/g, " ").replaceAll(/\s+/g, " ")
      assert.notInclude(text, ", better")
      assert.notInclude(text, "no longer bypasses MFA")
      assert.include(text, "≥ 1 bypass MFA")
      assert.include(text, "change not known since 2 Nov 2026")
      assert.include(text, "For 2 users it is not known whether they bypass MFA")
      assert.include(text, "This list is from the run of 2 Nov 2026")
    })))

  it.live("that no run ever read are not reported as none", () =>
    inFolder(Effect.fnUntraced(function*(folder) {
      yield* run(folder, 2, [], refused)
      yield* command(folder, ["report", "--output", "page.html"], { DUO_MFA_DATA: "data" })
      assert.include(readFileSync(`${folder}/page.html`, "utf8"), "It is not known whether there are codes that work.")
      const unknown = yield* rows(folder, "@bypass")
      assert.deepInclude(unknown.at(-1), { bypass_reason: "not known of 2 users" })
      for (const asked of ["@bypass-codes", "FROM bypass_codes", "SELECT count(*) FROM bypass_codes_asof(now())"]) {
        const { stderr } = yield* sql(folder, asked)
        assert.include(stderr, "bypass_codes was not collected by the last run of 127.0.0.1", asked)
      }
      assert.strictEqual((yield* sql(folder, "FROM mfa_methods")).stderr, "")
    })))
})

it.live("the Parquet files have the same rows as the ledger", () =>
  inFolder(Effect.fnUntraced(function*(folder) {
    yield* run(folder, 2, [code], refused)
    const file = `'${folder}/data/parquet/users/run_date=2026-11-02/*.parquet'`
    assert.deepStrictEqual(
      yield* query(`SELECT username, is_bypass FROM read_parquet(${file}) ORDER BY username`),
      [
        { username: "ann", is_bypass: null },
        { username: "bob", is_bypass: null },
        { username: "dot", is_bypass: true }
      ]
    )
  })))
