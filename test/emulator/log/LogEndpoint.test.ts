import { assert, describe, it } from "@effect/vitest"
import * as LogEndpoint from "../../../src/emulator/log/LogEndpoint.ts"
import * as LoginLog from "../../../src/emulator/log/LoginLog.ts"
import { oddities } from "../../../src/emulator/log/Oddities.ts"
import { seedOf } from "../../../src/emulator/people/Dice.ts"
import * as Tenant from "../../../src/emulator/people/Tenant.ts"
import type { Reply } from "../../../src/emulator/server/Reply.ts"

const day = 86_400_000
const now = Date.UTC(2026, 10, 29, 12)

const logOf = (options: Partial<LoginLog.LogOptions> = {}) =>
  LoginLog.make({
    people: "hostile",
    seed: seedOf("log"),
    users: LoginLog.usersOf(Tenant.make({ people: "hostile", users: 40 })),
    perDay: () => 300,
    ...options
  })

interface AuthLogs {
  readonly authlogs: ReadonlyArray<Record<string, unknown>>
  readonly metadata: { readonly next_offset: readonly [string, string] | null; readonly total_objects: unknown }
}

const part = { mintime: String(now - 2 * day), maxtime: String(now), limit: "1000", sort: "ts:asc" }

const reply = (
  log: LoginLog.LoginLog,
  changes: Record<string, string | ReadonlyArray<string> | undefined> = {},
  counting: LogEndpoint.Counting = "exact",
  at = now
): Reply =>
  LogEndpoint.answer(
    Object.entries({ ...part, ...changes }).flatMap(([name, value]) =>
      value === undefined ? [] : [value].flat().map((each) => [name, each] as const)
    ),
    log,
    counting,
    at
  )

const read = (...given: Parameters<typeof reply>): AuthLogs => {
  const answer = reply(...given)
  assert(answer.kind === "single", JSON.stringify(answer))
  return JSON.parse(answer.text)
}

const keyOf = (entry: Record<string, unknown>) => `${entry["txid"]} ${entry["isotimestamp"]} ${entry["timestamp"]}`

/** All pages, by either form of the offset. */
const pages = (log: LoginLog.LoginLog, form: "comma" | "repeated", limit = "7") => {
  const all: Array<Record<string, unknown>> = []
  let offset: readonly [string, string] | null | undefined
  let requests = 0
  for (; offset !== null; requests++) {
    const given: string | ReadonlyArray<string> | undefined = offset === undefined
      ? undefined
      : form === "comma"
      ? offset.join(",")
      : offset
    const { authlogs, metadata } = read(log, { limit, next_offset: given })
    all.push(...authlogs)
    offset = metadata.next_offset
  }
  return { all, requests }
}

describe("the emulated authentication log", () => {
  it("is the same for both forms of the offset, in order of time, and ends with a null offset", () => {
    const log = logOf()
    const { all } = pages(log, "comma")
    assert.deepStrictEqual(pages(log, "repeated").all, all)
    assert.strictEqual(read(log, { limit: "1" }).metadata.total_objects, new Set(all.map(keyOf)).size)
    const millis = all.map(({ isotimestamp, timestamp }) =>
      typeof isotimestamp === "string" ? Date.parse(isotimestamp) : Number(timestamp) * 1000 + 999
    )
    for (let n = 1; n < millis.length; n++) assert.isAtLeast(millis[n] ?? 0, (millis[n - 1] ?? 0) - 1000)
    assert.strictEqual(read(log).metadata.next_offset, null)
    assert.deepStrictEqual(read(log, { sort: undefined }).authlogs, read(log).authlogs.toReversed())
  })

  it("has ties in a millisecond, and transactions with two entries", () => {
    const { authlogs } = read(logOf(), { limit: "1000" })
    const millis = authlogs.flatMap(({ isotimestamp }) =>
      typeof isotimestamp === "string" ? [isotimestamp.slice(0, 23)] : []
    )
    assert.isBelow(new Set(millis).size, millis.length - 10)
    assert.isBelow(new Set(authlogs.map(({ txid }) => txid)).size, authlogs.length)
    assert.strictEqual(new Set(authlogs.map(keyOf)).size, authlogs.length)
  })

  it("hides the last two minutes, and shows late entries later", () => {
    const log = logOf({ perDay: () => 20_000, latePercent: 5 })
    const recent = { mintime: String(now - 600_000) }
    const newest = read(log, recent).authlogs.map(({ timestamp }) => Number(timestamp) * 1000)
    assert.isAtMost(Math.max(...newest), now - 120_000)
    assert.isAbove(Math.max(...newest), now - 200_000)
    const closed = { mintime: String(now - 3_600_000), maxtime: String(now - 1_800_000) }
    const [first, later] = [now, now + day].map((at) => Number(read(log, closed, "exact", at).metadata.total_objects))
    assert.isAbove(later ?? 0, first ?? 0)
  })

  it("counts exactly, to ten thousand, or with a relation", () => {
    const log = logOf({ perDay: () => 8000 })
    const total = Number(read(log, { limit: "1" }).metadata.total_objects)
    assert.isAbove(total, 10_000)
    assert.strictEqual(read(log, { limit: "1" }, "capped").metadata.total_objects, 10_000)
    assert.deepStrictEqual(read(log, { limit: "1" }, "relation").metadata.total_objects, {
      relation: "gte",
      value: 10_000
    })
    const few = { limit: "1", mintime: String(now - day / 24) }
    assert.deepStrictEqual(read(log, few, "relation").metadata.total_objects, {
      relation: "eq",
      value: read(log, few).metadata.total_objects
    })
  })

  it("refuses what Duo refuses", () => {
    const refused = (changes: Record<string, string | undefined>) => {
      const answer = reply(logOf(), changes)
      return answer.kind === "refusal" ? answer.detail ?? answer.message : answer.kind
    }
    assert.strictEqual(refused({ mintime: undefined }), "Missing required request parameters")
    assert.strictEqual(refused({ mintime: part.maxtime }), "'maxtime' must be strictly greater than 'mintime'")
    assert.strictEqual(refused({ mintime: String(now - 181 * day) }), "mintime must be within the past 180 days")
    assert.strictEqual(refused({ mintime: "1795000000" }), "mintime")
    assert.strictEqual(refused({ limit: "1001" }), "limit")
    assert.strictEqual(refused({ next_offset: "7" }), "next_offset")
    assert.strictEqual(refused({ offset: "7" }), "offset")
  })

  it("has every recorded oddity, and nothing for a tenant without logins", () => {
    const { all } = pages(logOf({ perDay: () => 1500 }), "comma", "1000")
    const has = (some: (entry: Record<string, unknown>) => boolean) => assert.isTrue(all.some(some))
    assert.isAbove(oddities.length, 25)
    has(({ event_type }) => event_type === "enrollment")
    has(({ isotimestamp }) => isotimestamp === undefined)
    has(({ factor, reason }) => factor === null && reason === "user_approved")
    has(({ result }) => result === "FAILURE")
    has(({ user }) => user === null)
    has(({ access_device }) => JSON.stringify(access_device ?? null).includes("2001:db8::7 port 1234"))
    assert.deepStrictEqual(read(logOf({ perDay: () => 0 })), {
      authlogs: [],
      metadata: { next_offset: null, total_objects: 0 }
    })
  })
})
