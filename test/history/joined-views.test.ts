/** The views over the tables of several pipelines: they are made by the last of these to run, and everywhere the same. */
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { readFileSync } from "node:fs"
import auth from "../../pipelines/auth.ts"
import integrations from "../../pipelines/integrations.ts"
import mfa from "../../pipelines/mfa.ts"
import * as LoginLog from "../../src/emulator/log/LoginLog.ts"
import * as Tenant from "../../src/emulator/people/Tenant.ts"
import { runAt } from "../known/ledger.ts"
import { codesOn, usersOn } from "../known/scene.ts"
import { command } from "../support/processes/command.ts"
import * as readers from "../support/readers.ts"
import { everySink, inFolder } from "../torture/support/InProcess.ts"

const views = ["weakest_permitted", "effective_strength", "strong_but_used_weak", "enrolled_never_used"]

const day = 86_400_000
const now = Date.UTC(2026, 10, 8)

const runs = {
  mfa: [mfa, undefined],
  integrations: [integrations, undefined],
  auth: [auth, { from: now - day, to: now - 1 }],
  "auth, the day before": [auth, { from: now - 2 * day, to: now - day - 1 }]
} as const

/** The order of the runs, and the views that are in the ledger after each. */
const orders: ReadonlyArray<ReadonlyArray<readonly [run: keyof typeof runs, there: ReadonlyArray<string>]>> = [
  [
    ["mfa", []],
    ["integrations", views.slice(0, 2)],
    ["auth", views.slice(0, 2)],
    ["auth, the day before", views]
  ],
  [
    ["auth", []],
    // the ledger can name the log's files only once they are published
    ["auth, the day before", []],
    ["integrations", []],
    ["mfa", views]
  ]
]

describe("joined views", () => {
  for (const order of orders) {
    it.live(
      `are there when ${order.map(([name]) => name).join(", ")} were run, and the same wherever they are asked`,
      () =>
        inFolder(Effect.fnUntraced(function*(folder) {
          const data = `${folder}/data`
          const tenant = Tenant.fromUsers(usersOn(8), codesOn(8))
          const log = LoginLog.make({
            people: "hostile",
            seed: 1,
            users: LoginLog.usersOf(tenant),
            perDay: () => 200,
            latePercent: 0
          })
          const targets = everySink(data).filter(({ sink }) => sink === "duckdb" || sink === "parquet")
          const ofLedger = (sql: string) => readers.query(`${data}/duo.duckdb`, sql)
          for (const [at, [name, there]] of order.entries()) {
            const [pipeline, range] = runs[name]
            yield* runAt(data, now + at * 1000, { port: 27_076, tenant, log }, targets, pipeline, range)
            const found = yield* ofLedger("SELECT view_name FROM duckdb_views() WHERE NOT internal")
            const names = found.map(({ view_name }) => view_name)
            assert.deepStrictEqual(views.filter((view) => names.includes(view)), there, name)
          }
          for (const view of views) {
            const sql =
              `SELECT count(*)::INTEGER AS rows, md5(string_agg(v::VARCHAR, ',' ORDER BY v::VARCHAR)) AS hash FROM ${view} v`
            const expected = yield* ofLedger(sql)
            assert.isAbove(Number(expected[0]?.["rows"]), 0, view)
            const overParquet = yield* readers.inMemory(
              readFileSync(`${data}/parquet/views.sql`, "utf8"),
              (ask) => ask(sql)
            )
            assert.deepStrictEqual(overParquet, expected, view)
            for (const from of [[], ["--parquet"]]) {
              const asked = yield* command(folder, ["sql", sql, "--format", "json", ...from], { DUO_MFA_DATA: "data" })
              assert.strictEqual(asked.code, 0, asked.stderr)
              assert.deepStrictEqual(JSON.parse(asked.stdout), expected, `${view} ${from.join()}`)
            }
          }
        })),
      120_000
    )
  }
})
