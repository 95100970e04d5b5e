/** The flags for many tenants: who the tenants are, their settings, and how they are read. */
import { ConfigProvider, Context, Duration, Effect, type FileSystem, Option, Result } from "effect"
import { Accounts } from "../../duo/Accounts.ts"
import { allowsLoopback } from "../../duo/http/Credentials.ts"
import * as RatePlan from "../../duo/http/RatePlan.ts"
import * as SettingNames from "../../duo/SettingNames.ts"
import type { ExpectedFailure } from "../../failure/ExpectedFailure.ts"
import type { Pipeline } from "../../Pipeline.ts"
import * as Round from "../../run/round/Round.ts"
import type { RunOptions } from "../../run/Run.ts"
import * as Stderr from "../terminal/Stderr.ts"
import { Contradiction } from "./Contradiction.ts"
import * as LogTenants from "./LogTenants.ts"
import * as Shard from "./Shard.ts"
import * as TenantsFile from "./TenantsFile.ts"

/** The tenants of a part, or all of them. */
const inShard = (tenants: ReadonlyArray<TenantsFile.ListedTenant>, shard: Option.Option<Shard.Shard>) =>
  Option.match(shard, {
    onNone: () => tenants,
    onSome: (shard) => tenants.filter(({ host }) => Shard.has(shard, host))
  })

/** How messages call the settings of a tenant in the file. The keys may be those of the process. */
const namesOf = ({ ikey }: TenantsFile.ListedTenant): SettingNames.SettingNames => ({
  ...SettingNames.inEnvironment,
  host: "its host",
  accountId: "its account_id",
  ...ikey === undefined ? {} : { ikey: "its ikey", skey: "the key of its skey_file", skeyFile: "its skey_file" }
})

/**
 * A tenant with its own settings. Those that it does not have come from the settings of the process, such as the keys of
 * the parent account.
 */
export const withSettings = (
  tenant: TenantsFile.ListedTenant,
  isNamedByDuo: boolean,
  others: ConfigProvider.ConfigProvider
): Round.RoundTenant => {
  const { account_id, host, ikey, name, skey_file } = tenant
  const settings = ConfigProvider.orElse(
    ConfigProvider.fromUnknown({
      DUO_HOST: host,
      DUO_ACCOUNT_ID: account_id ?? "",
      ...ikey === undefined ? {} : { DUO_IKEY: ikey },
      ...skey_file === undefined ? {} : { DUO_SKEY_FILE: skey_file }
    }),
    others
  )
  return {
    name,
    host,
    isNamedByDuo,
    settings: Context.make(ConfigProvider.ConfigProvider, settings).pipe(
      Context.add(SettingNames.CurrentNames, isNamedByDuo ? SettingNames.inEnvironment : namesOf(tenant))
    )
  }
}

/** Shows how many tenants are done: on a terminal in one line, elsewhere with a log line for every tenth. */
const progress = (total: number) => {
  let [done, failed] = [0, 0]
  const isNextTenth = Stderr.tenths()
  const onTenant: Round.RoundOptions["onTenant"] = (_, result) =>
    Effect.suspend(() => {
      done++
      if (Result.isFailure(result)) failed++
      const line = `${done} of ${total} tenants${failed === 0 ? "" : `, ${failed} failed`}`
      Stderr.show(line)
      return !Stderr.isTerminal && isNextTenth(done, total)
        ? Stderr.logProgress(line, { seen: done, total })
        : Effect.void
    })
  return { onTenant, read: () => done - failed }
}

/** The flags for many tenants. */
export interface TenantFlags {
  readonly file: Option.Option<string>
  readonly accounts: boolean
  readonly atOnce: Option.Option<number>
  readonly maxRate: Option.Option<number>
  readonly tenantTimeout: Option.Option<Duration.Duration>
  readonly shard: Option.Option<Shard.Shard>
  /** Whether the run is recorded or replayed. */
  readonly isRecorded: boolean
}

/** The tenants of a command, and sentences about those that cannot be asked. */
interface Listed {
  readonly tenants: ReadonlyArray<TenantsFile.ListedTenant>
  readonly leftOut: ReadonlyArray<string>
}

/** One line of a name that somebody wrote in Duo. */
const oneLine = (name: string) => name.replaceAll(/[\p{Cc}\p{Zl}\p{Zp}]+/gu, " ").trim().slice(0, 150)

