/** Random pages become exact rows or are refused. A failure is shrunk. The torture matrix has more of them. */
import * as NodeServices from "@effect/platform-node/NodeServices"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Schema } from "effect"
import { BypassCode } from "../../../src/duo/wire/BypassCode.ts"
import * as User from "../../../src/duo/wire/User.ts"
import { judge, type Trial } from "../../torture/fuzz/answers.ts"
import { makeAll } from "../../torture/fuzz/path.ts"

const Users = Schema.Array(Schema.Struct({
  user_id: Schema.Literals(["DU1", "DU2", "DU3"]),
  username: Schema.NullOr(Schema.String),
  status: Schema.NullOr(Schema.Literals(["active", "Bypass", "", "new"])),
  aliases: Schema.Record(Schema.String, Schema.NullOr(Schema.String)),
  created: Schema.NullOr(Schema.Int),
  groups: Schema.Array(User.Group),
  phones: Schema.Array(User.Phone),
  tokens: Schema.Array(User.Token),
  u2ftokens: Schema.Array(User.U2fToken),
  webauthncredentials: Schema.Array(User.WebAuthnCredential),
  desktoptokens: Schema.Array(User.DesktopToken),
  desktop_authenticators: Schema.Array(User.DesktopAuthenticator)
}))

const answer = (response: unknown) => JSON.stringify({ stat: "OK", response })

/** Checks that answers become exact rows or are refused. */
const becomes = Effect.fnUntraced(function*({ check, reads }: Trial) {
  const made = reads.length === 0 ? [] : yield* Effect.provide(makeAll(reads), NodeServices.layer)
  assert.match(Object.keys(check(made)).join(), /^(exact rows|refused: (UnreadableAnswer|NotUtf8))$/)
})

describe("an answer", () => {
  it.effect.prop(
    "of users and codes that the schemas allow becomes exact rows, or is refused",
    [
      Users,
      Schema.Array(BypassCode)
    ],
    ([users, codes]) => becomes(judge([answer(codes)], [answer(users)])),
    { arbitrary: { runs: 50 } }
  )

  it.effect.prop(
    "of any JSON becomes exact rows, or is refused",
    [Schema.Json],
    ([json]) => becomes(judge([], [answer(json)]))
  )
})
