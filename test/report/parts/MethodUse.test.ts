/** The section about methods: enrolled, permitted and used by how many, and where this is not known. */
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { methodUse } from "../../../src/report/parts/MethodUse.ts"
import { sentences } from "../sentences.ts"
import { type LoggedWorld, places } from "./logs.ts"

/** All thirty days were read, in two parts. */
const whole = [[31, 10], [10, 0]] as const

const push = ["duo_push", "push", 3] as const
const text = ["sms_passcode", "telephony", 4] as const

/** The rows of the table of a world, as the cells of each method, and the note below it. */
const shown = Effect.fnUntraced(function*(world: LoggedWorld) {
  const [place] = yield* places([world])
  assert.isDefined(place)
  const part = yield* methodUse(place)
  if (part === undefined) return { methods: {}, note: "no section" }
  const { body } = part
  const rows = [...String(body).matchAll(/<th role="rowheader" scope="row">([^<]*)<\/th>(.*?)<\/tr>/g)]
  return {
    methods: Object.fromEntries(
      rows.map(([, name = "", cells = ""]) => [
        name,
        [...cells.matchAll(/<td[^>]*>(.*?)<\/td>/g)].map(([, cell = ""]) => sentences(cell)).join(", ")
      ])
    ),
    note: sentences(/<p class="note">([\s\S]*?)<\/p>/.exec(String(body))?.[1] ?? "")
  }
}, Effect.scoped)

describe("the methods on the report", () => {
  it.effect("are those that are enrolled, permitted and used in thirty days, each by how many active users", () =>
    Effect.gen(function*() {
      const { methods, note } = yield* shown({
        policy: { allows_phonecall: false },
        methods: [{ method_kind: "phone", can_push: true, can_otp: false, can_sms: true, can_call: true }],
        log: whole,
        logins: [push, push, text, ["phone_call", "telephony", 31]]
      })
      assert.deepStrictEqual(methods, {
        "Passkey or security key": "0, 1, 0",
        "Duo Desktop": "0, 1, 0",
        Push: "1, 1, 1",
        Passcode: "0, 1, 0",
        "Text message": "1, 1, 1",
        "Phone call": "1, 0, 0"
      })
      assert.strictEqual(note, "")
    }))

  it.effect("are not known where nobody has read the policies or the log", () =>
    Effect.gen(function*() {
      const used = yield* shown({ hasPolicies: false, log: whole, logins: [push] })
      assert.strictEqual(used.methods["Push"], "1, not known, 1")
      assert.strictEqual(used.note, "Nobody has read what policies permit: duo-mfa extract integrations.")
      const permitted = yield* shown({})
      assert.strictEqual(permitted.methods["Push"], "1, 1, not known")
      assert.strictEqual(permitted.note, "Nobody has read the log of logins: duo-mfa extract auth.")
      assert.strictEqual((yield* shown({ hasPolicies: false })).note, "no section")
    }))

  it.effect("are at least as many as are known, or not known, if a part of the log is missing", () =>
    Effect.gen(function*() {
      const young = yield* shown({ log: [[5, 0]], logins: [push] })
      assert.strictEqual(young.methods["Push"], "1, 1, ≥ 1")
      assert.strictEqual(young.methods["Text message"], "1, 1, not known")
      assert.strictEqual(
        young.note,
        "Logins before 25 Nov 2026, 12:00 UTC have not been read. ≥ means at least."
      )
      for (const log of [[[31, 9], [8, 0]], [[31, 9], [9, 8, false], [8, 0]], [[31, 1]]] as const) {
        const { methods, note } = yield* shown({ log, logins: [push] })
        assert.strictEqual(methods["Text message"], "1, 1, not known")
        assert.include(note, "Not all logins of the 30 days have been read.")
      }
    }))

  it.effect("are at least as many as are known if Duo does not say what was used or permitted", () =>
    Effect.gen(function*() {
      const { methods, note } = yield* shown({
        policy: { allows_sms: null },
        log: whole,
        logins: [push, ["abacus", null, 2]]
      })
      assert.strictEqual(methods["Push"], "1, 1, ≥ 1")
      assert.strictEqual(methods["Text message"], "1, not known, not known")
      assert.strictEqual(
        note,
        "Of 1 login the method is not known. For some users it is not known what is permitted. ≥ means at least."
      )
    }))

  it.effect("of users who are not active do not count, and a policy that nobody passes permits nothing", () =>
    Effect.gen(function*() {
      const inactive = yield* shown({ user: { is_active: false, is_bypass: true }, log: whole, logins: [push] })
      assert.strictEqual(inactive.methods["Push"], "0, 0, 0")
      const denied = yield* shown({ policy: { user_auth_behavior: "deny" } })
      assert.strictEqual(denied.methods["Push"], "1, 0, not known")
    }))
})
