/** Active users are defined once: views, queries, policies and the report all count the same users. */
import { assert, describe, it } from "@effect/vitest"
import { Arbitrary, Effect, Result, Schema } from "effect"
import { readFileSync } from "node:fs"
import mfa from "../../pipelines/mfa.ts"
import * as Tables from "../../pipelines/mfa/Tables.ts"
import * as DuckDb from "../../src/duckdb/DuckDb.ts"
import * as RowHash from "../../src/duckdb/RowHash.ts"
import { apply } from "../../src/history/ledger/Apply.ts"
import * as Ledger from "../../src/history/ledger/Ledger.ts"
import { headline } from "../../src/report/parts/Headline.ts"
import { stateAt } from "../../src/report/TenantState.ts"
import type { Row, Table } from "../../src/Table.ts"
import { runOf } from "../laws/rows.ts"
import { flatten } from "../oracle/Flatten.ts"
import { decodeUsers, type User } from "../oracle/User.ts"

const now = BigInt(Date.UTC(2026, 10, 3, 9)) * 1000n
const stamp = { run_id: "r1", observed_at: now, tenant: "api-00000001.duosecurity.com" }

const statuses = ["active", "active", "active", "bypass", "disabled", "locked out", "pending deletion", "new", null]
const small = (maximum: number) => Arbitrary.schema(Schema.Int.check(Schema.isBetween({ minimum: 0, maximum })))

const somebody = Arbitrary.all({
  status: small(statuses.length - 1),
  groups: Arbitrary.array(small(3), { maxLength: 3 }),
  method: small(5),
  hasCode: small(1)
})

const groups = ["Active", "Active", "Bypass", "Disabled"].map((status, n) => ({
  group_id: `DG${n}`,
  name: `g${n}`,
  status
}))
const phone = { phone_id: "DP", activated: false, platform: "", type: "", number: "", capabilities: [] }
const methods: ReadonlyArray<object> = [
  {},
  { phones: [phone] },
  { phones: [{ ...phone, capabilities: ["sms"] }] },
  { webauthncredentials: [{ webauthnkey: "WA1" }] },
  { u2ftokens: [{ registration_id: "U1", date_added: 1 }] },
  { tokens: [{ token_id: "DH1", type: "h6" }] }
]
const decode = (user: unknown) => Result.getOrThrow(decodeUsers([user])).values

const seen = (table: Table, rows: ReadonlyArray<Row>) => [
  DuckDb.create(`read_${table.name}`, table),
  ...rows.map((row) => `INSERT INTO read_${table.name} VALUES (${Object.values(row).map(DuckDb.constant).join(", ")})`),
  `CREATE TABLE seen_${table.name} AS ${RowHash.withHashes(table, `FROM read_${table.name}`)}`
]

const fileOf = (name: string) =>
  readFileSync(`${import.meta.dirname}/../../data/${name}.sql`, "utf8").replace(/;\s*$/, "")

