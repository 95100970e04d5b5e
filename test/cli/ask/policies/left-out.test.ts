/** The policies about pipelines that not everybody runs: they are left out until there is something to judge. */
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { mkdirSync, writeFileSync } from "node:fs"
import admins from "../../../../pipelines/admins.ts"
import auth from "../../../../pipelines/auth.ts"
import integrations from "../../../../pipelines/integrations.ts"
import type * as LoginLog from "../../../../src/emulator/log/LoginLog.ts"
import * as Tenant from "../../../../src/emulator/people/Tenant.ts"
import { runAt } from "../../../known/ledger.ts"
import { authenticatorsOf, type JsonObject } from "../../../known/people.ts"
import * as Administrators from "../../../pipelines/admins/administrators.ts"
import { judged, policy } from "../../../support/verdicts.ts"
import { everySink, inFolder } from "../../../torture/support/InProcess.ts"

const at = (day: number, hour = 12) => Date.UTC(2026, 10, day, hour) / 1000
const { key, person, phone } = authenticatorsOf(at)

const ann = person("ann", { last_login: at(1), webauthncredentials: [key("ANN", 1)] })
const bob = person("bob", { last_login: at(1), phones: [phone("BOB", "+15555550102")] })

const [port, otherPort] = [27_075, 27_099]

/** A policy that keeps out those who have no method, and permits no weak one. */
const strict = {
  authentication_policy: { user_auth_behavior: "enforce" },
  authentication_methods: {
    allowed_auth_list: [],
    blocked_auth_list: ["bypass", "sms", "phonecall"],
    require_verified_push: true
  },
  new_user: { new_user_behavior: "deny" }
}

/** A policy that asks nobody for a method; what it permits would be weak. */
const loose = {
  authentication_policy: { user_auth_behavior: "bypass" },
  authentication_methods: {
    allowed_auth_list: ["sms", "duo-push"],
    blocked_auth_list: [
      "webauthn-platform",
      "webauthn-platform-pwl",
      "webauthn-roaming",
      "webauthn-roaming-pwl",
      "phonecall"
    ],
    require_verified_push: false
  },
  new_user: { new_user_behavior: "no-mfa" }
}

const unblocked = ["desktop", "duo-push", "duo-push-pwl", "duo-passcode", "hardware-token", "bypass"]

/** A policy that permits text messages and calls, and nothing else. */
const weak = {
  ...strict,
  authentication_methods: {
    allowed_auth_list: ["sms", "phonecall"],
    blocked_auth_list: [...loose.authentication_methods.blocked_auth_list, ...unblocked]
      .filter((method) => method !== "phonecall")
  }
}

/** A tenant with one application for all, and a policy. */
const guarded = (sections: JsonObject) =>
  Tenant.fromUsers([ann, bob], [], undefined, {
    policies: [{ policy_key: "PO1", policy_name: "Global Policy", is_global_policy: true, sections }],
    integrations: [{ integration_key: "DI1", name: "VPN", type: "cisco-asa", user_access: "ALL_USERS" }],
    summary: { policies: [], policy_count: 0, response_is_truncated: false, warnings: [] }
  })

const targets = (folder: string) =>
  everySink(`${folder}/data`).filter(({ sink }) => sink === "duckdb" || sink === "parquet")

/** A run of the log of a day, in which ann has logged in with these factors, a minute after the other. */
const logins = (folder: string, day: number, ...tries: ReadonlyArray<readonly [factor: string, result?: string]>) => {
  const entries = tries.map(([factor, result = "success"], minute) => {
    const millis = (at(day, 8) + minute * 60) * 1000
    const txid = `00000000-0000-4000-8000-${String(millis).slice(0, 12)}`
    const text = JSON.stringify({
      txid,
      timestamp: millis / 1000,
      isotimestamp: new Date(millis).toISOString().replace("Z", "000+00:00"),
      event_type: "authentication",
      result,
      factor,
      user: { key: "DUANN", name: "ann", groups: [] }
    })
    return { millis, txid, text }
  })
  const inPart = ({ from, to }: LoginLog.LogPart) => entries.filter(({ millis }) => millis >= from && millis <= to)
  const log: LoginLog.LoginLog = {
    count: (part) => inPart(part).length,
    page: (part, { after }) => after === undefined ? inPart(part) : []
  }
  const from = at(day, 0) * 1000
  return runAt(`${folder}/data`, at(5) * 1000, { port, log }, targets(folder), auth, {
    from,
    to: from + 86_399_999
  })
}

/** The policies about a pipeline that is not everybody's. */
const about = {
  admins: ["administrators-are-phishing-resistant", "administrators-have-mfa"],
  auth: ["logins-need-a-second-factor", "passkeys-are-used", "push-fatigue-never-worked"],
  integrations: [
    "applications-offer-more-than-telephony",
    "applications-offer-phishing-resistant",
    "applications-refuse-telephony",
    "every-way-in-needs-a-method",
    "new-users-must-enrol",
    "push-shows-a-code"
  ]
}

