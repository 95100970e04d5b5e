/** The policies about pipelines that not everybody runs: they are left out until there is something to judge. */
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import auth from "../../../pipelines/auth.ts"
import integrations from "../../../pipelines/integrations.ts"
import type * as LoginLog from "../../../src/emulator/log/LoginLog.ts"
import * as Tenant from "../../../src/emulator/people/Tenant.ts"
import { runAt } from "../../known/ledger.ts"
import { authenticatorsOf } from "../../known/people.ts"
import { judged, policy } from "../../support/verdicts.ts"
import { everySink, inFolder } from "../../torture/support/InProcess.ts"

const at = (day: number, hour = 12) => Date.UTC(2026, 10, day, hour) / 1000
const { key, person, phone } = authenticatorsOf(at)

const ann = person("ann", { webauthncredentials: [key("ANN", 1)] })
const bob = person("bob", { phones: [phone("BOB", "+15555550102")] })

const port = 27_075

/** A tenant with one application for all, and a policy that allows every method and keeps out those who have none. */
const guarded = (user_auth_behavior: string) =>
  Tenant.fromUsers([ann, bob], [], undefined, {
    policies: [{
      policy_key: "PO1",
      policy_name: "Global Policy",
      is_global_policy: true,
      sections: {
        authentication_policy: { user_auth_behavior },
        authentication_methods: { allowed_auth_list: [], blocked_auth_list: ["bypass"] },
        new_user: { new_user_behavior: "deny" }
      }
    }],
    integrations: [{ integration_key: "DI1", name: "VPN", type: "cisco-asa", user_access: "ALL_USERS" }],
    summary: { policies: [], policy_count: 0, response_is_truncated: false, warnings: [] }
  })

const targets = (folder: string) =>
  everySink(`${folder}/data`).filter(({ sink }) => sink === "duckdb" || sink === "parquet")

/** A run of the log, in which ann has logged in once with the factor; each factor has a day of its own. */
const login = (folder: string, factor: string) => {
  const millis = at(factor === "sms_passcode" ? 2 : 1, 8) * 1000
  const txid = `00000000-0000-4000-8000-${String(millis).slice(0, 12)}`
  const text = JSON.stringify({
    txid,
    timestamp: millis / 1000,
    isotimestamp: new Date(millis).toISOString().replace("Z", "000+00:00"),
    event_type: "authentication",
    result: "success",
    factor,
    user: { key: "DUANN", name: "ann", groups: [] }
  })
  const isIn = ({ from, to }: LoginLog.LogPart) => millis >= from && millis <= to
  const log: LoginLog.LoginLog = {
    count: (part) => isIn(part) ? 1 : 0,
    page: (part, { after }) => isIn(part) && after === undefined ? [{ millis, txid, text }] : []
  }
  const from = Math.floor(millis / 86_400_000) * 86_400_000
  return runAt(`${folder}/data`, at(5) * 1000, { port, log }, targets(folder), auth, {
    from,
    to: from + 86_399_999
  })
}

describe("a built-in policy", () => {
  it.live("about what nobody has read is left out, until somebody names or reads it", () =>
    inFolder(Effect.fnUntraced(function*(folder) {
      yield* runAt(`${folder}/data`, at(2) * 1000, { port, tenant: guarded("enforce") }, targets(folder))
      const left = (yield* judged(folder)).policies.filter(({ verdict }) => verdict === "left out")
      assert.deepStrictEqual(
        left.map(({ policy, why }) => [policy, why?.split(": ")[1]]),
        [
          ["every-way-in-needs-a-method", "duo-mfa extract integrations"],
          ["passkeys-are-used", "duo-mfa extract auth"]
        ]
      )
      const named = yield* judged(folder, "passkeys-are-used")
      assert.deepStrictEqual(named.policies.map(({ verdict }) => verdict), ["cannot be told"])
      assert.include((yield* policy(folder, "--format", "junit")).stdout, "<skipped ")

      yield* runAt(`${folder}/data`, at(3) * 1000, { port, tenant: guarded("enforce") }, targets(folder), integrations)
      yield* login(folder, "security_key")
      assert.deepStrictEqual((yield* judged(folder)).exit, 0)
      yield* runAt(`${folder}/data`, at(4) * 1000, { port, tenant: guarded("bypass") }, targets(folder), integrations)
      yield* login(folder, "sms_passcode")
      assert.deepStrictEqual(
        (yield* judged(folder)).broken,
        { "every-way-in-needs-a-method": 2, "passkeys-are-used": 1 }
      )
    })))
})
