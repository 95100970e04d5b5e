/** `duo-mfa prune`: removes the old days of logs, because their events are about persons. */
import { Clock, Duration, Effect, Path, Runtime, Schema } from "effect"
import { Command, Flag } from "effect/cli"
import { ExitCode } from "../failure/ExitCode.ts"
import * as Recovery from "../run/publish/Recovery.ts"
import * as TrustedTarget from "../run/publish/TrustedTarget.ts"
import { isEvents } from "../Table.ts"
import { requiredDuration } from "./shared/Duration.ts"
import * as PipelineModules from "./shared/PipelineModules.ts"
import { Plugins } from "./shared/Plugins.ts"
import * as Settings from "./shared/Settings.ts"
import * as Targets from "./shared/Targets.ts"
import { commandName } from "./terminal/CommandName.ts"
import * as Stderr from "./terminal/Stderr.ts"
import * as Stdout from "./terminal/Stdout.ts"

/** Days that are counted again by later runs must stay. */
const daysMin = 7

/** The days that would be removed are too recent. */
export class TooRecent extends Schema.TaggedError<TooRecent>()("TooRecent", {}) {
  override readonly [Runtime.errorExitCode] = ExitCode.usage
  override get message() {
    return `--older-than must be at least ${daysMin}d, because runs count the last days again. Nothing changed.`
  }
}

const millisOfDay = 86_400_000

export const prune = Command.make(
  "prune",
  {
    olderThan: requiredDuration(
      "older-than",
      "Remove the days that ended so long ago, such as 400d; it has no default"
    ),
    sink: Flag.String("sink").pipe(
      Flag.withDescription(
        "A sink outside of the data directory that runs have written to; repeatable; default: those in the data directory"
      ),
      Flag.withMetavar("NAME[:TARGET]"),
      Flag.atLeast(0)
    ),
    modules: PipelineModules.flag
  },
  Effect.fnUntraced(function*({ modules, olderThan, sink: asked }) {
    if (Duration.toDays(olderThan) < daysMin) return yield* new TooRecent()
    const path = yield* Path.Path
    const dataDirectory = yield* Settings.dataDirectoryToRead
    const pipelines = yield* PipelineModules.knownPipelines(modules)
    const sinks = yield* Targets.resolve(dataDirectory, asked)
    const catalog = yield* Plugins
    const places = {
      dataDirectory,
      sinks,
      findSink: asked.length === 0 ? catalog.ownSink : yield* Targets.sinkFinder(sinks)
    }
    const manifests = yield* (yield* Recovery.lockAndRecover(places)).all
    const oldest = (yield* Clock.currentTimeMillis) - Duration.toMillis(olderThan)
    const before = BigInt(Math.floor(oldest / millisOfDay) * millisOfDay) * 1000n
    const done = new Set<string>()
    for (const manifest of manifests) {
      const pipeline = pipelines.find(({ kind, name }) => kind === "log" && name === manifest.pipeline)
      if (pipeline === undefined) continue
      for (const target of manifest.sinks.filter((target) => !TrustedTarget.isStandardOutput(target))) {
        const place = `${target.sink}:${target.location}`
        if (done.has(`${place} ${pipeline.name}`)) continue
        done.add(`${place} ${pipeline.name}`)
        const sink = yield* Recovery.trustedSink(places, target, manifest.run_id)
        const tables = pipeline.tables.filter((table) => isEvents(table) && (sink.keeps?.(table) ?? true))
        if (tables.length === 0) continue
        if (sink.prune === undefined) {
          Stderr.hint(`${place} has a file per run instead of days. Delete the files of old runs there.`)
          continue
        }
        const removed = yield* Effect.scoped(sink.prune(target.location, tables, before))
        yield* Stdout.print(`${target.sink.padEnd(8)} ${path.relative("", target.location)}: ${removed} removed`)
      }
    }
    if (done.size === 0) yield* Stdout.print("No log was extracted, so there is nothing to remove.")
    yield* Stderr.next(`${commandName()} verify`)
  }, Effect.scoped)
).pipe(
  Command.withDescription("Remove the old days of logs; users and their history stay"),
  Command.withExamples([
    { command: "duo-mfa prune --older-than 400d", description: "Events of more than 400 days ago" }
  ])
)
