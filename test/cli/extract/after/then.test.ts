/** `extract --then`: the policies and the report of the run that was just published, with one exit code for all. */
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { existsSync, mkdirSync, realpathSync, rmSync, writeFileSync } from "node:fs"
import { serve } from "../../../../src/emulator/server/Emulator.ts"
import { assertHarmless } from "../../../support/harmless.ts"
import { command } from "../../../support/processes/command.ts"
import { inFolder, settings, start } from "../../../support/processes/program.ts"
import { hook } from "../../../support/servers/webhook.ts"
import { policy, shipped } from "../../../support/verdicts.ts"
import { extract, loopback, some, write } from "../listed.ts"

const users = 60

/** The only sink that is needed here. */
const ledger = ["--sink", "duckdb"]

const kept = "-- It is kept.\n-- At most 0\nSELECT 1 WHERE false"
const broken = "-- It is broken.\n-- At most 0\nFROM users"

/** Puts policies in the data directory: one of ours that is not given is kept. */
const decide = (folder: string, policies: Readonly<Record<string, string>> = {}) => {
  mkdirSync(`${folder}/data/policies`, { recursive: true, mode: 0o700 })
  const all = { ...Object.fromEntries(shipped.map((name) => [name, kept])), ...policies }
  for (const [name, sql] of Object.entries(all)) writeFileSync(`${folder}/data/policies/${name}.sql`, sql)
}

const pageOf = (folder: string) => `${realpathSync(folder)}/data/report.html`

