/** Bypass codes, and the users whose codes they are. */
import { assert, describe, it } from "@effect/vitest"
import { Result } from "effect"
import { decodeBypassCodes } from "../../../src/duo/wire/BypassCode.ts"
import { documented } from "./documented-user.ts"

describe("A bypass code", () => {
  it("is read with its user", () =>
    assert.deepStrictEqual(
      Result.getOrThrow(decodeBypassCodes([{
        admin_email: "a@example.com",
        bypass_code_id: "DB1",
        created: 1522260759,
        expiration: 1522264359,
        reuse_count: 1,
        user: { ...documented, aliases: null }
      }])),
      {
        values: [{
          bypass_code_id: "DB1",
          admin_email: "a@example.com",
          created: 1522260759,
          expiration: 1522264359,
          reuse_count: 1,
          user: { user_id: "DU3RP9I2WOC59VZX672N", username: "jsmith" }
        }],
        unknownFields: []
      }
    ))

  it("of a deleted user is read, and one of a user without an id is refused", () => {
    for (const user of [{}, { user: null }]) {
      assert.isTrue(Result.isSuccess(decodeBypassCodes([{ bypass_code_id: "DB1", ...user }])))
    }
    const result = decodeBypassCodes([{ bypass_code_id: "DB1", user: {} }])
    assert.deepStrictEqual(Result.isFailure(result) && result.failure, {
      where: "response[0].user.user_id",
      why: "is missing"
    })
  })
})
