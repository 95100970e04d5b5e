/**
 * Time that stands still while bytes are on their way and leaps to the next timer when everybody waits, so that a quarter of
 * an hour over real sockets is over at once, and a wait is exactly as long as it was meant.
 */
import { Clock, Duration, Effect, Fiber } from "effect"
import { TestClock } from "effect/testing"

/** When each sleeper wants to be woken and how long it sleeps, in milliseconds. */
type Sleepers = Set<{ readonly at: number; readonly length: number }>

/** The clock, noting who sleeps by it. */
const noting = (clock: TestClock.TestClock, sleepers: Sleepers, note?: (length: number) => void): Clock.Clock => ({
  ...clock,
  sleep: (duration) =>
    Effect.suspend(() => {
      const length = Duration.toMillis(duration)
      const sleeper = { at: clock.currentTimeMillisUnsafe() + length, length }
      sleepers.add(sleeper)
      note?.(length)
      return Effect.ensuring(clock.sleep(duration), Effect.sync(() => sleepers.delete(sleeper)))
    })
})

const turn = Effect.promise(() => new Promise<void>((resolve) => void setImmediate(resolve)))

/** How long the headers may take: who begins to sleep so long has asked. */
const headers = 30_000
/**
 * Who sleeps as long as the headers, a pause of the body or an attempt may take waits for bytes, and not to ask again: no
 * Retry-After may be just so long.
 */
const forBytes = [headers, 15_000, 120_000]

/** Turns of the event loop in which bytes that were written arrive, before the server's sleep is slept through. */
const turns = 3

export interface FastTime {
  /** For the server: while it sleeps, the client can but wait. */
  readonly server: Clock.Clock
  /**
   * Runs the client. With no such timer it waits to ask again; with one it waits for bytes, which take no time
   * unless its request has arrived and the server sleeps or is silent.
   */
  readonly run: <A, E, R>(client: Effect.Effect<A, E, R>, server: Server) => Effect.Effect<A, E, R>
}

export interface Server {
  /** Requests so far. */
  readonly received: () => number
  /** Whether it will never answer the last one. */
  readonly isSilent: () => boolean
}

/** Needs a TestClock. */
export const make: Effect.Effect<FastTime> = TestClock.testClockWith((clock) =>
  Effect.sync(() => {
    const server: Sleepers = new Set()
    const client: Sleepers = new Set()
    let attempts = 0
    let wake = () => {}
    const note = (length: number) => {
      if (length === headers) attempts++
      wake()
    }
    const run: FastTime["run"] = Effect.fnUntraced(function*(effect, { isSilent, received }) {
      const fiber = yield* Effect.forkChild(Effect.provideService(effect, Clock.Clock, noting(clock, client, note)))
      fiber.addObserver(() => wake())
      // while the client has no timer it works, and turns of the loop would take processor time from it
      const working = Effect.callback<void>((resume) => {
        wake = () => resume(Effect.void)
        if (client.size > 0 || fiber.pollUnsafe() !== undefined) wake()
      })
      while (fiber.pollUnsafe() === undefined) {
        for (let n = 0; n < turns; n++) yield* turn
        yield* working
        const isAsking = [...client].some(({ length }) => forBytes.includes(length))
        // an attempt has its own timer before its request is sent, and the others after
        const isSent = client.size > 1
        const isHeld = isSent && received() === attempts && (server.size > 0 || isSilent())
        if (client.size === 0 || isAsking && !isHeld) continue
        const next = Math.min(...[...server, ...client].map(({ at }) => at))
        yield* clock.setTime(Math.max(next, clock.currentTimeMillisUnsafe()))
      }
      return yield* Fiber.join(fiber)
    })
    return { server: noting(clock, server), run }
  })
)
