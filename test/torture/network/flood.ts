/** N8: endless answers. The client stops as soon as an answer is too large, and never has all of it in memory. */
import { assert } from "@effect/vitest"
import { Effect } from "effect"
import { subscribe, unsubscribe } from "node:diagnostics_channel"
import type { Socket } from "node:net"
import type { Fault } from "../../../src/emulator/faults/Scenario.ts"
import { type Case, repeat } from "../Case.ts"
import { play, quietly, type Row } from "./table/Row.ts"
import { once } from "./table/Table.ts"

const mebibyte = 2 ** 20
/** The bytes that the client reads before it stops. */
const limit = 32

const floods: ReadonlyArray<Fault & { readonly fault: "oversized" }> = [
  { fault: "oversized", mib: 33, how: "chunked" },
  { fault: "oversized", mib: 200, how: "length" },
  { fault: "oversized", how: "chunked" },
  { fault: "oversized", how: "gzip" },
  { fault: "oversized", mib: 33, how: "length" },
  { fault: "oversized", mib: 200, how: "gzip" }
]

const row = (fault: typeof floods[number], k: number): Row => ({
  name: `${fault.mib === undefined ? "without an end" : `${fault.mib} MiB`}, ${fault.how}`,
  scenario: once(k, fault),
  expected: { is: "refused", tag: "TooLarge", exit: 65, strikes: 1, says: /larger than 32 MiB.*--page-size/ }
})

/**
 * MiB of memory: the text, and the bytes it came from, once in the socket and once in fetch, until they are collected.
 */
const most = 4 * limit

/** Counts the connections that the client opens until the scope closes. */
const connections = Effect.gen(function*() {
  const sockets = new Set<Socket>()
  const see = (message: unknown) => {
    if (typeof message === "object" && message !== null && "socket" in message) sockets.add(message.socket as Socket)
  }
  yield* Effect.acquireRelease(
    Effect.sync(() => subscribe("net.client.socket", see)),
    () => Effect.sync(() => unsubscribe("net.client.socket", see))
  )
  return { bytes: () => [...sockets].reduce((sum, { bytesRead }) => sum + bytesRead, 0) }
})

/** The most memory that this process has used, in MiB. */
const peak = () => process.resourceUsage().maxRSS / 1024

const flood: Case = {
  id: "N8",
  fault: "a body of 33 MiB or 200 MiB, an endless body, a small gzip that becomes a huge body",
  expected: "TooLarge after 32 MiB, exit 65; the memory does not grow much beyond that",
  n: { test: 3, torture: 10 },
  run: (plan) =>
    Effect.flatMap(quietly(), (quiet) =>
      repeat(plan, (seed) =>
        Effect.scoped(Effect.gen(function*() {
          const fault = floods[seed % floods.length]
          if (fault === undefined) return {}
          const { bytes } = yield* connections
          const before = peak()
          const reached = yield* play(quiet, row(fault, 1 + seed % quiet.lists))
          const read = bytes() / mebibyte
          if (fault.how === "gzip") assert.isBelow(read, 1)
          else assert.isTrue(read > limit && read < limit + 4, `${read} MiB were read`)
          assert.isBelow(peak() - before, most, "MiB more than before")
          return reached
        }))))
}

export const cases: ReadonlyArray<Case> = [flood]
