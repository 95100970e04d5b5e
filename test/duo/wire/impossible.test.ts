/** Values that would make a wrong row: the user is refused, and the error says where the value is. */
import { assert, describe, it } from "@effect/vitest"
import { documented, refused } from "./documented-user.ts"

describe("A user", () => {
  const wrong: ReadonlyArray<readonly [what: string, change: unknown, where: string]> = [
    ["no id", { user_id: undefined }, "response[0].user_id is missing"],
    ["an empty id", { user_id: "" }, "response[0].user_id has an impossible value"],
    ["a null id", { user_id: null }, "response[0].user_id has the wrong type"],
    ["a phone without an id", { phones: [{}] }, "response[0].phones[0].phone_id is missing"],
    ["a token without an id", { tokens: [{}] }, "response[0].tokens[0].token_id is missing"],
    [
      "a credential without a key",
      { webauthncredentials: [{}] },
      "response[0].webauthncredentials[0].webauthnkey is missing"
    ],
    ["a U2F token without an id", { u2ftokens: [{}] }, "response[0].u2ftokens[0].registration_id is missing"],
    [
      "a desktop token without an id",
      { desktoptokens: [{}] },
      "response[0].desktoptokens[0].desktoptoken_id is missing"
    ],
    [
      "a desktop without a key",
      { desktop_authenticators: [{}] },
      "response[0].desktop_authenticators[0].dakey is missing"
    ],
    [
      "a desktop with an empty key and number",
      { desktop_authenticators: [{ dakey: "", daid: "" }] },
      "response[0].desktop_authenticators[0].dakey has an impossible value"
    ],
    [
      "a desktop whose number is an object",
      { desktop_authenticators: [{ daid: {} }] },
      "response[0].desktop_authenticators[0].dakey has the wrong type"
    ],
    ["a group without an id", { groups: [{}] }, "response[0].groups[0].group_id is missing"],
    ["a phone that is none", { phones: [{ phone_id: "DP" }, 1] }, "response[0].phones[1] has the wrong type"],
    ["phones in an object", { phones: { a: 1 } }, "response[0].phones has the wrong type"],
    ["a name that is an object", { realname: { secret: "canary" } }, "response[0].realname has the wrong type"],
    ["milliseconds", { created: 1489612729000 }, "response[0].created has an impossible value"],
    ["milliseconds as text", { created: "1489612729000" }, "response[0].created has an impossible value"],
    ["a time in words", { created: "yesterday" }, "response[0].created has an impossible value"],
    ["a time that is true", { created: true }, "response[0].created has the wrong type"],
    ["a time in an exponent", { created: "1.7e9" }, "response[0].created has an impossible value"],
    ["a time that ends in a dot", { created: "1700000000." }, "response[0].created has an impossible value"],
    ["a fraction of an integer", {
      tokens: [{ token_id: "DH", totp_step: 30.5 }]
    }, "response[0].tokens[0].totp_step has an impossible value"],
    ["a fraction of an integer as text", {
      tokens: [{ token_id: "DH", totp_step: "30.5" }]
    }, "response[0].tokens[0].totp_step has an impossible value"],
    ["a fraction of an integer that a number cannot hold", {
      tokens: [{ token_id: "DH", totp_step: "30.00000000000000000001" }]
    }, "response[0].tokens[0].totp_step has an impossible value"],
    ["an id that is true", { user_id: true }, "response[0].user_id has the wrong type"],
    ["an id that JSON.parse has rounded", { user_id: 2 ** 53 + 2 }, "response[0].user_id has an impossible value"],
    ["a list in a list", { phones: [[]] }, "response[0].phones[0] has the wrong type"],
    ["phones in words", { phones: "none" }, "response[0].phones has the wrong type"],
    ["a capability that is an object", {
      phones: [{ phone_id: "DP", capabilities: [{}] }]
    }, "response[0].phones[0].capabilities[0] has the wrong type"],
    ["capabilities that are a number", {
      phones: [{ phone_id: "DP", capabilities: 1 }]
    }, "response[0].phones[0].capabilities has the wrong type"],
    ["aliases in a list", { aliases: ["joe"] }, "response[0].aliases has the wrong type"],
    ["an alias that JSON.parse has rounded", {
      aliases: { alias1: 2 ** 53 }
    }, "response[0].aliases.alias1 has an impossible value"],
    ["the year 10000", { last_login: 253_402_300_800 }, "response[0].last_login has an impossible value"],
    ["the year 0", { last_login: -62_135_596_801 }, "response[0].last_login has an impossible value"],
    ["a number that JSON.parse has rounded", { username: 2 ** 53 + 2 }, "response[0].username has an impossible value"],
    ["infinity, which is what 1e400 becomes", { username: Infinity }, "response[0].username has an impossible value"],
    ["a boolean that is none", { is_enrolled: "yes" }, "response[0].is_enrolled has the wrong type"],
    ["a boolean that is 2", { is_enrolled: 2 }, "response[0].is_enrolled has the wrong type"],
    ["an alias that is a list, by an unusual name", { aliases: { "joe smith": [] } }, "response[0].aliases"]
  ]
  for (const [what, change, where] of wrong) {
    it(`is refused for ${what}`, () => assert.include(refused({ ...documented, ...Object(change) }), where))
  }
})
