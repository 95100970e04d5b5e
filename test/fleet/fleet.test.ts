/** `worker` and `submit` as people start them. */
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { writeFileSync } from "node:fs"
import { type Emulator, serve } from "../../src/emulator/server/Emulator.ts"
import { command } from "../support/processes/command.ts"
import { inFolder, start } from "../support/processes/program.ts"
import * as postgres from "../support/servers/postgres-server.ts"

const env = { DUO_INSECURE_LOOPBACK: "1" }

/** Writes the list of tenants and their keys. */
const list = (folder: string, tenants: Readonly<Record<string, Pick<Emulator, "host" | "ikey" | "skey">>>) => {
  for (const [name, { skey }] of Object.entries(tenants)) writeFileSync(`${folder}/${name}.key`, skey, { mode: 0o600 })
  writeFileSync(
    `${folder}/tenants.ndjson`,
    Object.entries(tenants).map(([name, { host, ikey }]) =>
      JSON.stringify({ name, host, ikey, skey_file: `${name}.key` })
    ).join("\n")
  )
}

const databaseIn = Effect.map(
  Effect.acquireRelease(Effect.promise(() => postgres.start()), ({ stop }) => Effect.promise(() => stop())),
  (server) => ({ server, url: `postgres://duo@127.0.0.1:${server.port}/reports` })
)

describe.runIf(postgres.binaries !== undefined)("a fleet", () => {
  it.live(
    "publishes each tenant once in a period, tries only failed ones again, and keeps no key in the database",
    () =>
      inFolder((folder) =>
        Effect.gen(function*() {
          const { server, url } = yield* databaseIn
          const [anna, zoe] = yield* Effect.all([
            serve({ people: "hostile", users: 20, seed: 1 }),
            serve({ people: "hostile", users: 30, seed: 2 })
          ])
          list(folder, { anna, zoe: { ...zoe, skey: anna.skey } })
          const flags = ["--tenants", "tenants.ndjson", "--database", url]
          yield* Effect.acquireRelease(
            Effect.sync(() => start(folder, ["worker", ...flags, "--sink", url], env)),
            ({ child, ended }) => Effect.promise(() => (child.kill("SIGTERM"), ended))
          )
          const submit = command(folder, ["submit", ...flags, "--every", "24h", "--wait", "5m", "--json"], env)
          const first = yield* submit
          assert.strictEqual(first.code, 6, first.stderr)
          const states = ({ stdout }: { readonly stdout: string }) =>
            JSON.parse(stdout).tenants.map((
              { error, state, tenant }: Readonly<Record<string, string>>
            ) => [tenant, state, error])
          assert.deepStrictEqual(states(first), [["anna", "published", undefined], ["zoe", "failed", "DuoError"]])
          list(folder, { anna, zoe })
          const second = yield* submit
          assert.strictEqual(second.code, 0, second.stderr)
          assert.deepStrictEqual(states(second), [["anna", "published", undefined], ["zoe", "published", undefined]])
          yield* submit
          const rows = postgres.query(
            server,
            `SELECT tenant, count(DISTINCT run_id) AS runs, count(*) AS users FROM duo_mfa.users_snapshots GROUP BY 1 ORDER BY 1`
          )
          assert.deepStrictEqual(rows, [
            { tenant: "anna", runs: 1, users: 20 },
            { tenant: "zoe", runs: 1, users: 30 }
          ])
          const kept = JSON.stringify(postgres.query(server, "SELECT * FROM duo_mfa_fleet.tenant_runs")) +
            JSON.stringify(postgres.query(server, "SELECT payload FROM duo_mfa_fleet.cluster_messages"))
          assert.include(kept, "anna")
          for (const secret of [anna.skey, zoe.skey, anna.ikey, zoe.ikey]) assert.notInclude(kept, secret)
        })
      ),
    120_000
  )

  it.live("says what is wrong before it starts", () =>
    inFolder((folder) =>
      Effect.gen(function*() {
        list(folder, { anna: { host: "api-1.duosecurity.com", ikey: "DIXXXXXXXXXXXXXXXXXX", skey: "x".repeat(40) } })
        const nowhere = "postgres://duo@127.0.0.1:1/reports"
        const flags = ["--tenants", "tenants.ndjson", "--database", nowhere]
        const local = yield* command(folder, ["worker", ...flags, "--sink", "parquet"], env)
        assert.deepStrictEqual([local.code, /Use postgres or s3/.test(local.stderr)], [64, true], local.stderr)
        const password = yield* command(
          folder,
          ["submit", "--tenants", "tenants.ndjson", "--database", "postgres://duo:secret@127.0.0.1/reports"],
          env
        )
        assert.deepStrictEqual([password.code, /password in it/.test(password.stderr)], [64, true], password.stderr)
        assert.notInclude(password.stderr, "secret@")
        const unreachable = yield* command(folder, ["submit", ...flags], env)
        assert.deepStrictEqual([unreachable.code, /cannot be reached/.test(unreachable.stderr)], [69, true])
      })
    ), 120_000)
})
