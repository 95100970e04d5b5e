/**
 * A clock that stands still while bytes are on their way, and jumps to the next timer when client and server both wait.
 * So a quarter of an hour over real sockets is over at once, and every wait has exactly the intended length.
 */
import { Clock, Duration, Effect, Fiber } from "effect"
import { TestClock } from "effect/testing"

/** For each sleep, its end and its length in milliseconds. */
type Sleepers = Set<{ readonly at: number; readonly length: number }>

/** The clock, which also records sleeps. */
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

/** The time limit for the headers of an answer. A client that begins to sleep so long has sent its request. */
const headers = 30_000
/**
 * The time limits of headers, pauses and attempts. A client that sleeps so long waits for bytes and not for a retry, so
 * no Retry-After of a test may be exactly so long.
 */
const forBytes = [headers, 15_000, 120_000]

/** Turns of the event loop in which written bytes arrive, before the clock jumps over a sleep of the server. */
const turns = 3

export interface FastTime {
  /** The clock of the server. While the server sleeps, the client can only wait. */
  readonly server: Clock.Clock
  /**
   * Runs the client. If it has none of these timers, it waits for a retry. If it has one, it waits for bytes, which
   * take no time unless its request has arrived and the server sleeps or is silent.
   */
  readonly run: <A, E, R>(client: Effect.Effect<A, E, R>, server: Server) => Effect.Effect<A, E, R>
}

export interface Server {
  /** The number of requests until now. */
  readonly received: () => number
  /** Whether the server will never answer the last request. */
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
      // while the client has no timer it is working, so do not take processor time from it
      const working = Effect.callback<void>((resume) => {
        wake = () => resume(Effect.void)
        if (client.size > 0 || fiber.pollUnsafe() !== undefined) wake()
      })
      while (fiber.pollUnsafe() === undefined) {
        for (let n = 0; n < turns; n++) yield* turn
        yield* working
        const isAsking = [...client].some(({ length }) => forBytes.includes(length))
        // the timer of an attempt begins before its request is sent, the other timers after
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
