/** The authentication log over a socket into files. */
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { globSync, readFileSync } from "node:fs"
import * as LoginLog from "../../../src/emulator/log/LoginLog.ts"
import { oddities } from "../../../src/emulator/log/Oddities.ts"
import * as Tenant from "../../../src/emulator/people/Tenant.ts"
import { type Options, serve } from "../../../src/emulator/server/Emulator.ts"
import { command } from "../../support/processes/command.ts"
import { contents, inFolder, query, settings } from "../../support/processes/program.ts"

const day = 86_400_000
const today = Math.floor(Date.now() / day)
const dateOf = (day_: number) => new Date(day_ * day).toISOString().slice(0, 10)
const [yesterday, now] = [dateOf(today - 1), dateOf(today)]

const duoWith = (perDay: (on: number) => number, options: Partial<Options> = {}) =>
  serve({
    users: 0,
    log: LoginLog.make({
      people: "hostile",
      seed: 3,
      users: LoginLog.usersOf(Tenant.make({ people: "hostile", users: 30 })),
      perDay,
      latePercent: 0
    }),
    ...options
  })

const range = ["--from", yesterday, "--to", now]

describe("extract auth", () => {
  it.live("without the permission ends with 77 and names it, and leaves no files", () =>
    inFolder(Effect.fnUntraced(function*(folder) {
      const duo = yield* duoWith(() => 10, { permissions: ["users", "bypass_codes", "admins"] })
      for (const name of ["extract", "check"]) {
        const { code, stderr } = yield* command(folder, [name, "auth"], settings(duo))
        assert.strictEqual(code, 77, stderr)
        assert.match(stderr, /Duo refused \/admin\/v2\/logs\/authentication: 40301.*tick "Grant read log"/)
      }
      assert.deepStrictEqual(globSync("data/parquet/**/*.*", { cwd: folder }), [])
      const may = yield* duoWith(() => 0)
      const { stdout } = yield* command(folder, ["check", "auth"], settings(may))
      assert.match(stdout, /^ok {2}logins {11}may be read; there are 0 of the last hour\.$/m)
    })))

  it.live(
    "writes every entry once into every sink, whatever its oddity, and verify agrees",
    () =>
      inFolder(Effect.fnUntraced(function*(folder) {
        const count = 37 * oddities.length + 200
        const duo = yield* duoWith((on) => on === today - 1 ? count : 0)
        const sinks = ["duckdb", "parquet", "ndjson", "csv"].flatMap((sink) => ["--sink", sink])
        const { code, stderr, stdout } = yield* command(
          folder,
          ["extract", "auth", "--json", ...range, ...sinks],
          settings(duo)
        )
        assert.strictEqual(code, 0, stderr)
        const summary = JSON.parse(stdout)
        assert.deepInclude(summary, { complete: true, proof: "counted", late: 0, repeated: 0 })
        assert.strictEqual(summary.authentications, summary.total_objects)
        assert.strictEqual(duo.requests.length, Math.ceil(summary.total_objects / 1000))
        const files = `'${folder}/data/parquet/authentications/event_date=${yesterday}/*.parquet'`
        const rows = yield* query(`FROM ${files}`)
        assert.lengthOf(rows, summary.total_objects)
        const of = (column: string) => [...new Set(rows.map((row) => row[column]))]
        // each of these comes from a recorded oddity
        assert.includeMembers(of("event_type"), ["authentication", "enrollment"])
        assert.includeMembers(of("result"), ["success", "denied", "failure"])
        assert.includeMembers(of("reason"), ["user_mistake", "remembered_device", null])
        assert.includeMembers(of("factor"), [null, "Duo Push", "carrier_pigeon"])
        assert.includeMembers(of("remembered_factor"), ["duo_push"])
        assert.notInclude(of("email"), "unknown")
        assert.notInclude(of("alias"), "unknown")
        assert.include(of("method_id"), "WAODDODDODDODDODDODD")
        assert.include(of("application_destination"), "vpn.example.com")
        assert.includeMembers(of("access_device_ip"), [
          "2001:db8::7#1234",
          "2001:db8::7 port 1234",
          "[2001:db8::7]:1234"
        ])
        assert.include(of("security_agents"), "Cisco AMP 1.2")
        assert.include(of("access_device_hostname"), "laptop-7")
        assert.sameMembers(of("is_encrypted"), [true, false, null])
        assert.includeMembers(of("trust_level"), ["LOW", null])
        assert.includeMembers(of("attacks"), ["PUSH_SPRAY", null])
        assert.includeMembers(of("has_passport"), [false, null])
        assert.include(of("out_of_date_software"), "Chrome 90")
        assert.include(of("user_id"), null)
        assert.sameMembers(of("strength"), ["phishing_resistant", "push", "otp", "telephony", "none", null])
        const strengths = yield* query(
          `SELECT DISTINCT factor, strength FROM ${files} WHERE strength = 'push' ORDER BY ALL`
        )
        assert.deepStrictEqual(strengths.map(({ factor }) => factor), ["Duo Push", "duo_push", "verified_duo_push"])
        assert.match(stderr, /unknown factor: carrier_pigeon, kept as it is/)
        assert.notMatch(stderr, /unknown field/)
        const verified = yield* command(folder, ["verify"])
        assert.strictEqual(verified.code, 0, verified.stderr)
        assert.strictEqual(verified.stdout.match(/ same$/gm)?.length, 7)
        const asked = yield* command(folder, [
          "sql",
          "SELECT sum(uses) AS n FROM factor_use_daily UNION ALL SELECT count(*) FROM authentications WHERE event_type = 'authentication'"
        ])
        const [first, second] = asked.stdout.trimEnd().split("\r\n").slice(1)
        assert.strictEqual(first, second, asked.stderr)
      })),
    120_000
  )

  it.live(
    "reads nothing twice, needs a sink that knows its events, and refuses many tenants and a range of users",
    () =>
      inFolder(Effect.fnUntraced(function*(folder) {
        const duo = yield* duoWith((on) => on === today - 1 ? 50 : 0)
        const run = (...args: ReadonlyArray<string>) =>
          command(folder, ["extract", "auth", "--json", ...args], settings(duo))
        assert.strictEqual(JSON.parse((yield* run(...range)).stdout).authentications, 50)
        const again = JSON.parse((yield* run(...range)).stdout)
        assert.deepInclude(again, { authentications: 0, requests: 1, complete: true })
        const refused = yield* run("--sink", "ndjson")
        assert.deepStrictEqual([refused.code, /Add --sink parquet/.test(refused.stderr)], [64, true], refused.stderr)
        const users = yield* command(folder, ["extract", "--from", yesterday], settings(duo))
        assert.deepStrictEqual(
          [users.code, /--from and --to are for logs/.test(users.stderr)],
          [64, true],
          users.stderr
        )
      })),
    120_000
  )

  it.live(
    "hides persons with --pii, and replays a record that names nobody",
    () =>
      inFolder(Effect.fnUntraced(function*(folder) {
        const duo = yield* duoWith((on) => on === today - 1 ? 60 : 0)
        const name = String(Tenant.make({ people: "hostile", users: 30 }).user(3)["username"])
        const dropped = yield* command(folder, ["extract", "auth", ...range, "--pii", "drop"], settings(duo))
        assert.strictEqual(dropped.code, 0, dropped.stderr)
        const [found] = yield* query(
          `SELECT count(username) + count(auth_device_name) + count(access_device_ip) AS named, count(user_id) AS ids
        FROM '${folder}/data/parquet/authentications/*/*.parquet'`
        )
        assert.deepStrictEqual([found?.["named"], Number(found?.["ids"]) > 50], [0, true])
        const recorded = yield* command(
          folder,
          ["extract", "auth", ...range, "--page-size", "20", "--record", "record", "--pseudonymise"],
          { ...settings(duo), DUO_MFA_DATA: "other" }
        )
        assert.strictEqual(recorded.code, 0, recorded.stderr)
        const kept = Object.keys(contents(`${folder}/record`)).map((file) =>
          readFileSync(`${folder}/record/${file}`, "utf8")
        )
        assert.notInclude(kept.join("\n"), name)
        const replayed = yield* command(folder, ["extract", "auth", "--json", "--replay", "record"], {
          DUO_MFA_DATA: "again"
        })
        assert.strictEqual(replayed.code, 0, replayed.stderr)
        assert.deepInclude(JSON.parse(replayed.stdout), { authentications: 60, complete: true, requests: 3 })
      })),
    120_000
  )

  it.live(
    "old days can be removed; what remains is verified, and a rebuild keeps the daily numbers",
    () =>
      inFolder(Effect.fnUntraced(function*(folder) {
        const old = today - 100
        const duo = yield* duoWith((on) => on === old || on === old + 1 ? 40 : 0)
        for (const on of [old, old + 1]) {
          const { code, stderr } = yield* command(
            folder,
            ["extract", "auth", "--from", dateOf(on), "--to", dateOf(on + 1)],
            settings(duo)
          )
          assert.strictEqual(code, 0, stderr)
        }
        const soon = yield* command(folder, ["prune", "--older-than", "2d"])
        assert.strictEqual(soon.code, 64)
        const files = () => globSync("data/parquet/authentications/*", { cwd: folder }).length
        const dry = yield* command(folder, ["prune", "--older-than", "99d", "--dry-run"])
        assert.deepStrictEqual(
          [/parquet .*: 1 days, \d+\.\d kB would be removed\n/.test(dry.stdout), files()],
          [true, 2],
          dry.stderr
        )
        const pruned = yield* command(folder, ["prune", "--older-than", "99d"])
        assert.deepStrictEqual(
          [pruned.code, /parquet .*: 1 days, \d+\.\d kB removed\n/.test(pruned.stdout)],
          [0, true],
          pruned.stderr
        )
        assert.deepStrictEqual(
          globSync("data/parquet/authentications/*", { cwd: folder }).map((path) => path.slice(-10)),
          [
            dateOf(old + 1)
          ]
        )
        const verified = yield* command(folder, ["verify", "--all"])
        assert.strictEqual(verified.code, 0, verified.stdout)
        assert.include(verified.stdout, "no longer kept")
        const rebuilt = yield* command(folder, ["rebuild"])
        assert.strictEqual(rebuilt.code, 0, rebuilt.stderr)
        const asked = yield* command(folder, ["sql", "SELECT sum(uses) AS n FROM factor_uses"])
        assert.strictEqual(asked.stdout.trimEnd().split("\r\n").at(-1), "80")
      })),
    120_000
  )
})
