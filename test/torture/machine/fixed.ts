/**
 * Runs the mfa pipeline once, at a fixed instant and with a fixed seed. C2 starts it in other locales and time zones.
 */
import * as NodeServices from "@effect/platform-node/NodeServices"
import { Clock, Effect, Random } from "effect"
import { summary } from "../../../src/cli/shared/Summary.ts"
import { everySink, run } from "../support/InProcess.ts"

const { DUO_HOST: host = "", DUO_IKEY: ikey = "", DUO_SKEY: skey = "", NOW = "" } = process.env

const now = Number(NOW)

const program = Effect.gen(function*() {
  const clock = yield* Clock.Clock
  const stopped: Clock.Clock = Object.assign(Object.create(clock), {
    currentTimeMillisUnsafe: () => now,
    currentTimeMillis: Effect.succeed(now),
    monotonicTimeNanosUnsafe: () => 0n,
    monotonicTimeNanos: Effect.succeed(0n)
  })
  const { code, message, outcome } = yield* run({ host, ikey, skey }, "data", everySink("data")).pipe(
    Effect.provideService(Clock.Clock, stopped),
    Random.withSeed("fixed"),
    Effect.provide(NodeServices.layer)
  )
  process.stdout.write(outcome === undefined ? message : summary({ outcome, receipts: [], remaining: 0 }))
  process.exitCode = code
})

await Effect.runPromise(program)
