/** Values of policies and applications that are read as the same, and values that would make a wrong row. */
import { assert, describe, it } from "@effect/vitest"
import { Result, Schema } from "effect"
import { decodePolicies } from "../../../src/duo/wire/policy/DuoPolicy.ts"
import { decodeIntegrations } from "../../../src/duo/wire/policy/Integration.ts"
import { decodeSummary } from "../../../src/duo/wire/policy/PolicySummary.ts"

/** The list of blocked methods of a policy. */
const blocked = (blocked_auth_list: unknown) => {
  const sections = { authentication_methods: { blocked_auth_list } }
  return Result.map(
    decodePolicies([{ policy_key: "PO1", sections }]),
    ({ values: [policy] }) => policy?.sections?.authentication_methods?.blocked_auth_list
  )
}

describe("a list of words", () => {
  const word = Schema.String.check(Schema.isPattern(/^[a-z0-9-]{1,9}$/))

  it.prop("is the same as an array and as a text with commas and spaces", [Schema.Array(word)], ([words]) => {
    for (const sent of [words, words.join(","), words.join(" , "), ["", ...words, null], `,${words.join(",,")} `]) {
      assert.deepStrictEqual(blocked(sent), Result.succeed(words))
    }
  })

  it("is null if it is absent or null, and otherwise a list; a list of something else is refused", () => {
    assert.deepStrictEqual([blocked(undefined), blocked(null)], [Result.succeed(null), Result.succeed(null)])
    assert.deepStrictEqual([blocked([]), blocked(""), blocked({})], Array(3).fill(Result.succeed([])))
    assert.deepStrictEqual(blocked([1, true]), Result.succeed(["1", "true"]))
    for (const wrong of [5, true, { sms: true }, [["sms"]], [{ name: "sms" }]]) {
      assert.isTrue(Result.isFailure(blocked(wrong)), JSON.stringify(wrong))
    }
  })
})

describe("a policy, an application and the summary", () => {
  const wrong: ReadonlyArray<readonly [what: string, result: Result.Result<unknown, unknown>, where: string]> = [
    ["a policy without a key", decodePolicies([{ policy_name: "VPN" }]), "response[0].policy_key is missing"],
    [
      "a section that is not an object",
      decodePolicies([{ policy_key: "PO1", sections: { new_user: "enroll" } }]),
      "response[0].sections.new_user has the wrong type"
    ],
    [
      "a flag that is neither",
      decodePolicies([{ policy_key: "PO1", is_global_policy: "sometimes" }]),
      "response[0].is_global_policy has the wrong type"
    ],
    [
      "an application with an empty key",
      decodeIntegrations([{ integration_key: "" }]),
      "response[0].integration_key has an impossible value"
    ],
    ["a summary that is a list", decodeSummary([]), "response[0] has the wrong type"],
    [
      "a policy in the summary without a key",
      decodeSummary({ policies: [{ policy_applies_to: [] }] }),
      "response[0].policies[0].policy_key is missing"
    ]
  ]
  for (const [what, result, where] of wrong) {
    it(`are refused: ${what}`, () => {
      const refusal = Result.isFailure(result) ? result.failure : null
      assert.deepStrictEqual(refusal, {
        where: where.split(" ")[0],
        why: where.slice(where.indexOf(" ") + 1)
      })
    })
  }

  it("count fields that are not known, and know those of secrets, which they do not read", () => {
    const secrets = {
      secret_key: "s",
      client_secret: "s",
      sso: { oauth_config: { clients: [{ client_secret: "s" }] } }
    }
    assert.deepStrictEqual(
      Result.map(decodeIntegrations([{ integration_key: "DI1", ...secrets, mood: 1 }]), ({ unknownFields, values }) => [
        unknownFields,
        Object.keys(values[0] ?? {}).filter((name) => /secret|sso/.test(name))
      ]),
      Result.succeed([["mood"], []])
    )
    assert.deepStrictEqual(
      Result.map(
        decodePolicies([{ policy_key: "PO1", sections: { weather: {}, new_user: { mood: 1 }, browsers: {} } }]),
        ({ unknownFields }) => unknownFields
      ),
      Result.succeed(["sections[].weather", "sections[].new_user[].mood"])
    )
  })
})