describe("extract --then", () => {
  it.live("prints the summary, the verdicts and where the report is, in the order of the flag", () =>
    inFolder(Effect.fnUntraced(function*(folder) {
      const duo = yield* serve({ users })
      decide(folder)
      const first = yield* command(folder, ["extract", ...ledger, "--then", "policy,report"], settings(duo))
      assert.deepStrictEqual([first.code, first.stderr], [0, "60 of 60 users, 1 page\n"])
      const table = (yield* policy(folder)).stdout
      assert.match(first.stdout, /^60 users [^]*\nrun \S+: /)
      assert.isTrue(first.stdout.endsWith(`\n\n${table}\n${pageOf(folder)}\n`), first.stdout)
      assert.isTrue(existsSync(pageOf(folder)))

      const second = yield* command(folder, ["extract", ...ledger, "--then", "report, policy"], settings(duo))
      assert.isTrue(second.stdout.endsWith(`\n\n${pageOf(folder)}\n\n${(yield* policy(folder)).stdout}`), second.stdout)
    })))

  it.live("with --json prints one object, which has what the commands print themselves", () =>
    inFolder(Effect.fnUntraced(function*(folder) {
      const duo = yield* serve({ users })
      decide(folder, { "many": broken })
      const { code, stderr, stdout } = yield* command(folder, [
        "extract",
        ...ledger,
        "--json",
        "--then",
        "policy,report"
      ], {
        ...settings(duo)
      })
      assert.deepStrictEqual([code, stderr.match(/^duo-mfa: .*/gm)?.length], [5, 1], stderr)
      const { exit, policy: verdicts, report, users: seen } = JSON.parse(stdout)
      assert.deepStrictEqual({ exit, report, seen }, {
        exit: 5,
        report: { file: pageOf(folder), exit: 0 },
        seen: users
      })
      assert.deepStrictEqual(verdicts, JSON.parse((yield* policy(folder, "--format", "json")).stdout))
    })))

  it.live("tells the webhook once how all of it ended, and nothing about anybody", () =>
    inFolder(Effect.fnUntraced(function*(folder) {
      const duo = yield* serve({ users })
      const { posts, url } = yield* hook()
      decide(folder, { many: broken })
      mkdirSync(`${folder}/data/report.html`)
      const run = ["extract", ...ledger, "--then", "policy,report", "--notify"]
      assert.strictEqual((yield* command(folder, [...run, url], settings(duo))).code, 5)
      assert.strictEqual((yield* command(folder, [...run, `${url}/slack`], settings(duo))).code, 5)
      assert.lengthOf(posts, 2)
      const { exit, policy: verdicts, report, users: seen } = JSON.parse(posts[0]?.body ?? "")
      assert.deepStrictEqual({ exit, seen }, { exit: 5, seen: users })
      assert.deepStrictEqual(verdicts, {
        policies: [{ policy: "many", verdict: "broken", found: users, at_most: 0 }],
        kept: shipped.length,
        exit: 5
      })
      assert.deepInclude(report, { error: "ReportUnwritable" })
      assert.match(
        JSON.parse(posts[1]?.body ?? "").text,
        /^duo-mfa extract: 60 users .*\n[^]*\npolicies kept: \d+ of \d+\nbroken: many, 60 found, at most 0\nreport failed with/
      )
      for (const { body } of posts) assertHarmless(duo, body)
    })))

  it.live("ends with the failure of the run, else with 5, else with that of the report, and does all of them", () =>
    inFolder(Effect.fnUntraced(function*(folder) {
      const doubtful = yield* serve({ users, scenario: [{ do: { fault: "total_objects", add: 1 } }] })
      const run = (...args: ReadonlyArray<string>) =>
        command(folder, ["extract", ...ledger, ...args, "--then", "report,policy"], settings(doubtful))
      decide(folder, { many: broken })
      mkdirSync(`${folder}/data/report.html`)
      const incomplete = yield* run("--strict")
      assert.strictEqual(incomplete.code, 3)
      assert.match(incomplete.stderr, /^duo-mfa: Broken: many\. /m)
      assert.match(incomplete.stderr, /^duo-mfa: The report cannot be written to /m)
      assert.match(incomplete.stderr, /\nduo-mfa: Published, but not proved complete: .*\n$/)
      assert.strictEqual((yield* run()).code, 5)
      decide(folder, { many: kept })
      const unwritable = yield* run()
      assert.strictEqual(unwritable.code, 73, unwritable.stderr)
      assert.match(unwritable.stdout, /\nkept +many /)
      rmSync(`${folder}/data/report.html`, { recursive: true })
      assert.strictEqual((yield* run()).code, 0)
    })))

  it.live("does nothing after a run that failed, and says so", () =>
    inFolder(Effect.fnUntraced(function*(folder) {
      const duo = yield* serve({ users, permissions: [] })
      const { code, stderr, stdout } = yield* command(folder, ["extract", "--then", "policy,report"], settings(duo))
      assert.deepStrictEqual([code, stdout], [77, ""])
      assert.include(stderr, "warn: The run failed, so policy and report were not done.\n")
      assert.isFalse(existsSync(`${folder}/data/report.html`))
    })))

  it.live("follows a round if at least one tenant is published", () =>
    inFolder(Effect.fnUntraced(function*(folder) {
      const { entries: [_, denied] } = yield* some(folder, { one: {}, denied: { permissions: [] } })
      decide(folder, { many: broken })
      const part = yield* extract(folder, ...ledger, "--then", "policy,report")
      assert.strictEqual(part.code, 6, part.stderr)
      assert.match(part.stdout, /\nbroken +many +20 +0 [^]*\none, mfa, as of .*\n\n\/.*\/data\/report\.html\n$/)
      write(folder, [denied ?? {}])
      const none = yield* extract(folder, ...ledger, "--then", "policy")
      assert.strictEqual(none.code, 6, none.stderr)
      assert.include(none.stderr, "warn: Nothing was published, so policy was not done.\n")
      assert.notInclude(none.stdout, "verdict")
    })), 60_000)

  it.live("is refused before Duo is asked if it makes no sense, and says what does", () =>
    inFolder(Effect.fnUntraced(function*(folder) {
      const duo = yield* serve({ users })
      const cases: ReadonlyArray<readonly [args: ReadonlyArray<string>, message: RegExp]> = [
        [["--then", "policy,reprot"], /--then: "policy,reprot"\. Expected policy, report, or several with commas/],
        [["--then", "policy,policy"], /Expected policy, report/],
        [["--then", ""], /Expected policy, report/],
        [["--then", "policy", "--dry-run"], /--then and --dry-run exclude each other: a dry run publishes nothing/],
        [["--then", "report", "--sink", "csv"], /would not write it: add --sink duckdb/],
        [["--then", "report", "--sink", "duckdb:elsewhere.duckdb"], /would not write it: add --sink duckdb/]
      ]
      for (const [args, message] of cases) {
        const { code, stderr } = yield* command(folder, ["extract", ...args], { ...settings(duo), ...loopback })
        assert.strictEqual(code, 64, stderr)
        assert.match(stderr, message)
      }
      assert.isEmpty(duo.requests)
    })))

  it.live("that is stopped says that the run is published", () =>
    inFolder(Effect.fnUntraced(function*(folder) {
      const duo = yield* serve({ users })
      decide(folder, { endless: "-- It takes for ever.\n-- At most 0\nFROM range(1e18::BIGINT) WHERE range < 0" })
      const { child, ended } = start(folder, ["extract", ...ledger, "--then", "policy,report"], settings(duo))
      yield* Effect.promise(() => new Promise((resolve) => child.stdout.once("data", resolve)))
      child.kill("SIGTERM")
      const { code, stderr } = yield* Effect.promise(() => ended)
      assert.strictEqual(code, 143, stderr)
      assert.match(stderr, /\nduo-mfa: Stopped; the run is published, and policy and report were not done\.\n$/)
    })))
})
