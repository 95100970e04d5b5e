/**
 * Against the wall: how long a run takes of a Duo that answers slowly or lets through so many requests a minute, beside
 * what nobody could do better. Nothing is subtracted for starting, and nothing is written, so that waiting is measured.
 */
import { Console, Effect, FileSystem } from "effect"
import { serve } from "../src/emulator/Emulator.ts"
import * as Processes from "./Processes.ts"
import { alone, compared, type Row } from "./Table.ts"

const inFlight = 4
const pageSize = 10

/** A Duo, and how many requests a run of it is to need. */
interface Wall {
  readonly latency: number
  /** Requests a minute, and as many at once to begin with, as the emulator has it; undefined for no limit. */
  readonly perMinute?: number
  readonly requests: number
}

/** A page begins with the last object of the one before. */
const pagesOf = (objects: number, limit: number) => objects <= limit ? 1 : Math.ceil((objects - 1) / (limit - 1))

/** A list of more than one page is read twice: only then is it proved that it is all there. */
const requestsFor = (objects: number, limit: number) => {
  const pages = pagesOf(objects, limit)
  return pages === 1 ? 1 : 2 * pages
}

/** Seconds that so many requests take at the least. */
const ideal = ({ latency, perMinute }: Wall, requests: number) =>
  Math.max(
    requests * latency / 1000 / inFlight,
    perMinute === undefined ? 0 : (requests - perMinute) * 60 / perMinute + latency / 1000
  )

interface Waited {
  readonly ours: number
  readonly reference: number
  /** Seconds that the answers took, through what is in flight. */
  readonly served: number
  /** Percent of the requests that were answered 429. */
  readonly refused: number
}

const once = Effect.fnUntraced(function*(wall: Wall) {
  const fs = yield* FileSystem.FileSystem
  const { latency, perMinute, requests } = wall
  const users = Math.floor((requests - 2) / 2) * (pageSize - 1) + 1
  const emulator = yield* serve({
    users,
    latency,
    rateLimit: perMinute === undefined ? undefined : { perMinute, burst: perMinute }
  })
  const needed = requestsFor(users, pageSize) + requestsFor(emulator.tenant.bypassCodes(), 500)
  const directory = yield* fs.makeTempDirectoryScoped({ prefix: "duo-mfa-bench-" })
  const args = ["extract", "--dry-run", "--json", `--page-size=${pageSize}`, `--concurrency=${inFlight}`]
  const { seconds, stdout } = yield* Processes.run(Processes.duoMfa(emulator, directory, args))
  const { complete, rows } = yield* Processes.summary(stdout)
  if (!complete || rows["users"] !== users) return yield* Effect.die(new Error(`not all of ${users} users: ${stdout}`))
  const refused = emulator.requests.filter(({ status }) => status === 429).length
  const waited: Waited = {
    ours: seconds,
    reference: ideal(wall, needed),
    served: emulator.requests.reduce((sum, { took }) => sum + (took ?? 0), 0) / 1000 / inFlight,
    refused: 100 * refused / emulator.requests.length
  }
  return waited
}, Effect.scoped)

export interface Options {
  readonly rounds: number
  readonly slow: ReadonlyArray<Wall>
  /** They run at the same time, once: they do little but wait. */
  readonly limited: ReadonlyArray<Wall>
}

export const full: Options = {
  rounds: 5,
  slow: [{ latency: 20, requests: 2000 }, { latency: 100, requests: 800 }, { latency: 300, requests: 400 }],
  limited: [20, 100, 300].flatMap((latency) => [50, 200].map((perMinute) => ({ latency, perMinute, requests: 600 })))
}

export const quick: Options = {
  rounds: 1,
  slow: [{ latency: 20, requests: 600 }, { latency: 100, requests: 160 }, { latency: 300, requests: 60 }],
  limited: [{ latency: 100, perMinute: 50, requests: 67 }, { latency: 100, perMinute: 200, requests: 267 }]
}

const nameOf = ({ latency, perMinute, requests }: Wall) =>
  `${requests} requests, ${latency} ms each, ${perMinute === undefined ? "no limit" : `${perMinute} a minute`}`

/** Walls of answers that take their time. */
export const latency = Effect.fnUntraced(function*({ rounds, slow }: Options) {
  const measured = new Map<Wall, Array<Waited>>(slow.map((wall) => [wall, []]))
  for (let round = 1; round <= rounds; round++) {
    yield* Console.error(`waiting for answers, round ${round} of ${rounds}`)
    for (const wall of slow) measured.get(wall)?.push(yield* once(wall))
  }
  return [...measured].flatMap(([wall, all]): ReadonlyArray<Row> => [
    compared(`wall of ${nameOf(wall)}`, "s", all, 1.3),
    compared("… beside what the answers took", "s", all.map(({ ours, served }) => ({ ours, reference: served })))
  ])
})

/** Walls of rates, all at the same time. */
export const rate = Effect.fnUntraced(function*({ limited }: Options) {
  yield* Console.error("waiting at a rate")
  const measured = yield* Effect.forEach(limited, (wall) => Effect.map(once(wall), (waited) => ({ wall, waited })), {
    concurrency: "unbounded"
  })
  return measured.flatMap(({ waited, wall }): ReadonlyArray<Row> => [
    compared(`wall of ${nameOf(wall)}`, "s", [waited], 1.1),
    alone("… answered 429", "%", [waited.refused], 2)
  ])
})
