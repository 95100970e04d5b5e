import { assert, it } from "@effect/vitest"
import { Arbitrary, Schema } from "effect"
import * as Instant from "../../src/duckdb/Instant.ts"

/** All instants that `Date` can represent. */
const millis = Arbitrary.schema(Schema.Int.check(Schema.isBetween({ minimum: -8.64e15, maximum: 8.64e15 })))
const fraction = Arbitrary.schema(Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 999 })))

it.prop(
  "an instant is written as Date writes it, with microseconds",
  { millis, fraction },
  ({ fraction, millis }) => {
    const [, sign = "", year = "", rest = "", ms = ""] =
      /^([+-]?)(\d+)(.*)\.(\d{3})Z$/.exec(new Date(millis).toISOString()) ?? []
    const digits = `${ms}${String(fraction).padStart(3, "0")}`
    const expected = `${sign === "-" ? "-" : ""}${String(Number(year)).padStart(4, "0")}${rest}${
      Number(digits) === 0 ? "" : `.${digits}`
    }Z`
    assert.strictEqual(Instant.format(BigInt(millis) * 1000n + BigInt(fraction)), expected)
  }
)

it("an instant may be further away than Date can say", () => {
  assert.strictEqual(Instant.format(9_223_372_036_854_775_807n), "294247-01-10T04:00:54.775807Z")
  assert.strictEqual(Instant.format(-1n), "1969-12-31T23:59:59.999999Z")
  assert.strictEqual(Instant.format(0n), "1970-01-01T00:00:00Z")
  assert.strictEqual(Instant.format(-62_167_219_200_000_001n), "-0001-12-31T23:59:59.999999Z")
})
