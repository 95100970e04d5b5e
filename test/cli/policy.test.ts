/** A user's own policies, and the output of `duo-mfa policy` for the tenant that test/known/scene.ts tells. */
import * as NodeServices from "@effect/platform-node/NodeServices"
import { afterAll, assert, beforeAll, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { known } from "../known/ledger.ts"
import { command } from "../support/processes/command.ts"
import { inFolder } from "../support/processes/program.ts"
import { judged, policy, shipped } from "../support/verdicts.ts"
import { type Element, parse } from "../support/xml.ts"

let folder = ""

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "duo-mfa-policy-"))
  await Effect.runPromise(known(`${folder}/data`, { port: 27_059 }).pipe(Effect.provide(NodeServices.layer)))
}, 60_000)

afterAll(() => rmSync(folder, { recursive: true }))

/** The known tenant, and policies of one's own. */
const withPolicies = <A, E>(files: Readonly<Record<string, string>>, test: (folder: string) => Effect.Effect<A, E>) =>
  inFolder((own) => {
    cpSync(folder, own, { recursive: true })
    mkdirSync(`${own}/data/policies`)
    for (const [name, sql] of Object.entries(files)) writeFileSync(`${own}/data/policies/${name}`, sql)
    return test(own)
  })

const canTell: Readonly<Record<string, readonly [sql: string, verdict: string, found: number]>> = {
  as_many: [`-- They are at most twelve.\n-- At most 12\nFROM users`, "kept", 12],
  "one-too-many": [`-- They are at most eleven.\n-- At most 11\nFROM users;\n-- so be it\n`, "broken", 12],
  "no rows": ["-- Windows has written it.\r\n-- at most 0.\r\n\r\nFROM users WHERE false;\r\n", "kept", 0],
  ordered: [
    "\uFEFF-- In order.\n-- At most 0\n-- More.\nWITH a AS (FROM users) FROM a ORDER BY 1 LIMIT 2",
    "broken",
    2
  ],
  "a.dot": ["-- A file is not passed over for its name.\n-- At most 0\nSELECT 1", "broken", 1]
}

const cannotBeTold: Readonly<Record<string, readonly [sql: string, why: RegExp]>> = {
  "no-number": [`-- They are few.\nFROM users`, /-- At most 0$/],
  "no-sentence": [`-- At most 3\n-- At most 3x\nFROM users`, /-- At most 0$/],
  severity: [
    "-- All is well.\n-- At most 0\n-- Severity: very high\nFROM users",
    /^its severity must be one of critical/
  ],
  control: [
    "-- All is well.\n-- At most 0\n-- Controls: cis 6.33\n-- Severity: low\nFROM users",
    /^Unknown control "cis 6\.33"/
  ],
  fraction: [`-- They are few.\n-- At most 1.5\nFROM users`, /-- At most 0$/],
  nothing: ["-- It asks nothing.\n-- At most 0\n", /^There is no statement in it/],
  two: ["-- It asks twice.\n-- At most 0\nSELECT 1 WHERE false; SELECT 1", /is one SELECT.* 2 statements/],
  set: ["-- It asks nothing.\n-- At most 0\nSET threads = 1", /is one SELECT, and this is SET/],
  column: ["-- It asks for what there is not.\n-- At most 0\nSELECT nope FROM users", /^Binder Error: .*nope/],
  table: ["-- It asks for what there is not.\n-- At most 0\nFROM nobodies", /^Catalog Error: .*nobodies/],
  quotes: [
    "-- It fails over somebody's name.\n-- At most 0\nFROM users WHERE username::INTEGER = 1",
    /^DuckDB ends it with Conversion Error$/
  ]
}

const people = /\b(ann|bob|bobby|cid|dot|eve|fay|gus|hal|ivy|jon|kim|lea)\b|example|\+1555/i

