/** `forget-person` with several tenants in one round, and with a log. */
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { globSync } from "node:fs"
import * as LoginLog from "../../../src/emulator/log/LoginLog.ts"
import * as Tenant from "../../../src/emulator/people/Tenant.ts"
import { command } from "../../support/processes/command.ts"
import { allSinks, inFolder } from "../../support/processes/program.ts"
import * as readers from "../../support/readers.ts"
import { extract, loopback, some } from "../extract/listed.ts"

const day = 86_400_000
const today = Math.floor(Date.now() / day)
const date = (daysAgo: number) => new Date((today - daysAgo) * day).toISOString().slice(0, 10)

const people = { people: "hostile", users: 20, seed: 4 } as const

const log = () =>
  LoginLog.make({
    people: "hostile",
    seed: 4,
    users: LoginLog.usersOf(Tenant.make(people)),
    perDay: (on) => on < today - 2 && on >= today - 5 ? 80 : 0,
    latePercent: 0
  })

describe("forget-person", () => {
  it.live(
    "erases a user of one tenant, and not the user of another tenant with the same id",
    () =>
      inFolder((folder) =>
        Effect.gen(function*() {
          yield* some(folder, { one: { ...people, log: log() }, two: { ...people, log: log() } })
          yield* extract(folder, ...allSinks)
          yield* extract(folder, ...allSinks)
          yield* extract(folder, "auth", "--from", date(5), "--to", date(2))
          const asked = (view: string, sql: string) => readers.inMemory(view, (ask) => ask(sql))
          const files = (table: string) =>
            `CREATE VIEW found AS FROM read_parquet('${folder}/data/parquet/${table}/*/*.parquet', hive_partitioning = false)`
          const counts = (table: string) =>
            asked(files(table), "SELECT tenant, user_id, count(*)::INTEGER AS n FROM found GROUP BY ALL ORDER BY ALL")
          const before = yield* counts("authentications")
          const [busiest] = before.filter(({ user_id }) => user_id !== null).toSorted((a, b) =>
            Number(b["n"]) - Number(a["n"])
          )
          const user_id = String(busiest?.["user_id"])

          const forget = (...args: ReadonlyArray<string>) =>
            command(folder, ["forget-person", user_id, ...args], loopback)
          const unclear = yield* forget()
          assert.strictEqual(unclear.code, 64)
          assert.include(unclear.stderr, "one and two. Nothing changed; say which is meant with --tenant NAME")
          const users = yield* counts("users")
          const { code, stderr, stdout } = yield* forget("--tenant", "one")
          assert.strictEqual(code, 0, stderr)
          assert.match(stdout, new RegExp(`parquet +data/parquet +authentications +${Number(busiest?.["n"])}\n`))
          const isLeft = (row: Readonly<Record<string, unknown>>) =>
            row["tenant"] !== "one" || row["user_id"] !== user_id
          assert.deepStrictEqual(yield* counts("authentications"), before.filter(isLeft))
          assert.deepStrictEqual(yield* counts("users"), users.filter(isLeft))
          assert.lengthOf(users.filter(isLeft), users.length - 1)
          const verified = yield* command(folder, ["verify", "--all"], loopback)
          assert.strictEqual(verified.code, 0, verified.stderr)
          const erased = verified.stdout.split("\n").filter((line) => line.endsWith("as erased"))
          assert.isTrue(erased.some((line) => line.includes("authentications")))
          const logins = yield* command(folder, ["sql", "SELECT count(*) AS n FROM authentications"], loopback)
          const left = before.filter(isLeft).reduce((sum, { n }) => sum + Number(n), 0)
          assert.strictEqual(logins.stdout, `n\r\n${left}\r\n`)
          const rebuilt = yield* command(folder, ["rebuild"], loopback)
          assert.strictEqual(rebuilt.code, 0, rebuilt.stderr)
          const ledger = yield* readers.query(
            `${folder}/data/duo.duckdb`,
            `SELECT tenant FROM users_history WHERE user_id = '${user_id}'`
          )
          assert.deepStrictEqual(ledger, [{ tenant: "two" }])
          assert.lengthOf(globSync(`${folder}/data/erasures/*.json`), 1)
        })
      ),
    120_000
  )
})
