/** Extractions of policies and applications over a socket into files. */
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { globSync, readFileSync } from "node:fs"
import type { JsonObject } from "../../../src/emulator/people/PythonJson.ts"
import * as Tenant from "../../../src/emulator/people/Tenant.ts"
import { type Options, serve } from "../../../src/emulator/server/Emulator.ts"
import { command } from "../../support/processes/command.ts"
import { allSinks, contents, inFolder, settings } from "../../support/processes/program.ts"

const names = ["policies", "integrations"] as const

/** All texts in files of a folder, also in those of DuckDB and Parquet, which have short texts as they are. */
const everything = (folder: string) =>
  globSync("**/*", { cwd: folder, withFileTypes: true }).filter((entry) => entry.isFile())
    .map((entry) => readFileSync(`${entry.parentPath}/${entry.name}`, "latin1")).join("\n")

/** The secrets in the answers of a tenant. */
const secretsOf = ({ protected: { integrations } }: Tenant.Tenant) =>
  integrations.join("").match(/(?<="(?:secret_key|client_secret)": ")[^"]+/g) ?? []

describe("extract policies, and extract integrations", () => {
  it.live("write their tables to every sink; verify and rebuild agree, and history goes on", () =>
    inFolder(Effect.fnUntraced(function*(folder) {
      const duo = yield* serve({ people: "hostile", users: 0 })
      const counted = {
        policies: { rows: { policies: 8 }, telephony: 2, total_objects: 8 },
        integrations: { rows: { integrations: 10, application_policies: 13 }, own_policy: 4, total_objects: 10 }
      }
      for (const name of names) {
        const { code, stderr, stdout } = yield* command(
          folder,
          ["extract", name, "--json", ...allSinks],
          settings(duo)
        )
        assert.strictEqual(code, 0, stderr)
        assert.deepInclude(JSON.parse(stdout), { complete: true, proof: "page", unknown_values: 0, ...counted[name] })
        assert.notMatch(stderr, /warning|unknown/i)
      }
      const verified = yield* command(folder, ["verify"])
      assert.strictEqual(verified.code, 0, verified.stderr)
      assert.strictEqual(verified.stdout.match(/ same$/gm)?.length, 12)
      const question = `SELECT policy_name, weakest_allowed FROM application_policies
        WHERE application_name = 'Corporate VPN' ORDER BY ALL`
      const before = yield* command(folder, ["sql", question])
      assert.match(before.stdout, /Contractors,push\s+Phishing-resistant only,phishing_resistant\s+VPN,push/)
      assert.strictEqual((yield* command(folder, ["rebuild"])).code, 0)
      assert.strictEqual((yield* command(folder, ["sql", question])).stdout, before.stdout)
    })))

  it.live("ask no endpoint of a secret, and keep none that Duo sends, not even in a record", () =>
    inFolder(Effect.fnUntraced(function*(folder) {
      const duo = yield* serve({ people: "hostile", users: 0 })
      const secrets = secretsOf(duo.tenant)
      assert.isAbove(secrets.length, 5)
      for (const [n, name] of names.entries()) {
        const ran = yield* command(
          folder,
          ["extract", name, "--log-level", "all", ...allSinks, "--record", `record${n}`],
          settings(duo)
        )
        assert.strictEqual(ran.code, 0, ran.stderr)
        for (const secret of secrets) assert.notInclude(ran.stderr + ran.stdout, secret)
      }
      const kept = everything(folder)
      assert.deepStrictEqual(secrets.filter((secret) => kept.includes(secret)), [])
      assert.include(kept, "\"secret_key\": \"****")
      assert.include(kept, "\"client_secret\": \"****")
      assert.deepStrictEqual(
        new Set(duo.requests.map(({ path }) => path)),
        new Set(["/admin/v2/policies", "/admin/v3/integrations", "/admin/v2/policies/summary"])
      )
      const replayed = yield* command(
        folder,
        ["extract", "integrations", "--json", "--sink", "csv", "--replay", "record1"],
        { DUO_MFA_DATA: "again" }
      )
      assert.strictEqual(replayed.code, 0, replayed.stderr)
      assert.deepInclude(JSON.parse(replayed.stdout), { rows: { integrations: 10, application_policies: 13 } })
    })))

  it.live("without the permission end with 77 and name it; without that for policies alone go on and say so", () =>
    inFolder(Effect.fnUntraced(function*(folder) {
      const without = (...permissions: NonNullable<Options["permissions"]>) =>
        serve({ people: "hostile", users: 0, permissions })
      const neither = yield* without("users", "bypass_codes", "admins")
      for (const name of names) {
        for (const verb of ["extract", "check"]) {
          const { code, stderr } = yield* command(folder, [verb, name], settings(neither))
          assert.strictEqual(code, 77)
          assert.match(stderr, /Duo refused \/admin\/v[23]\/\w+: 40301.*tick "Grant read resource"/)
        }
      }
      assert.deepStrictEqual(globSync("data/{parquet,ndjson}/**/*.*", { cwd: folder }), [])
      const applications = yield* without("integrations")
      const ran = yield* command(folder, ["extract", "integrations", "--json"], settings(applications))
      assert.strictEqual(ran.code, 0, ran.stderr)
      assert.deepInclude(JSON.parse(ran.stdout), { rows: { integrations: 10 }, tables_collected: ["integrations"] })
      assert.match(ran.stderr, /Policies are not collected\. Duo refused \/admin\/v2\/policies/)
      const asked = yield* command(folder, ["sql", "SELECT count(has_group_policies) FROM integrations"])
      assert.match(asked.stdout, /^0$/m)
      const checked = yield* command(folder, ["check", "integrations"], settings(applications))
      assert.match(checked.stdout, /integrations {5}may be read; there are 10\.\n.*their policies {3}Policies are not/)
      const both = yield* without("policies", "integrations")
      assert.match((yield* command(folder, ["check", "policies"], settings(both))).stdout, /may be read; there are 8\./)
    })))

  it.live("say that Duo wants another signature, if the settings ask for an old one", () =>
    inFolder(Effect.fnUntraced(function*(folder) {
      const duo = yield* serve({ people: "hostile", users: 1 })
      const env = { ...settings(duo), DUO_SIGNATURE: "v2-sha1" }
      assert.strictEqual((yield* command(folder, ["check"], env)).code, 0)
      for (const name of names) {
        const { code, stderr } = yield* command(folder, ["extract", name], env)
        assert.strictEqual(code, 77)
        assert.match(stderr, /DUO_SIGNATURE=v2-sha1 cannot be used here: Duo accepts only v5-sha512/)
      }
    })))

  it.live("are not complete if Duo truncates the summary, so nothing counts as gone", () =>
    inFolder(Effect.fnUntraced(function*(folder) {
      const { protected: things } = Tenant.make({ people: "hostile", users: 0 })
      const parsed = (texts: ReadonlyArray<string>): ReadonlyArray<JsonObject> => texts.map((text) => JSON.parse(text))
      const summary: JsonObject = JSON.parse(things.summary)
      const run = (summary: JsonObject) =>
        Effect.scoped(Effect.gen(function*() {
          const integrations = parsed(things.integrations)
          const tenant = Tenant.fromUsers([], [], [], { policies: parsed(things.policies), integrations, summary })
          const duo = yield* serve({ tenant, port: 27_091 })
          const { code, stderr, stdout } = yield* command(folder, ["extract", "integrations", "--json"], settings(duo))
          assert.strictEqual(code, 0, stderr)
          return JSON.parse(stdout)
        }))
      const [first] = summary["policies"] as ReadonlyArray<JsonObject>
      assert.isTrue((yield* run(summary)).complete)
      const cut = yield* run({ ...summary, policies: [first ?? {}], response_is_truncated: true })
      assert.deepInclude(cut, { complete: false, incomplete_reason: "Duo's summary of policies is truncated" })
      const asked = yield* command(folder, ["sql", "SELECT count(*) FROM application_policies"])
      assert.match(asked.stdout, /^13$/m)
      const miscounted = yield* run({ ...summary, policy_count: 9 })
      assert.match(miscounted.incomplete_reason, /Duo counts 9 policies of applications and lists 8/)
    })))

  it.live("name nobody with --pii drop, and replay a record that names nobody", () =>
    inFolder(Effect.fnUntraced(function*(folder) {
      const duo = yield* serve({ people: "hostile", users: 0 })
      const telling = /it@example\.com|Corporate|Contractors|Global Policy|198\.51/
      for (const name of names) {
        const recorded = yield* command(
          folder,
          [
            "extract",
            name,
            "--pii",
            "drop",
            "--sink",
            "ndjson:out?compression=none",
            "--record",
            name,
            "--pseudonymise"
          ],
          settings(duo)
        )
        assert.strictEqual(recorded.code, 0, recorded.stderr)
        assert.notMatch(everything(`${folder}/${name}`), telling)
        const replayed = yield* command(folder, ["extract", name, "--json", "--sink", "csv", "--replay", name], {
          DUO_MFA_DATA: `again-${name}`
        })
        assert.strictEqual(replayed.code, 0, replayed.stderr)
        assert.deepInclude(
          JSON.parse(replayed.stdout),
          name === "policies" ? { telephony: 2, unknown_values: 0 } : { own_policy: 4, unknown_values: 0 }
        )
      }
      const out = everything(`${folder}/out`)
      assert.notInclude(out, "it@example.com")
      assert.include(out, "Corporate VPN")
      assert.isAbove(Object.keys(contents(folder)).length, 10)
    })))
})