describe("a policy of one's own", () => {
  it.live("is kept if its rows are at most as many as it says", () =>
    withPolicies(
      Object.fromEntries(Object.entries(canTell).map(([name, [sql]]) => [`${name}.sql`, sql])),
      Effect.fnUntraced(function*(own) {
        const { policies } = yield* judged(own, ...Object.keys(canTell))
        assert.deepStrictEqual(
          policies.map(({ found, policy, verdict }) => [policy, verdict, found]).toSorted(),
          Object.entries(canTell).map(([name, [_, verdict, found]]) => [name, verdict, found]).toSorted()
        )
        assert.strictEqual((yield* judged(own)).policies.length, shipped.length + Object.keys(canTell).length)
      })
    ))

  it.live("that cannot be told says why, quotes nobody, and is not kept", () =>
    withPolicies(
      Object.fromEntries(Object.entries(cannotBeTold).map(([name, [sql]]) => [`${name}.sql`, sql])),
      Effect.fnUntraced(function*(own) {
        const { exit, policies, stderr, stdout } = yield* judged(own, ...Object.keys(cannotBeTold))
        assert.strictEqual(exit, 5)
        for (const { found, policy, verdict, why } of policies) {
          assert.deepStrictEqual([verdict, found], ["cannot be told", null], policy)
          assert.match(why ?? "", cannotBeTold[policy]?.[1] ?? /^$/, policy)
        }
        assert.strictEqual(policies.length, Object.keys(cannotBeTold).length)
        assert.notMatch(stdout + stderr, people)
      })
    ))

  it.live("may be the one of docs/watch.md, which knows how old the last run is", () => {
    const [, example = ""] =
      /```\n([^`]+)```/.exec(readFileSync(`${import.meta.dirname}/../../docs/watch.md`, "utf8")) ??
        []
    const on = (day: number) => example.replace("now()", `'2026-11-${day} 09:00:00Z'::TIMESTAMPTZ`)
    return withPolicies({ "fresh.sql": on(10), "stale.sql": on(11) }, (own) =>
      Effect.gen(function*() {
        const { policies } = yield* judged(own, "fresh", "stale")
        assert.deepStrictEqual(policies.map(({ found, verdict }) => [verdict, found]), [["kept", 0], ["broken", 1]])
      }))
  })

  it.live("stands for one of ours of the same name", () =>
    withPolicies({
      "everyone-has-mfa.sql": `-- Two may be without.\n-- At most 2\nFROM users WHERE strongest = 'none'`
    }, (
      own
    ) =>
      Effect.gen(function*() {
        const { exit, policies } = yield* judged(own, "everyone-has-mfa")
        assert.deepStrictEqual([exit, policies[0]?.found], [0, 2])
      })))

  it.live("that cannot be read is not passed over", () =>
    withPolicies({ "secret.sql": "" }, (own) =>
      Effect.gen(function*() {
        rmSync(`${own}/data/policies/secret.sql`)
        mkdirSync(`${own}/data/policies/secret.sql`)
        const { code, stderr } = yield* policy(own)
        assert.strictEqual(code, 78)
        assert.match(stderr, /policies\/secret\.sql cannot be read/)
        rmSync(`${own}/data/policies`, { recursive: true })
        writeFileSync(`${own}/data/policies`, "")
        assert.strictEqual((yield* policy(own)).code, 78)
      })))
})

const all = (element: Element, name: string): ReadonlyArray<Element> => [
  ...element.name === name ? [element] : [],
  ...element.children.flatMap((child) => all(child, name))
]

describe("policy", () => {
  it.live("as JUnit is XML, whatever a policy says: failures are broken, errors cannot be told", () =>
    withPolicies({
      "odd.sql": "-- <&\"'> ]]> \u0007 \uFFFE \u{1F600} &amp;\n-- At most 0\nSELECT \"<&>\" FROM users",
      "un told.sql": "-- 1\n-- 2\n"
    }, (own) =>
      Effect.gen(function*() {
        const { code, stdout } = yield* policy(own, "--format", "junit")
        assert.strictEqual(code, 5)
        const document = parse(stdout)
        const [suite] = all(document, "testsuite")
        assert.deepInclude(suite?.attributes, { tests: String(shipped.length + 2), failures: "5", errors: "2" })
        const cases = all(document, "testcase")
        assert.strictEqual(all(document, "failure").length, 5)
        const odd = cases.find(({ attributes }) => attributes["classname"] === "policies.odd")
        assert.strictEqual(odd?.attributes["name"], "<&\"'> ]]> \u00b7 \u00b7 \u{1F600} &amp;")
        assert.include(odd?.children[0]?.attributes["message"], "<&>")
        assert.strictEqual(odd?.children[0]?.name, "error")
      })))

  it.live("prints counts and nobody's name, in every format and wherever it is", () =>
    Effect.gen(function*() {
      for (const format of ["table", "markdown", "json", "junit"]) {
        const { code, stderr, stdout } = yield* policy(folder, "--format", format)
        assert.strictEqual(code, 5, stderr)
        assert.notMatch(stdout + stderr, people)
        assert.match(stdout, /2026-11-08T09:00:00Z/)
        assert.match(stdout, /broken/)
      }
      const { stderr, stdout } = yield* policy(folder)
      assert.match(stdout, /^verdict +severity +policy +found +at most +sentence\n[- ]+\n/)
      assert.match(stdout, /\nbroken +high +privileged-are-phishing-resistant +1 +0 +Every /)
      assert.match(stdout, /\nbroken +critical +everyone-has-mfa +2 +0 +No active user is without MFA/)
      assert.match(stdout, /\nCIS Controls v8\.1, as far as Duo can tell: 0 of 4 controls kept, 3 broken, 1 left out\n/)
      assert.strictEqual(
        stderr,
        "duo-mfa: Broken: bypass-codes-expire, coverage-holds, dormant-users-are-disabled, everyone-has-mfa, " +
          "privileged-are-phishing-resistant. See the rows: duo-mfa sql @policies/bypass-codes-expire\n"
      )
    }))

  it.live("prints the controls of a framework with the verdicts of the policies that answer them, and only these", () =>
    Effect.gen(function*() {
      const pci = yield* policy(folder, "--framework", "pci")
      assert.strictEqual(pci.code, 5, pci.stderr)
      assert.match(pci.stdout, /^verdict +control +in its words +policies\n[- ]+\nleft out +8\.4\.1 +MFA for all /)
      assert.match(pci.stdout, /\nbroken +8\.4\.2 +.*everyone-has-mfa/)
      assert.match(
        pci.stdout,
        /\nPCI DSS v4\.0\.1, as far as Duo can tell: 0 of 4 controls kept, 3 broken, 1 left out\n/
      )
      assert.notInclude(pci.stdout, "dormant-users-are-disabled")
      const cis = yield* judged(folder, "--framework", "cis")
      assert.deepStrictEqual(Object.keys(cis.broken), ["dormant-users-are-disabled", "everyone-has-mfa"])
      const { frameworks } = JSON.parse(cis.stdout)
      assert.deepStrictEqual(
        frameworks.map(({ controls, name }: Record<string, ReadonlyArray<Record<string, string>>>) => [
          name,
          controls?.map(({ id, verdict }) => [id, verdict])
        ]),
        [["cis", [["5.3", "broken"], ["6.3", "broken"], ["6.4", "broken"], ["6.5", "left out"]]]]
      )
      assert.strictEqual((yield* policy(folder, "--framework", "iso")).code, 64)
      assert.strictEqual((yield* policy(folder, "coverage-holds", "--framework", "cis")).code, 64)
      assert.notMatch((yield* policy(folder, "everyone-has-mfa")).stdout, /controls kept/)
    }))

  it.live("says the same over the Parquet files", () =>
    Effect.gen(function*() {
      assert.deepStrictEqual((yield* judged(folder, "--parquet")).stdout, (yield* judged(folder)).stdout)
    }))

  it.live("tells whose violations they are by the name that it prints", () =>
    Effect.gen(function*() {
      const asked = yield* command(folder, ["sql", "@policies/everyone-has-mfa"], { DUO_MFA_DATA: "data" })
      assert.deepStrictEqual(asked.stdout.trimEnd().split("\r\n").slice(1).map((line) => line.split(",")[2]), [
        "cid",
        "lea"
      ])
    }))

  it.live("has no verdict without a run, of a name that is none, or of a format that is none", () =>
    Effect.gen(function*() {
      const nowhere = yield* command(folder, ["policy"], { DUO_MFA_DATA: "nowhere" })
      assert.deepStrictEqual([nowhere.code, nowhere.stdout], [78, ""])
      const unknown = yield* policy(folder, "everyone-has-mfa", "nope")
      assert.deepStrictEqual([unknown.code, unknown.stdout], [64, ""])
      assert.match(unknown.stderr, /Unknown policy "nope".*everyone-has-mfa/)
      assert.strictEqual((yield* policy(folder, "--format", "xml")).code, 64)
    }))
})
