/** The entries of Duo's list of child accounts that are left out, and the sentences about them. */
import { assert, describe, it } from "@effect/vitest"
import { Result } from "effect"
import { divide } from "../../src/duo/Accounts.ts"
import { decodeAccounts } from "../../src/duo/wire/Account.ts"

describe("An entry is left out", () => {
  const [a, b] = ["DAAAAAAAAAAAAAAAAAAA", "DABBBBBBBBBBBBBBBBBB"]
  const duo = { host: "api-00000000.duosecurity.com", loopback: false }
  const entry = (account_id: string | undefined, api_hostname: string | undefined) => ({ account_id, api_hostname })
  const one = entry(a, "api-aaaaaaaa.duosecurity.com")
  const sole = `Account ${a} is left out, because`
  const cases: ReadonlyArray<readonly [why: string, entries: ReadonlyArray<unknown>, leftOut: ReadonlyArray<string>]> =
    [
      ["without an id", [entry(undefined, "api-bbbbbbbb.duosecurity.com"), { ...one, account_id: "" }], [
        "Entry 1 of Duo's list is left out, because it has no account_id.",
        "Entry 2 of Duo's list is left out, because it has no account_id."
      ]],
      ["whose id is none of Duo's", [{ ...one, account_id: "DA<script>" }], [
        "Entry 1 of Duo's list is left out, because its account_id is not DA and 18 letters and digits."
      ]],
      ["without a host", [entry(a, undefined), entry(b, "")], [
        `${sole} it has no API host.`,
        `Account ${b} is left out, because it has no API host.`
      ]],
      ["whose host is none of Duo's", [entry(a, "api-aaaaaaaa.duosecurity.com.example.com")], [
        `${sole} its API host is not one of Duo's.`
      ]],
      ["whose host is this machine", [entry(a, "127.0.0.1:8080")], [`${sole} its API host is not one of Duo's.`]],
      ["whose host is the parent's", [entry(a, "API-00000000.duosecurity.com")], [
        `${sole} its API host is the one of the parent.`
      ]],
      ["whose host comes twice", [one, entry(b, "api-AAAAAAAA.duosecurity.com"), entry("", one.api_hostname)], [
        `${sole} another entry of Duo's list has the same API host.`,
        `Account ${b} is left out, because another entry of Duo's list has the same API host.`,
        "Entry 3 of Duo's list is left out, because it has no account_id."
      ]],
      ["whose host comes twice, once without an id", [one, entry(undefined, one.api_hostname)], [
        `${sole} another entry of Duo's list has the same API host.`,
        "Entry 2 of Duo's list is left out, because it has no account_id."
      ]],
      ["whose id comes twice", [one, entry(a, "api-bbbbbbbb.duosecurity.com")], [
        `${sole} another entry of Duo's list has the same account_id.`,
        `${sole} another entry of Duo's list has the same account_id.`
      ]]
    ]
  for (const [why, entries, leftOut] of cases) {
    it(why, () => {
      const other = entry("DA000000000000000000", "api-cccccccc.duofederal.com")
      const { values } = Result.getOrThrow(decodeAccounts([...entries, other]))
      const divided = divide(values, duo)
      assert.deepStrictEqual(divided.leftOut, leftOut)
      assert.deepStrictEqual(divided.children.map(({ account_id }) => account_id), [other.account_id])
    })
  }
})
