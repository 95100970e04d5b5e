/** The flags for many tenants: who the tenants are, their settings, and how they are read. */
import { Config, ConfigProvider, Effect, Option, Result } from "effect"
import * as RatePlan from "../../duo/http/RatePlan.ts"
import type { Pipeline } from "../../Pipeline.ts"
import * as Round from "../../run/round/Round.ts"
import type { RunOptions } from "../../run/Run.ts"
import * as Stderr from "../terminal/Stderr.ts"
import { Contradiction } from "./Contradiction.ts"
import * as Shard from "./Shard.ts"
import * as TenantsFile from "./TenantsFile.ts"

/** The tenants of a part, or all of them. */
const inShard = (tenants: ReadonlyArray<TenantsFile.ListedTenant>, shard: Option.Option<Shard.Shard>) =>
  Option.match(shard, {
    onNone: () => tenants,
    onSome: (shard) => tenants.filter(({ host }) => Shard.has(shard, host))
  })

/**
 * A tenant with its own settings. Those that it does not have come from the settings of the process, such as the keys of
 * the parent account.
 */
const withSettings = (
  { account_id, host, ikey, name, skey_file }: TenantsFile.ListedTenant,
  others: ConfigProvider.ConfigProvider
): Round.RoundTenant => ({
  name,
  host,
  settings: ConfigProvider.orElse(
    ConfigProvider.fromUnknown({
      DUO_HOST: host,
      DUO_ACCOUNT_ID: account_id ?? "",
      ...ikey === undefined ? {} : { DUO_IKEY: ikey },
      ...skey_file === undefined ? {} : { DUO_SKEY_FILE: skey_file }
    }),
    others
  )
})

/** Shows how many tenants are done: on a terminal in one line, elsewhere with a log line for every tenth. */
const progress = (total: number): Round.RoundOptions["onTenant"] => {
  let [done, failed, tenth] = [0, 0, 0]
  return (_, result) =>
    Effect.suspend(() => {
      done++
      if (Result.isFailure(result)) failed++
      const line = `${done} of ${total} tenants${failed === 0 ? "" : `, ${failed} failed`}`
      Stderr.show(line)
      const reached = Math.floor(done * 10 / total)
      if (Stderr.isTerminal || reached === tenth) return Effect.void
      tenth = reached
      return Effect.annotateLogs(Effect.logInfo(line), {
        "event.name": "progress",
        "duo_mfa.seen": done,
        "duo_mfa.total": total
      })
    })
}

/** The flags for many tenants. */
export interface TenantFlags {
  readonly file: Option.Option<string>
  readonly atOnce: Option.Option<number>
  readonly maxRate: Option.Option<number>
  readonly shard: Option.Option<Shard.Shard>
  /** Whether the run is recorded or replayed. */
  readonly isRecorded: boolean
}

const allowsLoopback = Config.String("DUO_INSECURE_LOOPBACK").pipe(
  Config.withDefault(""),
  Effect.orDie,
  Effect.map((setting) => setting.trim() === "1")
)

/** Reads the tenants. The result runs a pipeline for all of them; it is undefined if the flags name no tenants. */
export const round = Effect.fnUntraced(function*({ atOnce, file, isRecorded, maxRate, shard }: TenantFlags) {
  if (Option.isNone(file)) {
    if (Option.isNone(atOnce) && Option.isNone(maxRate) && Option.isNone(shard)) return undefined
    return yield* new Contradiction({
      detail: "--at-once, --max-rate and --shard are for many tenants: name them with --tenants."
    })
  }
  if (isRecorded) {
    return yield* new Contradiction({ detail: "--record and --replay are for one tenant, and --tenants is for many." })
  }
  const listed = yield* TenantsFile.read(file.value, yield* allowsLoopback)
  const others = yield* ConfigProvider.ConfigProvider
  const tenants = inShard(listed, shard).map((tenant) => withSettings(tenant, others))
  const cap = Option.isSome(maxRate) ? yield* RatePlan.makeCap(maxRate.value) : Effect.void
  return (pipeline: Pipeline, options: RunOptions, isDry: boolean) => {
    const roundOptions: Round.RoundOptions = {
      ...options,
      atOnce: Option.getOrElse(atOnce, () => 4),
      known: listed.map(({ name }) => name),
      onTenant: progress(tenants.length)
    }
    return (isDry ? Round.dryRun : Round.run)(pipeline, tenants, roundOptions).pipe(
      Effect.provideService(RatePlan.RateCap, cap)
    )
  }
})
