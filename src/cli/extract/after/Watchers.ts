/**
 * Tells those who watch `extract` how it ended: a file for Prometheus, and a health check. Neither of them changes the
 * exit code, and neither hears of a dry run.
 */
import { Cause, Clock, Config, Effect, Exit, Option, Result } from "effect"
import { allowsLoopback } from "../../../duo/http/Credentials.ts"
import { parseHost } from "../../../duo/http/Host.ts"
import type { TenantResult } from "../../../run/round/Round.ts"
import { exitStatusOf } from "../../terminal/ExitStatus.ts"
import type { ExtractFlags } from "../Flags.ts"
import * as MetricsFile from "./MetricsFile.ts"
import * as Ping from "./Ping.ts"

/** Is told what became of each tenant. */
export type OnTenants = (tenants: ReadonlyArray<TenantResult>) => void

/** The host of the settings; undefined if there is none, or the command is for many tenants. */
const hostOf = Effect.fnUntraced(function*({ accounts, tenants }: ExtractFlags) {
  if (accounts || Option.isSome(tenants)) return undefined
  const name = yield* Effect.orDie(Config.String("DUO_HOST").pipe(Config.withDefault("")))
  const allowed = yield* Effect.orElseSucceed(allowsLoopback, () => false)
  return Option.getOrUndefined(Result.getSuccess(Result.map(parseHost(name.trim(), allowed), ({ host }) => host)))
})

/** Runs the command, which says what became of each tenant, and tells how it ended, even if it was stopped. */
export const watched = Effect.fnUntraced(function*<E, R>(
  asked: ExtractFlags,
  run: (onTenants: OnTenants) => Effect.Effect<void, E, R>
) {
  const { dryRun, metrics, pipeline } = asked
  const check = yield* Ping.find(asked.ping)
  const started = yield* Clock.monotonicTimeNanos
  let tenants: ReadonlyArray<TenantResult> = []
  const ended = yield* Effect.exit(run((all) => {
    tenants = all
  }))
  if (dryRun) return yield* ended
  const status = exitStatusOf(ended)
  if (Option.isSome(metrics)) {
    yield* MetricsFile.write(metrics.value, {
      pipeline,
      tenant: yield* hostOf(asked),
      exit: status.exit,
      seconds: Number((yield* Clock.monotonicTimeNanos) - started) / 1e9,
      at: yield* Clock.currentTimeMillis,
      tenants
    })
  }
  if (check !== undefined) {
    const isStopped = Exit.isFailure(ended) && Cause.hasInterruptsOnly(ended.cause)
    // somebody who stops the program does not wait for the health check
    yield* isStopped
      ? Ping.post(check, status, "3 seconds")
      : Effect.exit(Effect.interruptible(Ping.post(check, status, "10 seconds")))
  }
  return yield* ended
})