describe("active users", () => {
  it.effect.prop(
    "are the same wherever they are counted, and who cannot log in is in no count",
    [Arbitrary.array(somebody, { minLength: 1, maxLength: 12 })],
    ([people]) =>
      Effect.gen(function*() {
        const users = people.flatMap(({ groups: some, hasCode, method, status }, n) =>
          decode({
            user_id: `DU${n}`,
            username: `user ${n}`,
            status: statuses[status],
            groups: [...new Set(some)].map((group) => groups[group]),
            ...methods[method]
          }).map((user) => ({ hasCode: hasCode === 1, user }))
        )
        const rows = users.map(({ hasCode, user }) => flatten(stamp, user, hasCode))

        const isOut = ({ groups, status }: User) =>
          ["disabled", "locked out", "pending deletion"].includes(status ?? "") ||
          groups.some(({ status }) => status === "Disabled")
        const out = users.filter(({ user }) => isOut(user)).map(({ user }) => user.user_id)
        const active = users.filter(({ user }) => user.status === "active" && !isOut(user)).map(({ user }) => user)
        const withMfa = active.filter((user) =>
          user.phones.length + user.tokens.length + user.webauthncredentials.length > 0
        )
        const expected = {
          users: active.length,
          mfa_enabled: withMfa.length,
          phishing_resistant: active.filter((user) => user.webauthncredentials.length > 0).length,
          unprotected: active.filter((user) =>
            user.phones.every(({ capabilities }) => capabilities.length === 0) &&
            user.tokens.length + user.webauthncredentials.length + user.u2ftokens.length === 0
          ).length
        }

        const session = yield* DuckDb.open({})
        yield* session.run("ATTACH ':memory:' AS ledger")
        yield* Ledger.migrate(session, "ledger", mfa)
        yield* session.run([
          `INSERT INTO ledger.runs BY NAME SELECT 'r1' AS run_id, 'mfa' AS pipeline, '${stamp.tenant}' AS tenant, true AS complete,
             ${DuckDb.constant(now)} AS observed_at, observed_at AS started_at, observed_at AS finished_at,
             '${mfa.tables.map(({ name }) => name).join(", ")}' AS tables_collected`,
          ...seen(Tables.users, rows.flatMap((row) => row.users)),
          ...seen(Tables.mfaMethods, rows.flatMap((row) => row.mfa_methods)),
          ...seen(Tables.userGroups, rows.flatMap((row) => row.user_groups))
        ].join(";\n"))
        yield* apply(
          session,
          "ledger",
          { ...runOf(1), ...stamp },
          true,
          [Tables.users, Tables.mfaMethods, Tables.userGroups].map((table) => ({ table, rows: `seen_${table.name}` }))
        )
        yield* session.run("USE ledger")
        const one = (sql: string) => Effect.map(session.all(sql), ([row]) => (row ?? []).map(Number))
        const columns = Object.keys(expected).join(", ")

        assert.deepStrictEqual(yield* one(`SELECT ${columns} FROM coverage_daily`), Object.values(expected))
        assert.deepStrictEqual(
          yield* one(`SELECT ${columns} FROM (${fileOf("queries/coverage")}\n)`),
          Object.values(expected)
        )
        assert.isAtMost(expected.phishing_resistant, expected.mfa_enabled)
        assert.isAtMost(expected.mfa_enabled, expected.users)
        assert.deepStrictEqual(
          yield* one(`SELECT count(*) FROM (${fileOf("queries/unprotected")}\n)`),
          [expected.unprotected]
        )
        assert.deepStrictEqual(
          yield* one(
            `SELECT sum(phishing_resistant + device_bound + push + otp + telephony + "none") FROM (${
              fileOf("queries/factor-mix-daily")
            }\n) HAVING count(*) > 0`
          ),
          expected.users === 0 ? [] : [expected.users]
        )
        const [violations = 0] = yield* one(`SELECT count(*) FROM (${fileOf("policies/everyone-has-mfa")}\n)`)
        assert.isAtLeast(violations, Math.max(expected.unprotected, expected.users - expected.mfa_enabled))
        assert.isAtMost(violations, expected.users)

        const cannot = out.map((id) => `'${id}'`).join(", ") || "''"
        for (const name of ["users_at_risk", "bypasses"]) {
          assert.deepStrictEqual(yield* one(`SELECT count(*) FROM ${name} WHERE user_id IN (${cannot})`), [0], name)
        }
        const named = out.map((id) => `'user ${id.slice(2)}'`).join(", ") || "''"
        for (const name of ["at-risk", "bypass", "only-telephony", "privileged", "unprotected", "weak-phones"]) {
          assert.deepStrictEqual(
            yield* one(`SELECT count(*) FROM (${fileOf(`queries/${name}`)}\n) WHERE username IN (${named})`),
            [0],
            name
          )
        }
        for (
          const [name, sum, of] of [
            ["bypass", "bypass", "coverage_daily"],
            ["coverage-by-group", "max(users)", `(${fileOf("queries/coverage-by-group")}\n)`],
            ["method_mix", "max(users)", "method_mix"]
          ]
        ) {
          const [count = 0] = yield* one(`SELECT coalesce(${sum}, 0) FROM ${of}`)
          assert.isAtMost(count, name === "bypass" ? people.length - out.length : expected.users, name)
        }

        const millis = Number(now / 1000n)
        const tenant = {
          tenant: stamp.tenant,
          runs: 1,
          now: millis,
          before: null,
          first: millis,
          complete: true,
          incomplete_reason: null,
          codes: millis,
          monthAgo: millis,
          hasMonth: false
        }
        const page = String(
          headline({ tenant, before: null, monthAgo: null, now: yield* stateAt(session, stamp.tenant, millis) })
        )
        assert.include(page, `${expected.mfa_enabled} of ${expected.users} active user`)
        assert.include(page, `${expected.phishing_resistant} of ${expected.users} active user`)
        assert.include(page, `data-figure="unprotected">${expected.unprotected}<`)
      }).pipe(Effect.scoped),
    { arbitrary: { runs: 25 }, timeout: 120_000 }
  )
})