/** Asks the parent in the settings for its children. A child without a name of its own gets its id too. */
const children: Effect.Effect<Listed, ExpectedFailure, FileSystem.FileSystem> = Effect.gen(function*() {
  const { children, leftOut } = yield* (yield* Accounts).list
  const names = children.map(({ name }) => oneLine(name))
  const tenants = children.map(({ account_id, host }, index) => {
    const name = names[index] ?? ""
    const isUnique = name !== "" && names.filter((other) => other === name).length === 1
    return { name: isUnique ? name : `${name} ${account_id}`.trim(), host, account_id }
  })
  return { tenants, leftOut }
}).pipe(Effect.provide(Accounts.layer))

/** The tenants that the flags name; undefined if they name none. */
const listed = Effect.fnUntraced(function*({ accounts, file, isRecorded, ...flags }: TenantFlags) {
  const isMany = accounts || Option.isSome(file)
  if (!isMany && Object.values(flags).some((flag) => Option.isSome<unknown>(flag))) {
    return yield* new Contradiction({
      detail:
        "--at-once, --max-rate, --tenant-timeout and --shard are for many tenants: name them with --tenants or --accounts."
    })
  }
  if (isMany && isRecorded) {
    return yield* new Contradiction({
      detail: "--record and --replay are for one tenant, and --tenants and --accounts are for many."
    })
  }
  if (accounts && Option.isSome(file)) {
    return yield* new Contradiction({ detail: "--tenants and --accounts exclude each other." })
  }
  if (accounts) return yield* children
  if (Option.isNone(file)) return undefined
  const all: Listed = { tenants: yield* TenantsFile.read(file.value, yield* allowsLoopback), leftOut: [] }
  return all
})

/** Many tenants, ready to be read. */
export interface Tenants {
  /** Runs a pipeline for all of them. */
  readonly run: (
    pipeline: Pipeline,
    options: RunOptions,
    isDry: boolean
  ) => Effect.Effect<
    Round.RoundResult,
    ExpectedFailure,
    Effect.Services<ReturnType<typeof Round.run> | ReturnType<typeof Round.dryRun>>
  >
  /** Sentences about child accounts that cannot be asked. */
  readonly leftOut: ReadonlyArray<string>
  /** The sentence about a round that was stopped. */
  readonly stopped: (isDry: boolean, pipeline: Pipeline) => string
}

const oneAfterTheOther = ({ name }: Pipeline) =>
  new Contradiction({
    detail: `--at-once and --tenant-timeout are not for ${name}, a log, which is read for one tenant after the other.`
  })

/** How long the reading of one tenant may take, if nobody says. */
const usualTimeout = Duration.hours(1)

/** Finds out who the tenants are; undefined if the flags are for one tenant. */
export const find = Effect.fnUntraced(function*(flags: TenantFlags) {
  const all = yield* listed(flags)
  if (all === undefined) return undefined
  const others = yield* ConfigProvider.ConfigProvider
  const tenants = inShard(all.tenants, flags.shard).map((tenant) => withSettings(tenant, flags.accounts, others))
  const cap = Option.isSome(flags.maxRate) ? yield* RatePlan.makeCap(flags.maxRate.value) : Effect.void
  const { onTenant, read } = progress(tenants.length)
  const found: Tenants = {
    leftOut: all.leftOut,
    stopped: (isDry, { kind }) =>
      kind === "log" && !isDry
        ? "Stopped; the parts of the log that were read are published. The next extract goes on after them."
        : isDry || read() === 0
        ? "Stopped; nothing of this round was published."
        : `Stopped; nothing of this round was published yet. ${read()} of ${tenants.length} tenants are read and kept, and the next extract publishes them.`,
    run: Effect.fnUntraced(function*(pipeline, options, isDry) {
      if (pipeline.kind === "log") {
        if (Option.isSome(flags.atOnce) || Option.isSome(flags.tenantTimeout)) return yield* oneAfterTheOther(pipeline)
        return yield* LogTenants.run(pipeline, tenants, { ...options, onTenant }, isDry)
      }
      return yield* (isDry ? Round.dryRun : Round.run)(pipeline, tenants, {
        ...options,
        atOnce: Option.getOrElse(flags.atOnce, () => 4),
        known: all.tenants.map(({ name }) => name),
        tenantTimeout: Option.getOrElse(flags.tenantTimeout, () => usualTimeout),
        onTenant
      })
    }, Effect.provideService(RatePlan.RateCap, cap))
  }
  return found
})
