/** Active users are defined once: views, queries, policies and the report all count the same users. */
import { assert, layer } from "@effect/vitest"
import { Arbitrary, Effect } from "effect"
import { readFileSync } from "node:fs"
import { headline } from "../../src/report/parts/Headline.ts"
import { stateAt } from "../../src/report/TenantState.ts"
import { figuresOf, isOut } from "./mfa/known-people.ts"
import { lived, personOf, Places, somebody } from "./mfa/people-over-time.ts"

const tenant = "api-00000001.duosecurity.com"
const now = Date.UTC(2026, 10, 3, 9)

const fileOf = (name: string) =>
  readFileSync(`${import.meta.dirname}/../../data/${name}.sql`, "utf8").replace(/;\s*$/, "")

layer(Places.layer)("active users", (it) => {
  it.effect.prop(
    "are the same wherever they are counted, and who cannot log in is in no count",
    [Arbitrary.array(somebody, { minLength: 1, maxLength: 12 })],
    ([some]) =>
      Effect.gen(function*() {
        const people = some.map((somebody, n) => personOf(somebody, n))
        const out = people.filter(({ user }) => isOut(user)).map(({ user }) => user.user_id)
        const { mfa_enabled, phishing_resistant, unprotected, users } = figuresOf(people)
        const expected = { users, mfa_enabled, phishing_resistant, unprotected }
        const session = yield* lived([{ tenant, at: now, complete: true, people }])
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

        const subject = {
          tenant,
          runs: 1,
          now,
          before: null,
          first: now,
          complete: true,
          incomplete_reason: null,
          codes: now,
          monthAgo: now,
          hasMonth: false
        }
        const state = yield* stateAt(session, tenant, now)
        const page = String(headline({ tenant: subject, before: null, monthAgo: null, now: state }))
        assert.include(page, `${expected.mfa_enabled} of ${expected.users} active user`)
        assert.include(page, `${expected.phishing_resistant} of ${expected.users} active user`)
        assert.include(page, `data-figure="unprotected">${expected.unprotected}<`)
      }),
    { arbitrary: { runs: 25 }, timeout: 120_000 }
  )
})
