/** The columns about the weakest way in and the factor of the last login. */
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { html } from "../../../../src/report/Html.ts"
import { waysIn } from "../../../../src/report/parts/people/WaysIn.ts"
import { sentences } from "../../sentences.ts"
import { type LoggedWorld, places } from "../logs.ts"

const ann = { user_id: "DUann" }

/** The columns of a world with what they say of its user. */
const shown = Effect.fnUntraced(function*(world: LoggedWorld) {
  const [place] = yield* places([world])
  assert.isDefined(place)
  const columns = yield* waysIn(place, [ann])
  return Object.fromEntries(columns.map(({ cell, name }) => [name, sentences(String(html`${cell(ann)}`))]))
}, Effect.scoped)

describe("the ways in of a user at risk", () => {
  const weakest = (world: LoggedWorld) => Effect.map(shown(world), (columns) => columns["Weakest way in"])

  it.effect("end with the weakest that the policy permits and the user has", () =>
    Effect.gen(function*() {
      assert.strictEqual(yield* weakest({}), "Text or call")
      assert.strictEqual(yield* weakest({ policy: { allows_sms: false, allows_phonecall: false } }), "Passcode")
      assert.strictEqual(yield* weakest({ policy: { user_auth_behavior: "bypass" } }), "Password alone")
      assert.strictEqual(yield* weakest({ policy: { user_auth_behavior: "deny" } }), "No way in")
      assert.strictEqual(yield* weakest({ application: { user_access: "NO_USERS" } }), "No application")
    }))

  it.effect("may be weaker than the weakest that is known", () =>
    Effect.gen(function*() {
      const policy = { allows_sms: null, allows_phonecall: null }
      assert.strictEqual(yield* weakest({ policy }), "At most: Passcode")
      assert.strictEqual(yield* weakest({ policy, methods: [{ method_kind: "phone", can_sms: true }] }), "Not known")
      // nothing is weaker than a bypass code, whatever else may be permitted
      const withCode = { user: { is_bypass: true, bypass_reason: "code" } }
      assert.strictEqual(
        yield* weakest({ ...withCode, policy: { user_auth_behavior: null, allows_bypass: true } }),
        "Password alone"
      )
    }))

  it.effect("are beside the factor of the last login, if there was one", () =>
    Effect.gen(function*() {
      const log = [[31, 0]] as const
      const lastUsed = (...logins: NonNullable<LoggedWorld["logins"]>) =>
        Effect.map(shown({ log, logins }), (columns) => columns["Last used"])
      assert.strictEqual(
        yield* lastUsed(["duo_push", "push", 9], ["sms_passcode", "telephony", 2], ["duo_push", "push", 3]),
        "Text or call 28 Nov 2026"
      )
      assert.strictEqual(yield* lastUsed(["abacus", null, 1]), "Not known which 29 Nov 2026")
      assert.strictEqual(yield* lastUsed(), "Not in the log")
    }))

  it.effect("are not there where nobody has read the policies or the log", () =>
    Effect.gen(function*() {
      assert.deepStrictEqual(yield* shown({ hasPolicies: false }), {})
    }))
})
