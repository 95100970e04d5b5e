/** How strong an authenticator is, and which of several is the strongest or the weakest. */
import { assert, describe, it } from "@effect/vitest"
import { Schema } from "effect"
import * as Strength from "../../oracle/Strength.ts"

const AnyStrength = Schema.Literals(Strength.strengths)

describe("strength", () => {
  it.prop("the strongest is at least as strong as any, the weakest as weak, and both are one of them", [
    Schema.Array(AnyStrength)
  ], ([methods]) => {
    const ranks = methods.map(Strength.rank)
    assert.strictEqual(Strength.rank(Strength.strongest(methods)), Math.max(0, ...ranks))
    assert.strictEqual(Strength.rank(Strength.weakest(methods)), methods.length === 0 ? 0 : Math.min(...ranks))
  })

  it.prop("a phone that is not activated is telephony at best", [
    Schema.Array(Schema.Literals(["auto", "push", "sms", "phone", "mobile_otp", "telepathy"]))
  ], ([capabilities]) => {
    assert.isAtMost(Strength.rank(Strength.phoneStrength(Strength.phoneUses(false, capabilities))), 1)
    assert.isAtMost(Strength.rank(Strength.phoneStrength(Strength.phoneUses(null, capabilities))), 1)
  })

  it.prop("another capability never makes a phone weaker", [
    Schema.Boolean,
    Schema.Array(Schema.Literals(["push", "sms", "phone", "mobile_otp"])),
    Schema.Literals(["push", "sms", "phone", "mobile_otp"])
  ], ([activated, capabilities, more]) => {
    const strength = (these: ReadonlyArray<string>) =>
      Strength.rank(Strength.phoneStrength(Strength.phoneUses(activated, these)))
    assert.isAtLeast(strength([...capabilities, more]), strength(capabilities))
  })

  it("has the documented ranks", () => {
    assert.deepStrictEqual(Strength.strengths.map((strength) => [strength, Strength.rank(strength)]), [
      ["none", 0],
      ["telephony", 1],
      ["otp", 2],
      ["push", 3],
      ["device_bound", 4],
      ["phishing_resistant", 5]
    ])
  })
})
