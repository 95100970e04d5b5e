/** Entries of the authentication log with everything that recorded logs have. */
import { assert, describe, it } from "@effect/vitest"
import { Result } from "effect"
import { decodeEvents, instantOf } from "../../../src/duo/wire/LogEvent.ts"
import * as LoginLog from "../../../src/emulator/log/LoginLog.ts"
import { oddities } from "../../../src/emulator/log/Oddities.ts"
import { parseObject } from "../../../src/emulator/people/PythonJson.ts"
import * as Tenant from "../../../src/emulator/people/Tenant.ts"

const now = Date.UTC(2026, 10, 29)
const log = LoginLog.make({ seed: 1, users: LoginLog.usersOf(Tenant.make({ users: 5 })), perDay: () => 20 })
const [shown] = log.page({ from: now - 86_400_000, to: now, now }, { limit: 1, after: undefined, isAscending: true })
const ordinary = parseObject(shown?.text ?? "{}")

const one = (entry: unknown) => {
  const { unknownFields, values: [event] } = Result.getOrThrow(decodeEvents([entry]))
  assert.deepStrictEqual(unknownFields, [])
  assert(event !== undefined)
  return event
}

describe("An entry of the authentication log", () => {
  for (const { name, of } of oddities) {
    it(`is read with ${name}`, () => {
      const event = one(of(ordinary))
      assert.strictEqual(event.txid, ordinary["txid"])
      assert.isNumber(instantOf(event))
    })
  }

  it("has flags that are true, false or not known", () => {
    const flag = (is_password_set: unknown) => one({ ...ordinary, access_device: { is_password_set } }).access_device
    for (const [sent, read] of [[true, true], [false, false], ["unknown", null], [null, null], [undefined, null]]) {
      assert.strictEqual(flag(sent)?.is_password_set, read)
    }
  })

  it("has security agents, or a word in their place", () => {
    const agents = (security_agents: unknown) => one({ ...ordinary, access_device: { security_agents } }).access_device
    for (const sent of ["unknown", null, [], undefined]) assert.deepStrictEqual(agents(sent)?.security_agents, [])
    const agent = { security_agent: "Cisco AMP", version: "1.2" }
    assert.deepStrictEqual(agents([agent])?.security_agents, [agent])
  })

  it("happened when isotimestamp says, to the microsecond, and otherwise in the second of timestamp", () => {
    const at = (isotimestamp: string | null, timestamp: number | null = 1_581_620_180) =>
      instantOf({ isotimestamp, timestamp })
    assert.strictEqual(at("2020-02-13T18:56:20.351346+00:00"), 1_581_620_180_351_346)
    assert.strictEqual(at("2020-02-13T19:56:20.35+01:00"), 1_581_620_180_350_000)
    assert.strictEqual(at("2020-02-13T18:56:20+0000"), 1_581_620_180_000_000)
    assert.strictEqual(at("2020-02-13 18:56:20"), 1_581_620_180_000_000)
    assert.strictEqual(at(null), 1_581_620_180_000_000)
    assert.strictEqual(at("yesterday"), 1_581_620_180_000_000)
    assert.isUndefined(at("", null))
  })

  it("is refused without a transaction", () => {
    const { txid: _, ...rest } = ordinary
    const refused = decodeEvents([ordinary, rest])
    assert(Result.isFailure(refused))
    assert.deepStrictEqual(refused.failure, { where: "response[1].txid", why: "is missing" })
  })
})
