/** A client of a live tenant: a list that changes between requests, and Duo's clock, which dates answers and users. */
import { Effect } from "effect"
import type { Client } from "../../../src/duo/http/Client.ts"
import type { Endpoint } from "../../../src/duo/list/Pages.ts"
import { list } from "../../../src/duo/list/Users.ts"
import { decodeWireUsers, type WireUser } from "../../../src/duo/wire/User.ts"
import { Dice } from "../../../src/emulator/people/Dice.ts"
import { type History, LiveTenant } from "../drift.ts"

const endpoint: Endpoint<WireUser> = {
  path: "/admin/v1/users",
  maxPageSize: 300,
  columns: list.columns,
  decode: decodeWireUsers,
  id: ({ user_id }) => user_id
}

/**
 * Whether Duo gives the time of creation: always, never, sometimes, or from a clock that is wrong by up to a second.
 */
export const datings = ["always", "never", "sometimes", "skewed"] as const
export type Dating = typeof datings[number]

/** A tenant that changes as its history says, or as the function `before` does before each request. */
export const liveClient = (
  { events, users }: History,
  seed: number,
  dating: Dating,
  before: (request: number, tenant: LiveTenant) => void = () => undefined
) => {
  const dice = new Dice(seed)
  /** Duo's clock, in milliseconds. */
  let now = 1_700_000_000_000 + dice.below(1000)
  const pass = () => now += dice.pick([0, 1, 300, 1000, 5000, 3_600_000])
  const tenant = new LiveTenant(users, {
    created: () => {
      const skew = dating === "skewed" ? dice.below(2001) - 1000 : 0
      return dating === "never" || (dating === "sometimes" && dice.chance(20))
        ? undefined
        : Math.floor((now + skew) / 1000)
    }
  })
  now += 60_000
  let requests = 0
  const asked = { known: 0, firstPages: new Array<ReadonlySet<string>>() }
  const client: Pick<Client["Service"], "call"> = {
    call: (_path, { limit, offset }, isKnown) =>
      Effect.sync(() => {
        for (const event of events[requests] ?? []) {
          if (dice.chance(50)) pass()
          tenant.apply(event)
        }
        before(++requests, tenant)
        const sent = now
        // the date of the answer is before or after the list is read, and the answer takes up to a second
        const isDatedFirst = dice.chance(50)
        const dated = Math.floor(now / 1000) * 1000
        now += dice.below(400)
        const end = Number(offset) + Number(limit)
        const total_objects = tenant.users.length
        const response = tenant.users.slice(Number(offset), end)
        if (offset === "0") asked.firstPages.push(new Set(tenant.users.map(({ user_id }) => user_id)))
        now += dice.below(600)
        const date = isDatedFirst ? dated : Math.floor(now / 1000) * 1000
        const metadata = { total_objects, ...end < total_objects ? { next_offset: end } : {} }
        const text = JSON.stringify({ stat: "OK", response, metadata })
        const notBefore = Math.floor((date - (now - sent)) / 1000) - 2
        if (isKnown?.(text) !== true) return { response, metadata, halves: [], isKnown: false, text, notBefore }
        asked.known++
        return { response: undefined, metadata: undefined, halves: [], isKnown: true, text, notBefore }
      })
  }
  return { client, endpoint, tenant, asked, firstPages: asked.firstPages }
}
