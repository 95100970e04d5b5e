/** The rows of applications: which policy applies to whom, and what is not known. */
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import * as IntegrationTables from "../../../pipelines/integrations/Tables.ts"
import { invent } from "../../../src/emulator/people/InventedPolicies.ts"
import type { JsonObject } from "../../../src/emulator/people/PythonJson.ts"
import { tablesOf } from "../../../src/emulator/people/Tenant.ts"
import { methods, ofIntegrations, policy } from "./objects.ts"

const sms = methods(["sms"], [])
const keys = methods(["webauthn-roaming"], ["sms", "phonecall", "duo-push", "duo-push-pwl", "duo-passcode"])
const global = policy("POGLOBAL", {
  ...sms,
  new_user: { new_user_behavior: "enroll" },
  authentication_policy: { user_auth_behavior: "enforce" }
})
const target = (apply_type: string, app_integration_key: string, more: object = {}) => ({
  apply_type,
  app_integration_key,
  app_name: "name",
  ...more
})

describe("what applies to an application", () => {
  it.effect("is the group's policy before the application's before the global one, section by section", () =>
    Effect.gen(function*() {
      const { contradictions, rows, unknown } = yield* ofIntegrations({
        policies: [
          global,
          policy("POAPP", { new_user: { new_user_behavior: "deny" } }),
          policy("POGROUP", { ...keys, new_user: null })
        ],
        integrations: [
          { integration_key: "DI1", name: "Wiki", type: "websdk", user_access: "ALL_USERS", policy_key: "POAPP" },
          { integration_key: "DI2", name: "Mail", type: "websdk", user_access: "ALL_USERS" }
        ],
        summaries: [
          { policy_key: "POGLOBAL", policy_name: "Global Policy", policy_applies_to: [] },
          { policy_key: "POAPP", policy_applies_to: [target("app", "DI1")] },
          {
            policy_key: "POGROUP",
            policy_applies_to: [target("group_app", "DI1", { groups: [{ group_id: "DG1", group_name: "Staff" }] })]
          }
        ]
      })
      const found = rows["application_policies"]?.map((row) => [
        row["application_name"],
        row["applies_to"],
        row["policy_level"],
        row["policy_name"],
        row["new_user_behavior"],
        row["weakest_allowed"],
        row["user_auth_behavior"]
      ])
      assert.deepStrictEqual(found?.toSorted(), [
        ["Mail", "everyone", "global", "Policy POGLOBAL", "enroll", "telephony", "enforce"],
        ["Wiki", "DG1", "group", "Policy POGROUP", "deny", "otp", "enforce"],
        ["Wiki", "everyone", "application", "Policy POAPP", "deny", "telephony", "enforce"]
      ])
      assert.deepStrictEqual(
        rows["integrations"]?.map((row) => [row["policy_key"], row["has_group_policies"]]),
        [["POAPP", true], [null, false]]
      )
      assert.deepStrictEqual([unknown, contradictions], [{}, {}])
    }))

  it.effect("is the policy with the lowest position, for a group that is in several", () =>
    Effect.gen(function*() {
      const groups = ["DG1"]
      const { rows } = yield* ofIntegrations({
        policies: [global, policy("POA", {}), policy("POB", {})],
        integrations: [{ integration_key: "DI1" }],
        summaries: [
          { policy_key: "POA", policy_applies_to: [target("group_app", "DI1", { group_position: 2, groups })] },
          { policy_key: "POB", policy_applies_to: [target("group_app", "DI1", { group_position: 1, groups })] }
        ]
      })
      const group = rows["application_policies"]?.find((row) => row["applies_to"] === "DG1")
      assert.deepInclude(group, { policy_key: "POB", group_position: 1, group_id: "DG1", group_name: null })
    }))

  it.effect("is not known where a policy is not listed, which is counted, and never that of the global policy", () =>
    Effect.gen(function*() {
      const { contradictions, rows, unknown } = yield* ofIntegrations({
        policies: [global, policy("POAPP", keys)],
        integrations: [
          { integration_key: "DI1", policy_key: "POLOST", user_access: "NOBODY" },
          { integration_key: "DI2", policy_key: "POAPP" },
          { integration_key: "DI3" }
        ],
        summaries: [
          { policy_key: "POLOST", policy_applies_to: [target("app", "DI1"), target("app", "DI9")] },
          { policy_key: "POAPP", policy_applies_to: [target("group", "DI1"), target("group_app", "DI2")] },
          {
            policy_key: "POX",
            policy_applies_to: [target("group_app", "DI3", { groups: ["DG1", "", { group_name: "Staff" }] })]
          },
          { policy_key: "POAPP2", policy_applies_to: [target("app", "DI2")] }
        ]
      })
      const everyone = rows["application_policies"]?.map((row) => [
        row["integration_key"],
        row["applies_to"],
        row["policy_key"],
        row["weakest_allowed"],
        row["new_user_behavior"]
      ])
      assert.deepStrictEqual(everyone?.toSorted(), [
        ["DI1", "everyone", "POLOST", null, null],
        ["DI2", "everyone", "POAPP", "otp", "enroll"],
        ["DI3", "DG1", "POX", null, null],
        ["DI3", "everyone", "POGLOBAL", "telephony", "enroll"]
      ])
      assert.deepStrictEqual(unknown, {
        "unknown user_access: NOBODY, kept as it is": 1,
        "unknown apply_type: group, left out": 1,
        "policy for groups of an application without the groups, left out": 1,
        "group of a policy without an id, left out": 2,
        "policy of an application that is not listed, left out": 1,
        "application with a policy that is not listed, its settings left NULL": 1
      })
      assert.deepStrictEqual(contradictions, {
        "the list of integrations and the summary of policies name different policies of an application": 1
      })
    }))

  it.effect("is only what the application's own policy sets, if it is not known which policy is global", () =>
    Effect.gen(function*() {
      for (
        const [globals, says] of [[0, "none of the policies is global"], [2, "several policies are global"]] as const
      ) {
        const { contradictions, rows } = yield* ofIntegrations({
          policies: [
            { ...global, is_global_policy: globals === 2 },
            policy("POAPP", keys, { is_global_policy: globals === 2 })
          ],
          integrations: [{ integration_key: "DI1", policy_key: "POAPP" }, { integration_key: "DI2" }]
        })
        const found = rows["application_policies"]?.map((row) => [
          row["policy_key"],
          row["weakest_allowed"],
          row["new_user_behavior"]
        ])
        assert.deepStrictEqual(found, [["POAPP", "otp", null], [null, null, null]])
        assert.deepStrictEqual(Object.keys(contradictions), [says])
      }
    }))

  it.effect("never counts a summary that was not whole as the absence of a group's policy", () =>
    Effect.gen(function*() {
      const { rows } = yield* ofIntegrations({
        policies: [global],
        integrations: [{ integration_key: "DI1" }],
        isWhole: false
      })
      assert.isNull(rows["integrations"]?.[0]?.["has_group_policies"])
    }))
})

