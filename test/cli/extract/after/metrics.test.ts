/** `extract --metrics`: the file of a run, read as Prometheus would read it. */
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs"
import { serve } from "../../../../src/emulator/server/Emulator.ts"
import { assertHarmless } from "../../../support/harmless.ts"
import { command } from "../../../support/processes/command.ts"
import { inFolder, settings } from "../../../support/processes/program.ts"
import { parse } from "../../../support/prometheus.ts"
import { extract, some, write } from "../listed.ts"

const users = 60
const progress = "60 of 60 users, 1 page\n"

const read = (folder: string) => parse(readFileSync(`${folder}/duo.prom`, "utf8"))

/** The only value of a metric, and its labels. */
const only = (metrics: ReturnType<typeof parse>, name: string) => {
  const { samples = [] } = metrics[name] ?? {}
  assert.lengthOf(samples, 1, name)
  return samples[0] ?? { labels: {}, value: NaN }
}

const lastSuccess = "duo_mfa_last_success_timestamp_seconds"

describe("extract --metrics", () => {
  it.live("writes how the run ended and what it counted, for everybody to read, and nothing about anybody", () =>
    inFolder(Effect.fnUntraced(function*(folder) {
      const duo = yield* serve({ users })
      const before = Date.now() / 1000
      const run = ["extract", "--json", "--metrics", "duo.prom"]
      const { code, stderr, stdout } = yield* command(folder, run, settings(duo))
      assert.deepStrictEqual([code, stderr], [0, progress])
      const summary = JSON.parse(stdout)
      const metrics = read(folder)
      for (const { type } of Object.values(metrics)) assert.strictEqual(type, "gauge")
      const labels = { pipeline: "mfa", tenant: duo.host }
      const expected = {
        duo_mfa_run_success: 1,
        duo_mfa_run_exit_code: 0,
        duo_mfa_tenant_exit_code: 0,
        duo_mfa_complete: 1,
        duo_mfa_users: users,
        duo_mfa_objects: users,
        duo_mfa_changed: 0,
        duo_mfa_requests: summary.requests,
        duo_mfa_retries: summary.retries,
        duo_mfa_unknown_values: summary.unknown_values
      }
      for (const [name, value] of Object.entries(expected)) {
        assert.deepStrictEqual(only(metrics, name), { labels, value }, name)
      }
      assert.deepStrictEqual(only(metrics, "duo_mfa_counted"), {
        labels: { ...labels, property: "mfa_enabled" },
        value: summary.mfa_enabled
      })
      assert.deepStrictEqual(
        metrics["duo_mfa_rows"]?.samples.map(({ labels, value }) => [labels["table"], value]),
        Object.entries(summary.rows)
      )
      const at = only(metrics, lastSuccess).value
      assert.isTrue(at >= before && at <= Date.now() / 1000, String(at))
      const { value: seconds } = only(metrics, "duo_mfa_run_duration_seconds")
      assert.isTrue(seconds > 0 && seconds < 60, String(seconds))
      assert.strictEqual(statSync(`${folder}/duo.prom`).mode & 0o777, 0o644)
      assert.deepStrictEqual(readdirSync(folder), ["data", "duo.prom"])
      assertHarmless(duo, readFileSync(`${folder}/duo.prom`, "utf8"))
    })))

  it.live("keeps the last success when the run fails, but not that of another pipeline", () =>
    inFolder(Effect.fnUntraced(function*(folder) {
      const duo = yield* serve({ users })
      const denied = { ...settings(duo), DUO_SKEY: "1".repeat(40) }
      const run = (env: Readonly<Record<string, string>>, ...args: ReadonlyArray<string>) =>
        command(folder, ["extract", ...args, "--metrics", "duo.prom"], env)
      assert.strictEqual((yield* run(denied)).code, 77)
      assert.notProperty(read(folder), lastSuccess)
      assert.strictEqual((yield* run(settings(duo), "--sink", "ndjson")).code, 0)
      const succeeded = only(read(folder), lastSuccess)
      for (let times = 0; times < 2; times++) {
        assert.strictEqual((yield* run(denied)).code, 77)
        const metrics = read(folder)
        assert.deepStrictEqual(only(metrics, lastSuccess), succeeded)
        assert.strictEqual(only(metrics, "duo_mfa_run_success").value, 0)
        assert.strictEqual(only(metrics, "duo_mfa_run_exit_code").value, 77)
        assert.notProperty(metrics, "duo_mfa_users")
      }
      assert.strictEqual((yield* run(denied, "admins")).code, 77)
      assert.notProperty(read(folder), lastSuccess)
    })))

  it.live("counts each tenant of a round, whatever its name is", () =>
    inFolder(Effect.fnUntraced(function*(folder) {
      const odd = `5" \\ of {an} "Example", \\n 🚀`
      const { entries: [one, denied] } = yield* some(folder, { one: {}, denied: { permissions: [] } })
      write(folder, [{ ...one, name: odd }, denied ?? {}])
      const { code } = yield* extract(folder, "--sink", "ndjson", "--metrics", "duo.prom")
      assert.strictEqual(code, 6)
      const metrics = read(folder)
      assert.deepStrictEqual(metrics["duo_mfa_tenant_exit_code"]?.samples, [
        { labels: { pipeline: "mfa", tenant: odd }, value: 0 },
        { labels: { pipeline: "mfa", tenant: "denied" }, value: 77 }
      ])
      assert.deepStrictEqual(only(metrics, "duo_mfa_users"), { labels: { pipeline: "mfa", tenant: odd }, value: 20 })
      assert.deepStrictEqual(only(metrics, "duo_mfa_run_exit_code"), { labels: { pipeline: "mfa" }, value: 6 })
    })))

  it.live("warns if the file cannot be written, and the run is what it is", () =>
    inFolder(Effect.fnUntraced(function*(folder) {
      const duo = yield* serve({ users })
      mkdirSync(`${folder}/duo.prom`)
      for (const file of ["duo.prom", "nowhere/duo.prom"]) {
        const run = ["extract", "--sink", "ndjson", "--metrics", file]
        const { code, stderr } = yield* command(folder, run, settings(duo))
        assert.strictEqual(code, 0)
        assert.match(stderr, /\nwarn: The metrics cannot be written to \S*duo\.prom: .*\n$/)
      }
      assert.deepStrictEqual(readdirSync(folder), ["data", "duo.prom"])
    })))

  it.live("refuses a name that the node exporter does not read, and a dry run", () =>
    inFolder(Effect.fnUntraced(function*(folder) {
      const duo = yield* serve({ users })
      writeFileSync(`${folder}/duo.txt`, "mine")
      const name = yield* command(folder, ["extract", "--metrics", "duo.txt"], settings(duo))
      assert.strictEqual(name.code, 64)
      assert.match(name.stderr, /Expected a name that ends in \.prom/)
      const dry = yield* command(folder, ["extract", "--dry-run", "--metrics", "duo.prom"], settings(duo))
      assert.strictEqual(dry.code, 64)
      assert.match(dry.stderr, /--metrics and --dry-run exclude each other: a dry run publishes nothing/)
      assert.deepStrictEqual(readdirSync(folder), ["duo.txt"])
      assert.isEmpty(duo.requests)
    })))
})