describe("a built-in policy", () => {
  it.live("about what nobody has read is left out, until somebody names or reads it", () =>
    inFolder(Effect.fnUntraced(function*(folder) {
      yield* runAt(`${folder}/data`, at(2) * 1000, { port, tenant: guarded(strict) }, targets(folder))
      const left = (yield* judged(folder)).policies.filter(({ verdict }) => verdict === "left out")
      assert.deepStrictEqual(
        left.map(({ policy, why }) => `${policy}: ${why?.split(": ")[1]}`),
        Object.entries(about).flatMap(([name, policies]) =>
          policies.map((policy) => `${policy}: duo-mfa extract ${name}`)
        ).toSorted()
      )
      const named = yield* judged(folder, "passkeys-are-used")
      assert.deepStrictEqual(named.policies.map(({ verdict }) => verdict), ["cannot be told"])
      assert.include((yield* policy(folder, "--format", "junit")).stdout, "<skipped ")

      yield* runAt(`${folder}/data`, at(3) * 1000, { port, tenant: guarded(strict) }, targets(folder), integrations)
      yield* logins(folder, 1, ["security_key"], ["duo_push", "denied"])
      assert.deepStrictEqual((yield* judged(folder)).broken, {})
      yield* runAt(`${folder}/data`, at(4) * 1000, { port, tenant: guarded(loose) }, targets(folder), integrations)
      const refused = ["duo_push", "denied"] as const
      yield* logins(folder, 2, ["sms_passcode"], ["bypass_code"], refused, refused, refused, ["duo_push"])
      const [onlyTelephony = "", ...others] = about.integrations
      assert.deepStrictEqual((yield* judged(folder)).broken, {
        ...Object.fromEntries([...others, ...about.auth].map((name) => [name, 1])),
        "every-way-in-needs-a-method": 2
      })
      yield* runAt(`${folder}/data`, at(5) * 1000, { port, tenant: guarded(weak) }, targets(folder), integrations)
      assert.deepStrictEqual((yield* judged(folder, onlyTelephony)).broken, { [onlyTelephony]: 1 })
    })))

  it.live("is left out if another tenant was not read, unless it is broken, and cannot be told if somebody wrote it", () =>
    inFolder(Effect.fnUntraced(function*(folder) {
      yield* runAt(`${folder}/data`, at(2) * 1000, { port, tenant: guarded(strict) }, targets(folder))
      yield* runAt(`${folder}/data`, at(3) * 1000, { port, tenant: guarded(strict) }, targets(folder), integrations)
      const [, name = ""] = about.integrations
      const own = `${folder}/data/policies`
      mkdirSync(own)
      writeFileSync(
        `${own}/own.sql`,
        "-- Every application is known.\n-- At most 0\nFROM integrations WHERE false"
      )
      const verdict = Effect.map(
        judged(folder),
        ({ policies }) => policies.filter(({ policy }) => [name, "own"].includes(policy)).map(({ verdict }) => verdict)
      )
      assert.deepStrictEqual(yield* verdict, ["kept", "kept"])
      yield* runAt(`${folder}/data`, at(4) * 1000, { port: otherPort, tenant: guarded(strict) }, targets(folder))
      assert.deepStrictEqual(yield* verdict, ["left out", "cannot be told"])
      yield* runAt(`${folder}/data`, at(5) * 1000, { port, tenant: guarded(loose) }, targets(folder), integrations)
      assert.deepStrictEqual(yield* verdict, ["broken", "cannot be told"])
    })))

  it.live("about the administrators counts those who are known to have nothing phishing-resistant, and no factor at all", () =>
    inFolder(Effect.fnUntraced(function*(folder) {
      const admin = (admin_id: string, factors: object) => ({
        admin_id,
        name: admin_id,
        email: `${admin_id}@example.com`,
        role: "Owner",
        status: "Active",
        created: at(1),
        last_login: at(1),
        phone: null,
        phone_details: [],
        hardtoken: null,
        webauthncredentials: [],
        ...factors
      })
      const tenant = Tenant.fromUsers([ann], [], [
        admin("DEADA", { webauthncredentials: [Administrators.key] }),
        admin("DEBOB", { phone_details: [Administrators.phone] }),
        admin("DECYD", {})
      ])
      yield* runAt(`${folder}/data`, at(2) * 1000, { port, tenant }, targets(folder), admins)
      const [resistant = "", some = ""] = about.admins
      assert.deepStrictEqual((yield* judged(folder, ...about.admins)).broken, { [resistant]: 2, [some]: 1 })
    })))
})
