/** A run as OpenTelemetry sees it, if there is a collector: one trace, and how it ended. */
import { Clock, Effect, type Exit } from "effect"
import { collector } from "./Collector.ts"
import * as Meters from "./Meters.ts"

/** How a run ended. */
export interface Ending {
  /** What the process exits with. */
  readonly exit: number
  /** The tag of a failure, and what it says to its reader. */
  readonly error?: string
  readonly message: string
}

export interface Watched<A, E> {
  readonly pipeline: string
  readonly dataDirectory: string
  readonly endingOf: (exit: Exit.Exit<A, E>) => Ending
}

/**
 * Sends what the run does to the collector, and has sent it when the run is over, however that ends. Nothing is sent if
 * none is named, or if its settings are malformed, which is for the run itself to say.
 */
export const observed = Effect.fnUntraced(function*<A, E, R>(
  run: Effect.Effect<A, E, R>,
  { dataDirectory, endingOf, pipeline }: Watched<A, E>
) {
  const found = yield* Effect.orElseSucceed(collector, () => undefined)
  if (found === undefined) return yield* run
  const otlp = yield* Effect.promise(() => import("./Otlp.ts"))
  const start = yield* Clock.monotonicTimeNanos
  return yield* Effect.acquireUseRelease(
    otlp.open(found, dataDirectory),
    ({ quietly, services }) => {
      const end = Effect.fnUntraced(function*(ended: Exit.Exit<A, E>) {
        const { error, exit, message } = endingOf(ended)
        const ending = { "process.exit.code": exit, ...error === undefined ? {} : { "error.type": error } }
        yield* Meters.ended((yield* Clock.monotonicTimeNanos) - start, exit)
        yield* Effect.annotateCurrentSpan(ending)
        yield* (exit === 0 ? Effect.logInfo(message) : Effect.logError(message)).pipe(
          Effect.annotateLogs({ "event.name": "end", ...ending }),
          quietly
        )
      })
      return run.pipe(
        Effect.onExit(end),
        Effect.withSpan("extract", { root: true, attributes: { "duo_mfa.pipeline": pipeline } }),
        Effect.provideContext(services)
      )
    },
    ({ close }) => close
  )
})
