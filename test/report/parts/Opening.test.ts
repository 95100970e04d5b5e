/** The sentences that a report begins with, for tenants of all kinds. */
import { assert, describe, it } from "@effect/vitest"
import { opening } from "../../../src/report/parts/Opening.ts"
import type { Subject } from "../../../src/report/ReportTenant.ts"
import type { MarkedUsers, TenantState } from "../../../src/report/TenantState.ts"
import { sentences } from "../sentences.ts"

const state = (figures: Partial<TenantState>): TenantState => ({
  users: 100,
  mfa_enabled: 90,
  phishing_resistant: 50,
  only_telephony: 0,
  unprotected: 10,
  bypass: 0,
  bypass_at_least: 0,
  password_alone: 10,
  password_alone_unknown: 0,
  coverage: 90,
  phishing_resistant_pct: 50,
  ...figures
})

const first = Date.UTC(2026, 10, 1, 9)

/** The text for a tenant with these figures now, and these a month ago; without them, after its first run. */
const said = (
  now: Partial<TenantState & MarkedUsers>,
  then?: Partial<TenantState>,
  hasMonth = true,
  target: number | null = null,
  last = first + 86_400_000
) => {
  const tenant: Subject["tenant"] = {
    tenant: "api-1f2e3d4c.duosecurity.com",
    runs: 2,
    now: last,
    before: first,
    first,
    complete: true,
    incomplete_reason: null,
    codes: first,
    monthAgo: first,
    hasMonth
  }
  const subject = {
    tenant,
    now: state(now),
    monthAgo: then === undefined ? null : state(then),
    target,
    marked: { privileged: 0, accepted: 0, ...now }
  }
  return sentences(String(opening(subject)))
}

describe("the first sentences", () => {
  it("say how many people a password is enough for, and how many cannot be phished, with the changes", () => {
    assert.strictEqual(
      said({ password_alone: 43, phishing_resistant_pct: 52.8 }, { password_alone: 36, phishing_resistant_pct: 34.8 }),
      "43 people can log in with a password alone, 7 more than 30 days ago. " +
        "52.8% of the 100 active users have a phishing-resistant method, up 18.0 points."
    )
    assert.strictEqual(
      said({ password_alone: 1, users: 1, phishing_resistant_pct: 0 }, { password_alone: 1204 }, false),
      "1 person can log in with a password alone, 1,203 fewer than on 1 Nov 2026. " +
        "0.0% of the one active user has a phishing-resistant method, down 50.0 points."
    )
    assert.strictEqual(
      said({}, {}),
      "10 people can log in with a password alone, as many as 30 days ago. " +
        "50.0% of the 100 active users have a phishing-resistant method, as before."
    )
    assert.include(said({ password_alone: 12 }, {}, false, null, first), "2 more than on 1 Nov 2026, 09:00 UTC.")
  })

  it("say how many of them are privileged or accepted, if any", () => {
    assert.include(said({ privileged: 3 }), "with a password alone. 3 of them are privileged. 50.0%")
    assert.include(said({ privileged: 1 }), "1 of them is privileged.")
    assert.include(
      said({ privileged: 2, accepted: 2 }),
      "2 of them are privileged. An exception accepts 2 of them."
    )
    assert.notMatch(said({}), /privileged|accepted/)
  })

  it("compare nothing after the first run", () => {
    assert.strictEqual(
      said({}),
      "10 people can log in with a password alone. 50.0% of the 100 active users have a phishing-resistant method."
    )
  })

  it("say nobody only if it is known of everybody", () => {
    assert.include(said({ password_alone: 0 }, { password_alone: 0 }), "Nobody can log in with a password alone. ")
    assert.include(
      said({ password_alone: 0 }, { password_alone: 3 }),
      "Nobody can log in with a password alone, 3 fewer"
    )
    assert.include(
      said({ password_alone: 0, password_alone_unknown: 1 }, {}),
      "Nobody is known to log in with a password alone, but for 1 user it is not known: not all bypass codes could be read."
    )
  })

  it("say at least, and that the change is not known, if that is so now or was a month ago", () => {
    const unknown = { password_alone_unknown: 12 }
    assert.include(
      said(unknown, {}),
      "At least 10 people can log in with a password alone; how this changed is not known. " +
        "For 12 more users it is not known: not all bypass codes could be read."
    )
    assert.include(said({}, unknown), "10 people can log in with a password alone; how this changed is not known.")
    assert.notInclude(said({}, unknown), "At least")
  })

  it("say how far a target is, in people, which no rounding hides", () => {
    const told = (target: number, now: Partial<TenantState> = {}) => said(now, {}, true, target)
    assert.include(told(95), "The target is 95% with MFA: not reached. 5 more users need MFA; 5.0 points are missing.")
    assert.include(told(90), "The target is 90% with MFA: reached.")
    const almost = { users: 10_000, mfa_enabled: 9_499, coverage: 95 }
    assert.include(told(95, almost), "not reached. 1 more user needs MFA.")
    assert.include(
      told(95, { users: 0, phishing_resistant_pct: null, coverage: null }),
      "with MFA; there are no active users."
    )
    assert.notInclude(said({}, {}), "target")
  })

  it("do not divide by the users of an empty tenant", () => {
    assert.include(said({ users: 0, phishing_resistant_pct: null }, {}), "There are no active users.")
  })
})
