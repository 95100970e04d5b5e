/** N1 to N6: answers are late, cut, slow or in tiny packets. A retry helps, or the run ends after its last attempt. */
import { gzipSync } from "node:zlib"
import type { Dice } from "../../../src/emulator/people/Dice.ts"
import * as Tenant from "../../../src/emulator/people/Tenant.ts"
import type { Case } from "../Case.ts"
import type { Setup } from "./table/Extraction.ts"
import { type Quiet, type Row, small } from "./table/Row.ts"
import { chance, forGood, once, somewhere, table, times } from "./table/Table.ts"

const late = chance(
  { id: "N1", fault: "latency of 0 to 5 s at every page", expected: "succeeds", n: { test: 2, torture: 200 } },
  (_, quiet, seed) => ({
    name: "latency",
    duo: { users: 13, latency: [0, 5000], seed: 1 },
    seed,
    expected: { is: "exact", retries: 0, slept: [0, 5 * quiet.requests] },
    met: ({ seconds }) => Math.ceil(seconds)
  })
)

const reset = table(
  {
    id: "N2",
    fault: "the connection is reset before the headers, among them, or in the body",
    expected: "a retry succeeds; exit 69 after five retries",
    n: { test: 2, torture: 100 }
  },
  (k) =>
    (["start", "headers", "body"] as const).flatMap((at): ReadonlyArray<Row> => {
      const fault = { fault: "reset", at } as const
      return [
        { name: `${at}, once`, scenario: once(k, fault), expected: { is: "exact", retries: 1, slept: [0, 0.5] } },
        {
          name: `${at}, five times`,
          scenario: times(k, 5, fault),
          expected: { is: "exact", retries: 5, slept: [0, 15.5] }
        },
        {
          name: `${at}, for good`,
          scenario: forGood(k, fault),
          // a reset may arrive before the bytes that were sent earlier
          expected: {
            is: "refused",
            tag: at === "body" ? ["Transport", "Truncated"] : "Transport",
            exit: 69,
            strikes: 6
          }
        }
      ]
    })
)

const halfOpen = chance(
  {
    id: "N3",
    fault: "the request is accepted and never answered",
    expected: "a retry after 30 s; exit 69 after six attempts",
    n: { test: 2, torture: 50 }
  },
  (dice, quiet, seed) => {
    const fault = { fault: "silence" } as const
    const k = somewhere(quiet, dice)
    const count = 1 + dice.below(5)
    return seed % 2 === 0
      ? {
        name: "for good",
        scenario: forGood(k, fault),
        expected: { is: "refused", tag: "Timeout", exit: 69, strikes: 6, slept: [180, 195.5], says: /within 30 s/ }
      }
      : {
        name: "some times",
        scenario: times(k, count, fault),
        expected: { is: "exact", retries: count, slept: [30 * count, 30 * count + 15.5] }
      }
  }
)

/** More than 120 s at 1 KB/s. */
const large = { fault: "field", name: "zz", json: `"${"x".repeat(130_000)}"` } as const

const slow: ReadonlyArray<(k: number) => Row> = [
  (k) => ({
    name: "1 byte every 100 ms, once",
    scenario: once(k, { fault: "slow", bytes: 1, every_ms: 100 }),
    expected: { is: "exact", retries: 1, slept: [120, 120.5] }
  }),
  (k) => ({
    name: "1 byte every second",
    scenario: forGood(k, { fault: "slow", bytes: 1, every_ms: 1000 }),
    expected: { is: "refused", tag: "Timeout", exit: 69, strikes: 6, slept: [720, 735.5], says: /after 120 s/ }
  }),
  (k) => ({
    name: "1 byte an hour",
    scenario: forGood(k, { fault: "slow", bytes: 1, every_ms: 3_600_000 }),
    // six pauses of 15 s; after each, the clock may still jump over a sleep of the server
    expected: { is: "refused", tag: "Timeout", exit: 69, strikes: 6, slept: [90, 195.5], says: /for 15 s/ }
  }),
  (k) => ({
    name: "1 KB/s and a page that takes longer than that",
    scenario: forGood(k, large, { fault: "slow", bytes: 1000, every_ms: 1000 }),
    expected: { is: "refused", tag: "Timeout", exit: 69, strikes: 6, slept: [720, 735.5], says: /after 120 s/ }
  }),
  (k) => ({
    name: "1 KB/s and a page that is there in time",
    scenario: once(k, { fault: "slow", bytes: 1000, every_ms: 1000 }),
    expected: { is: "exact", retries: 0, slept: [1, 60] }
  })
]

const dripping = chance(
  {
    id: "N4",
    fault: "1 byte every 100 ms, 1 KB/s, or slower",
    expected: "an attempt ends after a pause of 15 s or after 120 s; then a retry; exit 69 after six attempts",
    n: { test: 5, torture: 20 }
  },
  (dice, quiet, seed) => {
    const row = slow[seed % slow.length] ?? slow[0]
    return row === undefined ? { name: "none", expected: { is: "honest" } } : row(somewhere(quiet, dice))
  }
)

/** The least size of a page in bytes: its users without the rest. */
const usersOf = (quiet: Quiet) => {
  const { users = 0 } = quiet.setup.duo
  return Tenant.make({ people: "hostile", users }).text(users - 1)
}

/** The place at which an answer is cut: anywhere, most often near its ends. */
const cut = (dice: Dice, length: number) =>
  dice.pick([0, 1, 2, 9, 10, 11, 18, length - 1, dice.below(length), dice.below(length), dice.below(length)])

const truncated = chance(
  {
    id: "N5",
    fault: "the answer ends early anywhere: before its length, in a chunk, in its gzip",
    expected: "a retry gives the same rows",
    n: { test: 3, torture: 2000 }
  },
  (dice, quiet, seed) => {
    const k = somewhere(quiet, dice)
    const how = (["length", "chunked", "gzip"] as const)[seed % 3] ?? "length"
    const user = usersOf(quiet)
    const keep = cut(dice, how === "gzip" ? gzipSync(user).length - 8 : Buffer.byteLength(user))
    return {
      name: how,
      scenario: once(k, { fault: "truncated", how, keep }),
      expected: { is: "exact", retries: 1, slept: [0, 0.5] }
    }
  }
)

/** Text that is not ASCII, without the escapes that Duo would use. */
const unescaped = (users: number): Tenant.Tenant => {
  const tenant = Tenant.make({ people: "hostile", users })
  const text = (at: number) => JSON.stringify({ ...tenant.user(at), realname: `Zoë Ångström 工作 😀 ${at}` })
  return { ...tenant, text }
}
const worldly: Setup = { ...small, duo: { tenant: unescaped(13) } }

const crumbs = chance(
  {
    id: "N6",
    fault: "a few bytes per packet, characters cut in two",
    expected: "the same rows without a retry",
    n: { test: 2, torture: 200 }
  },
  (dice, quiet, seed) => {
    const k = somewhere(quiet, dice)
    return seed % 2 === 0
      ? {
        name: "a byte of gzip a packet",
        scenario: once(k, { fault: "one_byte" }),
        expected: { is: "exact", retries: 0, slept: [0, 0] }
      }
      : {
        name: "a few bytes of UTF-8 a packet",
        scenario: once(k, { fault: "slow", bytes: 3 + dice.below(5), every_ms: 1 }),
        expected: { is: "exact", retries: 0 }
      }
  },
  worldly
)

export const cases: ReadonlyArray<Case> = [late, reset, halfOpen, dripping, truncated, crumbs]
