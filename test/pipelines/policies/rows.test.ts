/** The rows of policies and applications: what Duo says in two forms is the same, and what it does not say is NULL. */
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import type { Row } from "../../../src/Table.ts"
import { methods, ofPolicies, policy } from "./objects.ts"

/** The rows of policies with these sections, in order. */
const rowsOf = (...sections: ReadonlyArray<unknown>) =>
  Effect.map(
    ofPolicies(...sections.map((of, n) => policy(`PO${n}`, of))),
    ({ rows }) => rows["policies"]?.toSorted((a, b) => String(a["policy_key"]) < String(b["policy_key"]) ? -1 : 1) ?? []
  )

/** The settings of a row. */
const settingsOf = (row: Row | undefined) => {
  const { policy_key, policy_name, ...settings } = row ?? {}
  return settings
}

const allows = (row: Row) =>
  Object.entries(row).flatMap(([name, value]) => name.startsWith("allows_") && value === true ? [name.slice(7)] : [])

describe("a policy's row", () => {
  it.effect("is the same whether Duo sends lists as arrays or as text, and numbers and booleans as themselves or as text", () =>
    Effect.gen(function*() {
      const [lists, texts] = yield* rowsOf({
        ...methods(["duo-push", "sms"], ["phonecall", "bypass"], {
          require_verified_push: true,
          verified_push_digits: 6
        }),
        authorized_networks: {
          no_2fa_required: { ip_list: ["192.0.2.0/24", "198.51.100.7"] },
          deny_other_access: false
        },
        user_location: { deny_access_countries_list: ["KP", "RU"] }
      }, {
        ...methods("sms,duo-push", "bypass, phonecall", { require_verified_push: "True", verified_push_digits: "6" }),
        authorized_networks: { no_2fa_required: { ip_list: "198.51.100.7, 192.0.2.0/24" }, deny_other_access: "false" },
        user_location: { deny_access_countries_list: "RU,KP" }
      })
      assert.deepStrictEqual(settingsOf(lists), settingsOf(texts))
      assert.deepInclude(lists, { allowed_auth_list: "duo-push, sms", blocked_auth_list: "bypass, phonecall" })
      assert.deepInclude(lists, { no_2fa_networks: "192.0.2.0/24, 198.51.100.7", denied_countries: "KP, RU" })
      assert.deepInclude(lists, { require_verified_push: true, verified_push_digits: 6, deny_other_access: false })
    }))

  it.effect("allows a method that is in neither list, because Duo's reference says so, and none that is blocked", () =>
    Effect.gen(function*() {
      const [row] = yield* rowsOf(methods(["duo-push", "phonecall"], "phonecall,sms,bypass,bypass-pwl"))
      assert.deepStrictEqual(allows(row ?? {}), [
        "duo_push",
        "duo_push_pwl",
        "webauthn_platform",
        "webauthn_platform_pwl",
        "webauthn_roaming",
        "webauthn_roaming_pwl",
        "desktop",
        "duo_passcode",
        "hardware_token"
      ])
      assert.deepInclude(row, { allows_sms: false, allows_phonecall: false, allows_bypass: false })
      assert.deepInclude(row, { strongest_allowed: "phishing_resistant", weakest_allowed: "otp" })
    }))

  it.effect("does not say no where Duo says nothing: without a section, a list or a setting", () =>
    Effect.gen(function*() {
      const silent = yield* rowsOf(undefined, null, {}, { authentication_methods: null }, {
        authentication_methods: {}
      })
      for (const row of silent) {
        assert.deepStrictEqual(
          Object.keys(row).filter((name) => row[name] !== null && name !== "sections"),
          ["run_id", "observed_at", "tenant", "policy_key", "policy_name", "is_global_policy"]
        )
      }
      const [blocked, allowed, sms] = yield* rowsOf(
        methods(undefined, ["sms"]),
        methods("webauthn-roaming", undefined),
        methods(["sms"], null)
      )
      assert.deepInclude(blocked, { allowed_auth_list: null, allows_sms: false, allows_duo_push: true })
      assert.deepInclude(allowed, { allows_webauthn_roaming: true, allows_sms: null, allows_duo_push: null })
      assert.deepInclude(allowed, { strongest_allowed: "phishing_resistant", weakest_allowed: null })
      assert.deepInclude(sms, { strongest_allowed: null, weakest_allowed: "telephony" })
    }))

  it.effect("tells an empty list of networks from none", () =>
    Effect.gen(function*() {
      const lists = [{ ip_list: ["192.0.2.1"] }, { ip_list: [] }, { ip_list: "" }, {}, null]
      const rows = yield* rowsOf(...lists.map((no_2fa_required) => ({ authorized_networks: { no_2fa_required } })))
      assert.deepStrictEqual(rows.map((row) => row["has_no_2fa_networks"]), [true, false, false, null, null])
    }))

  it.effect("says how strong the methods are, bypass codes aside, or that it cannot be told", () =>
    Effect.gen(function*() {
      const blocked = "desktop,duo-passcode,duo-push,duo-push-pwl,hardware-token,phonecall,sms"
      const webauthn = "webauthn-platform,webauthn-platform-pwl,webauthn-roaming,webauthn-roaming-pwl"
      const rows = yield* rowsOf(
        methods([], blocked),
        methods(["smart-card", "bypass"], blocked),
        methods("", `${blocked},${webauthn}`),
        // a method of which only the name is known may be the weakest, and cannot be stronger than the strongest
        methods(["telepathy"], blocked),
        methods(["telepathy"], `${blocked},${webauthn}`),
        methods(["telepathy"], `${blocked},telepathy`)
      )
      assert.deepStrictEqual(rows.map((row) => [row["strongest_allowed"], row["weakest_allowed"]]), [
        ["phishing_resistant", "phishing_resistant"],
        ["phishing_resistant", "phishing_resistant"],
        ["none", "none"],
        ["phishing_resistant", null],
        [null, null],
        ["phishing_resistant", "phishing_resistant"]
      ])
    }))

  it.effect("says in hours for how long a browser is remembered, by the method that is in use", () =>
    Effect.gen(function*() {
      const [days, hours] = [{ max_time_units: "days", max_time_value: 7 }, {
        max_time_units: "hours",
        max_time_value: 5
      }]
      const both = { enabled: true, user_based: days, risk_based: hours }
      const browsers = [
        { ...both, remember_method: "user-based" },
        { ...both, remember_method: "risk-based" },
        { enabled: true, user_based: days },
        { ...both, remember_method: "dice-based" },
        { ...both, enabled: false },
        { enabled: true, user_based: { max_time_units: "moons", max_time_value: 2 } }
      ]
      const rows = yield* rowsOf(...browsers.map((browser_apps) => ({ remembered_devices: { browser_apps } })))
      assert.deepStrictEqual(rows.map((row) => row["remembered_browser_hours"]), [168, 5, 168, null, null, null])
    }))

  it.effect("keeps unknown values, and counts them and unknown fields", () =>
    Effect.gen(function*() {
      const { rows, unknown } = yield* ofPolicies(
        policy("PO1", {
          ...methods(["telepathy", "sms"], ["telepathy", "Duo-Push"]),
          authentication_policy: { user_auth_behavior: "ask nicely" },
          new_user: { new_user_behavior: "Enroll" },
          anonymous_networks: { anonymous_access_behavior: "quarantine" },
          user_location: { default_action: "teleport" },
          trusted_endpoints: { trusted_endpoint_checking: "maybe", trusted_endpoint_checking_mobile: "allow-all" },
          remembered_devices: {
            browser_apps: { remember_method: "dice-based", user_based: { max_time_units: "moons" } }
          }
        })
      )
      assert.deepInclude(rows["policies"]?.[0], {
        blocked_auth_list: "Duo-Push, telepathy",
        allows_duo_push: false,
        user_auth_behavior: "ask nicely",
        location_default_action: "teleport"
      })
      assert.deepStrictEqual(unknown, {
        "unknown authentication method: telepathy, kept as it is": 1,
        "unknown user_auth_behavior: ask nicely, kept as it is": 1,
        "unknown anonymous_access_behavior: quarantine, kept as it is": 1,
        "unknown default_action: teleport, kept as it is": 1,
        "unknown trusted_endpoint_checking: maybe, kept as it is": 1,
        "unknown remember_method: dice-based, kept as it is": 1,
        "unknown max_time_units: moons, the hours are left NULL": 1
      })
    }))

  it.effect("contradicts itself if none or several are global", () =>
    Effect.gen(function*() {
      const globals = (...are: ReadonlyArray<unknown>) =>
        Effect.map(
          ofPolicies(...are.map((is_global_policy, n) => policy(`PO${n}`, {}, { is_global_policy }))),
          ({ contradictions }) => contradictions
        )
      assert.deepStrictEqual(yield* globals("true", false, null), {})
      assert.deepStrictEqual(yield* globals(0, null), { "none of the policies is global": 1 })
      assert.deepStrictEqual(yield* globals(true, 1, false), { "several policies are global": 2 })
    }))
})
