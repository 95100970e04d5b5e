/** Observes a run with OpenTelemetry, if there is a collector: one trace per run, and the way the run ended. */
import { Clock, Effect, type Exit } from "effect"
import { collector } from "./Collector.ts"
import * as Meters from "./Meters.ts"

/** How a run ended. */
export interface Ending {
  /** The exit code of the process. */
  readonly exit: number
  /** The tag of the error. */
  readonly error?: string
  readonly message: string
}

export interface Watched<A, E> {
  readonly pipeline: string
  readonly dataDirectory: string
  readonly endingOf: (exit: Exit.Exit<A, E>) => Ending
}

/**
 * Sends telemetry of the run to the collector, and sends the rest before the run ends, even if the run fails. Nothing
 * is sent without a collector. If the collector's settings are malformed, nothing is sent either; the run itself
 * reports that error.
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
