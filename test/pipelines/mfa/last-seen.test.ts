/** When a phone was last seen: the texts that are an instant, and those that are not. */
import { assert, describe, it } from "@effect/vitest"
import { Schema } from "effect"
import { fromText } from "../../oracle/Cells.ts"

describe("flatten", () => {
  const Moment = Schema.Struct({
    seconds: Schema.Int.check(Schema.isBetween({ minimum: -62_135_596_800, maximum: 253_402_300_799 })),
    fraction: Schema.Array(Schema.Literals([0, 1, 5, 9])).check(Schema.isMaxLength(9)),
    between: Schema.Literals(["T", " "]),
    zone: Schema.Literals(["", "Z", "+00:00", "-0000", "+02:00", "-0930", "+2359"])
  })

  it.prop("last_seen is the instant it says, to the microsecond, UTC if it names no zone", [Moment], ([moment]) => {
    const { between, seconds, zone } = moment
    const fraction = moment.fraction.join("")
    const minutes = { "+02:00": 120, "-0930": -570, "+2359": 1439 }[zone as string] ?? 0
    const text = new Date(seconds * 1000).toISOString().slice(0, 19).replace("T", between)
    const utc = seconds - minutes * 60
    const micros = BigInt(utc) * 1_000_000n + BigInt(`${fraction}000000`.slice(0, 6))
    assert.strictEqual(
      fromText(`${text}${fraction === "" ? "" : `.${fraction}`}${zone}`),
      utc < -62_135_596_800 || utc > 253_402_300_799 ? null : micros
    )
  })

  const Two = (maximum: number) => Schema.Int.check(Schema.isBetween({ minimum: 0, maximum }))

  it.prop("last_seen is NULL for a date or time that does not exist", [
    Schema.Struct({ year: Two(9999), month: Two(14), day: Two(33), hour: Two(26), minute: Two(62), second: Two(62) })
  ], ([{ day, hour, minute, month, second, year }]) => {
    const two = (n: number) => String(n).padStart(2, "0")
    const days = new Date(Date.UTC(2000 + year % 400, month, 0)).getUTCDate()
    const exists = year > 0 && month >= 1 && month <= 12 && day >= 1 && day <= days && hour < 24 && minute < 60 &&
      second < 60
    const text = `${String(year).padStart(4, "0")}-${two(month)}-${two(day)}T${two(hour)}:${two(minute)}:${two(second)}`
    assert.strictEqual(fromText(text) !== null, exists, text)
  })

  it("last_seen is NULL if it is not a time", () => {
    assert.strictEqual(fromText("2022-12-16T07:39:49"), 1_671_176_389_000_000n)
    assert.strictEqual(fromText("2024-02-29 00:00:00.123456789Z"), 1_709_164_800_123_456n)
    for (
      const text of [
        "",
        "yesterday",
        "2022-02-30T00:00:00",
        "2023-02-29T00:00:00",
        "2022-12-16",
        "2022-12-16T07:39",
        "2022-12-16T07:39:49.",
        "2022-12-16T07:39:49.0123456789",
        "2022-12-16T07:39:49 and later",
        "2022-12-16T07:39:49+24:00",
        "2022-12-16T07:39:49+02:60",
        null
      ]
    ) assert.isNull(fromText(text), String(text))
  })
})
