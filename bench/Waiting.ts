/**
 * Measures the wall time of runs that wait for Duo: for slow answers, or for a limit of requests per minute. The reference is the
 * shortest possible wall time. The time to start is included. Nothing is written, so that only waiting is measured.
 */
import { Console, Effect, FileSystem } from "effect"
import { serve } from "../src/emulator/server/Emulator.ts"
import * as Processes from "./Processes.ts"
import { alone, compared, type Row } from "./Table.ts"

const inFlight = 4
const pageSize = 50

/** A Duo, and the smallest number of pages that contain its users. */
interface Wall {
  readonly latency: number
  /** The requests per minute, which is also the burst that the emulator allows; undefined for no limit. */
  readonly perMinute?: number
  readonly pages: number
}

/** The smallest possible number of seconds for some requests. */
const ideal = ({ latency, perMinute }: Wall, requests: number) =>
  Math.max(
    requests * latency / 1000 / inFlight,
    perMinute === undefined ? 0 : (requests - perMinute) * 60 / perMinute + latency / 1000
  )

interface Waited {
  readonly ours: number
  readonly reference: number
  /** The seconds of all answers, divided by the number of requests in flight. */
  readonly served: number
  /** The percentage of requests that were answered 429. */
  readonly refused: number
}

const once = Effect.fnUntraced(function*(wall: Wall) {
  const fs = yield* FileSystem.FileSystem
  const { latency, pages, perMinute } = wall
  const users = pages * pageSize
  const emulator = yield* serve({
    people: "hostile",
    users,
    latency,
    rateLimit: perMinute === undefined ? undefined : { perMinute, burst: perMinute }
  })
  const needed = pages + Math.ceil(emulator.tenant.bypassCodes() / 500)
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
  /** These run once and at the same time, because they mostly wait. */
  readonly limited: ReadonlyArray<Wall>
}

export const full: Options = {
  rounds: 3,
  slow: [{ latency: 100, pages: 800 }, { latency: 300, pages: 400 }],
  limited: [20, 300].flatMap((latency) => [50, 200].map((perMinute) => ({ latency, perMinute, pages: 600 })))
}

export const quick: Options = {
  rounds: 1,
  slow: [{ latency: 100, pages: 80 }, { latency: 300, pages: 40 }],
  limited: [50, 200].map((perMinute) => ({ latency: 100, perMinute, pages: perMinute + 60 }))
}

const nameOf = ({ latency, pages, perMinute }: Wall) =>
  `${pages} pages, ${latency} ms each, ${perMinute === undefined ? "no limit" : `${perMinute} a minute`}`

/** The wall times with slow answers. */
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

/** The wall times with rate limits, all measured at the same time. */
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
