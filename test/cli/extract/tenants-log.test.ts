/** `extract auth --tenants`: the logs of many tenants, one after the other. */
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import * as LoginLog from "../../../src/emulator/log/LoginLog.ts"
import * as Tenant from "../../../src/emulator/people/Tenant.ts"
import { inFolder } from "../../support/processes/program.ts"
import * as readers from "../../support/readers.ts"
import { extract, some } from "./listed.ts"

const day = 86_400_000
const today = Math.floor(Date.now() / day)
const date = (daysAgo: number) => new Date((today - daysAgo) * day).toISOString().slice(0, 10)

const logOf = (perDay: number) =>
  LoginLog.make({
    people: "hostile",
    seed: perDay,
    users: LoginLog.usersOf(Tenant.make({ people: "hostile", users: 20 })),
    perDay: (on) => on < today - 2 && on >= today - 5 ? perDay : 0,
    latePercent: 0
  })

describe("extract auth --tenants", () => {
  it.live(
    "reads each tenant's log, and one that fails stops no other",
    () =>
      inFolder((folder) =>
        Effect.gen(function*() {
          yield* some(folder, {
            one: { log: logOf(40) },
            denied: { permissions: ["users"] },
            two: { log: logOf(70) }
          })
          const args = ["auth", "--from", date(5), "--to", date(2)]
          const first = yield* extract(folder, ...args)
          assert.strictEqual(first.code, 6, first.stderr)
          assert.match(first.stdout, /^one {5}120 authentications/m)
          assert.match(first.stdout, /^denied {2}failed: Duo refused .*Grant read log/m)
          assert.match(first.stdout, /^2 of 3 tenants: 330 authentications/m)
          yield* extract(folder, ...args)
          const rows = yield* readers.inMemory(
            `CREATE VIEW logins AS FROM read_parquet('${folder}/data/parquet/authentications/*/*.parquet')`,
            (ask) => ask("SELECT tenant, count(*)::INTEGER AS logins FROM logins GROUP BY tenant ORDER BY tenant")
          )
          assert.deepStrictEqual(rows, [{ tenant: "one", logins: 120 }, { tenant: "two", logins: 210 }])
          const dry = yield* extract(folder, ...args, "--dry-run", "--json")
          assert.strictEqual(JSON.parse(dry.stdout).failed, 1)
        })
      ),
    120_000
  )

  it.live("has no use for flags about reading several at the same time", () =>
    inFolder((folder) =>
      Effect.gen(function*() {
        yield* some(folder, { one: {} })
        const { code, stderr } = yield* extract(folder, "auth", "--at-once", "2")
        assert.strictEqual(code, 64)
        assert.include(stderr, "one tenant after the other")
      })
    ))
})
