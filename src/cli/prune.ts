/** `duo-mfa prune`: removes old snapshots and old days of logs. The ledger's history stays. */
import { Effect, Option, Runtime, Schema } from "effect"
import { Command, Flag } from "effect/cli"
import { ExitCode } from "../failure/ExitCode.ts"
import * as Manifest from "../run/publish/Manifest.ts"
import * as Recovery from "../run/publish/Recovery.ts"
import * as OldEvents from "./prune/OldEvents.ts"
import * as OldSnapshots from "./prune/OldSnapshots.ts"
import { duration } from "./shared/Duration.ts"
import * as PipelineModules from "./shared/PipelineModules.ts"
import { Plugins } from "./shared/Plugins.ts"
import * as Settings from "./shared/Settings.ts"
import * as Targets from "./shared/Targets.ts"
import { commandName } from "./terminal/CommandName.ts"
import * as Stderr from "./terminal/Stderr.ts"

/** The command line does not say what is removed. */
export class NoRule extends Schema.TaggedError<NoRule>()("NoRule", {}) {
  override readonly [Runtime.errorExitCode] = ExitCode.usage
  override get message() {
    return "Say what stays: --keep-daily 30 --keep-monthly 24 for snapshots, --older-than 400d for events of logs. Nothing changed."
  }
}

const keep = (name: string, periods: string) =>
  Flag.Int(name).pipe(
    Flag.withDescription(`Keep the last snapshot of each of the last N ${periods} that have one; default: none`),
    Flag.withMetavar("N"),
    Flag.withSchema(Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 100_000 }))),
    Flag.optional
  )

export const prune = Command.make(
  "prune",
  {
    daily: keep("keep-daily", "days"),
    monthly: keep("keep-monthly", "months"),
    olderThan: duration(
      "older-than",
      "Remove the days of logs that ended so long ago, such as 400d; default: none"
    ),
    dryRun: Flag.Boolean("dry-run").pipe(
      Flag.withDescription("Print what would be removed, and remove nothing"),
      Flag.withDefault(false)
    ),
    sink: Targets.outside,
    modules: PipelineModules.flag
  },
  Effect.fnUntraced(function*({ daily, dryRun, modules, monthly, olderThan, sink: asked }) {
    const hasRules = Option.isSome(daily) || Option.isSome(monthly)
    if (!hasRules && Option.isNone(olderThan)) return yield* new NoRule()
    if (Option.isSome(olderThan)) yield* OldEvents.refuseRecent(olderThan.value)
    const dataDirectory = yield* Settings.dataDirectoryToRead
    const pipelines = yield* PipelineModules.knownPipelines(modules)
    const sinks = yield* Targets.resolve(dataDirectory, asked)
    const catalog = yield* Plugins
    const places = {
      dataDirectory,
      sinks,
      findSink: asked.length === 0 ? catalog.ownSink : yield* Targets.sinkFinder(sinks)
    }
    // a dry run does not even finish what a killed process left
    const manifests = yield* dryRun ? Manifest.make(dataDirectory) : Recovery.lockAndRecover(places)
    if (Option.isSome(olderThan)) {
      yield* OldEvents.prune(places, pipelines, yield* manifests.all, olderThan.value, { dryRun })
    }
    if (hasRules) {
      const rules = { daily: Option.getOrElse(daily, () => 0), monthly: Option.getOrElse(monthly, () => 0) }
      yield* OldSnapshots.prune(places, manifests, rules, { dryRun })
    }
    yield* Stderr.next(dryRun ? "the same without --dry-run" : `${commandName()} verify --all`)
  }, Effect.scoped)
).pipe(
  Command.withDescription("Remove old snapshots, or old days of logs; the ledger's history stays"),
  Command.withExamples([
    {
      command: "duo-mfa prune --keep-daily 30 --keep-monthly 24 --dry-run",
      description: "What would go if a month of days and two years of months are kept"
    },
    { command: "duo-mfa prune --older-than 400d", description: "Events of more than 400 days ago" }
  ])
)
