/** The rules of what is kept, for any snapshots of a tenant. */
import { assert, describe, it } from "@effect/vitest"
import { Arbitrary, Schema } from "effect"
import * as Keep from "../../../src/run/retention/Keep.ts"

const { array, map, schema } = Arbitrary
const between = (minimum: number, maximum: number) => Schema.Int.check(Schema.isBetween({ minimum, maximum }))

/** Snapshots at hours of four months, some of them at the same time. */
const snapshots = map(
  array(schema(Schema.Struct({ hour: between(0, 2_900), complete: Schema.Boolean, hasCodes: Schema.Boolean })), {
    minLength: 1,
    maxLength: 60
  }),
  (some) =>
    some.map(({ complete, hasCodes, hour }, index): Keep.Snapshot => ({
      run_id: String(index).padStart(3, "0"),
      observed_at: new Date(Date.UTC(2026, 7, 1, hour)).toISOString(),
      complete,
      tables_collected: hasCodes ? ["users", "codes"] : ["users"]
    }))
)
const given = { snapshots, daily: between(0, 40), monthly: between(0, 5) }
const newest = (some: ReadonlyArray<Keep.Snapshot>) =>
  some.toSorted((a, b) => a.observed_at + a.run_id < b.observed_at + b.run_id ? 1 : -1).at(0)?.run_id

const only = (some: ReadonlyArray<Keep.Snapshot>, ids: ReadonlySet<string>) =>
  some.filter(({ run_id }) => ids.has(run_id))

describe("what is kept", () => {
  it.prop("the newest, the newest complete one and the newest with each table always stay", given, (of) => {
    const kept = Keep.kept(of.snapshots, of)
    const mustStay = [
      of.snapshots,
      of.snapshots.filter(({ complete }) => complete),
      of.snapshots.filter(({ tables_collected }) => tables_collected.includes("codes"))
    ].map(newest)
    for (const id of mustStay) assert(id === undefined || kept.has(id))
  })

  it.prop("at most N days, M months and those three stay", given, (of) => {
    assert.isAtMost(Keep.kept(of.snapshots, of).size, of.daily + of.monthly + 3)
  })

  it.prop("the last snapshot of each of the last N days that have one stays", given, (of) => {
    const kept = Keep.kept(of.snapshots, of)
    const byDay = Map.groupBy(of.snapshots, ({ observed_at }) => observed_at.slice(0, 10))
    const days = [...byDay.keys()].sort().toReversed().slice(0, of.daily)
    for (const day of days) assert(kept.has(newest(byDay.get(day) ?? []) ?? ""), day)
    const byMonth = Map.groupBy(of.snapshots, ({ observed_at }) => observed_at.slice(0, 7))
    const months = [...byMonth.keys()].sort().toReversed().slice(0, of.monthly)
    for (const month of months) assert(kept.has(newest(byMonth.get(month) ?? []) ?? ""), month)
  })

  it.prop("more days or months keep more", { ...given, more: between(0, 10) }, (of) => {
    const kept = Keep.kept(of.snapshots, of)
    const wider = Keep.kept(of.snapshots, { daily: of.daily + of.more, monthly: of.monthly + of.more })
    for (const id of kept) assert(wider.has(id))
  })

  it.prop("the same rules again remove nothing", given, (of) => {
    const kept = Keep.kept(of.snapshots, of)
    assert.deepStrictEqual(Keep.kept(only(of.snapshots, kept), of), kept)
  })

  it("names the rules as they are written", () => {
    assert.strictEqual(Keep.textOf({ daily: 30, monthly: 24 }), "--keep-daily 30 --keep-monthly 24")
    assert.strictEqual(Keep.textOf({ daily: 0, monthly: 2 }), "--keep-monthly 2")
  })
})
