/** The SELECTs make the same cells of hostile policies and applications as independent TypeScript code does. */
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { settings } from "../../../src/duo/PolicySettings.ts"
import { Dice } from "../../../src/emulator/people/Dice.ts"
import type { Row } from "../../../src/Table.ts"
import * as Hostile from "../../support/hostile/policies.ts"
import { applied, settingsOf } from "./expected.ts"
import { decode, ofIntegrations, ofPolicies } from "./objects.ts"

const only = (row: Row, names: ReadonlyArray<string>) => Object.fromEntries(names.map((name) => [name, row[name]]))
const names = Object.keys(settings)

const policiesOf = (dice: Dice, count: number, globals: number) =>
  Array.from({ length: count }, (_, at) => Hostile.policy(`PO${at}`, at < globals)(dice))

describe("SQL makes of hostile objects", () => {
  it.effect("the settings of policies", () =>
    Effect.gen(function*() {
      const sent = policiesOf(new Dice(1), 1500, 1)
      const { rows } = yield* ofPolicies(...sent)
      const found = new Map(rows["policies"]?.map((row) => [row["policy_key"], row]))
      const { policies: { values } } = decode({ policies: sent })
      assert.strictEqual(found.size, values.length)
      for (const { policy_key, sections } of values) {
        assert.deepStrictEqual(only(found.get(policy_key) ?? {}, names), { ...settingsOf(sections) }, policy_key)
      }
      // every answer occurs often, so a test of equal cells tests something
      for (const name of ["strongest_allowed", "weakest_allowed", "allows_sms", "remembered_browser_hours"]) {
        const different = Map.groupBy(found.values(), (row) => row[name])
        assert.isAbove(different.size, 2, name)
        for (const value of [null, false, true, "none", "telephony"]) {
          if (different.has(value)) assert.isAbove(different.get(value)?.length ?? 0, 5, `${name} ${value}`)
        }
      }
    }))

  for (const globals of [1, 0, 2]) {
    it.effect(`what applies to everyone and to groups of applications, with ${globals} global policies`, () =>
      Effect.gen(function*() {
        const dice = new Dice(2 + globals)
        const sent = {
          policies: policiesOf(dice, 60, globals),
          integrations: Array.from({ length: 80 }, (_, at) => Hostile.integration(`DI${at}`, 60)(dice)),
          // the last ones are of policies that are not listed
          summaries: Array.from({ length: 65 }, (_, at) => Hostile.summary(`PO${at}`, 80)(dice))
        }
        const { rows } = yield* ofIntegrations(sent)
        const { integrations, policies, summaries: { values: [summary] } } = decode(sent)
        const expected = integrations.values.flatMap((integration) =>
          applied(integration, policies.values, summary?.policies ?? []).map(({ sections, ...row }) => ({
            ...row,
            ...settingsOf(sections)
          }))
        )
        const keyOf = (row: Row) => `${String(row["integration_key"])} ${String(row["applies_to"])}`
        const found = new Map(rows["application_policies"]?.map((row) => [keyOf(row), row]))
        const columns = ["integration_key", "applies_to", "policy_level", "policy_key", ...names]
        for (const row of expected) assert.deepStrictEqual(only(found.get(keyOf(row)) ?? {}, columns), row, keyOf(row))
        assert.strictEqual(rows["application_policies"]?.length, expected.length)
        assert.isAbove(found.size, 200)
        assert.strictEqual(rows["integrations"]?.length, 80)
      }))
  }
})