describe("an application's row", () => {
  it.effect("has its groups and permissions in every form that Duo sends, and no secret", () =>
    Effect.gen(function*() {
      const { rows } = yield* ofIntegrations({
        policies: [global],
        integrations: [
          { integration_key: "DI1", groups_allowed: ["DG2", "DG1"], adminapi_info: 1, adminapi_read_log: 0 },
          { integration_key: "DI2", groups_allowed: "DG1,DG2", adminapi_info: true, secret_key: "s".repeat(40) },
          { integration_key: "DI3", groups_allowed: null, policy_key: "", adminapi_info: null, sso: { a: 1 } }
        ]
      })
      assert.deepStrictEqual(
        rows["integrations"]?.map((row) => [row["groups_allowed"], row["adminapi_permissions"], row["policy_key"]]),
        [["DG1, DG2", "adminapi_info", null], ["DG1, DG2", "adminapi_info", null], [null, null, null]]
      )
      assert.notInclude(Object.keys(IntegrationTables.integrations.specs), "secret_key")
    }))

  it.effect("fits the groups and the policies of every invented tenant", () =>
    Effect.gen(function*() {
      for (const [seed, people] of [[1, "plausible"], [2, "hostile"], [77, "hostile"]] as const) {
        const ground = { seed, epoch: 1_793_500_000, tables: tablesOf(people) }
        const { integrations, policies, summary } = invent(ground)
        const summaries = (summary as JsonObject)["policies"] as ReadonlyArray<unknown>
        const { contradictions, rows, unknown } = yield* ofIntegrations({ policies, integrations, summaries })
        assert.deepStrictEqual([unknown, contradictions], [{}, {}])
        for (const table of [IntegrationTables.integrations, IntegrationTables.applicationPolicies]) {
          for (const row of rows[table.name] ?? []) {
            assert.deepStrictEqual(Object.keys(row), table.columns.map(({ name }) => name))
            assert.notInclude(Object.values(row), "")
            for (const { name, required } of table.columns) if (required) assert.isNotNull(row[name])
          }
        }
        const levels = new Set(rows["application_policies"]?.map((row) => row["policy_level"]))
        assert.deepStrictEqual(levels, new Set(["group", "application", "global"]))
        assert.strictEqual(JSON.stringify(invent(ground).policies), JSON.stringify(policies))
      }
    }))
})
