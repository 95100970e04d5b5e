/** Removes the old days of logs, because their events are about persons. */
import { Clock, Duration, Effect, Path, Runtime, Schema } from "effect"
import { ExitCode } from "../../failure/ExitCode.ts"
import type { Pipeline } from "../../Pipeline.ts"
import type * as ManifestFile from "../../run/publish/ManifestFile.ts"
import * as Recovery from "../../run/publish/Recovery.ts"
import * as TrustedTarget from "../../run/publish/TrustedTarget.ts"
import type { Removal } from "../../Sink.ts"
import { isEvents } from "../../Table.ts"
import * as Stderr from "../terminal/Stderr.ts"
import * as Stdout from "../terminal/Stdout.ts"

/** Days that are counted again by later runs must stay. */
const daysMin = 7

/** The days that would be removed are too recent. */
export class TooRecent extends Schema.TaggedError<TooRecent>()("TooRecent", {}) {
  override readonly [Runtime.errorExitCode] = ExitCode.usage
  override get message() {
    return `--older-than must be at least ${daysMin}d, because runs count the last days again. Nothing changed.`
  }
}

/** Fails if runs still need some of the days. */
export const refuseRecent = (olderThan: Duration.Duration) =>
  Duration.toDays(olderThan) < daysMin ? Effect.fail(new TooRecent()) : Effect.void

const millisOfDay = 86_400_000

/** Removes the days that ended so long ago from all sinks that have days. */
export const prune = Effect.fnUntraced(function*(
  places: Recovery.TrustedPlaces,
  pipelines: ReadonlyArray<Pick<Pipeline, "kind" | "name" | "tables">>,
  manifests: ReadonlyArray<ManifestFile.Manifest>,
  olderThan: Duration.Duration,
  removal: Removal
) {
  const path = yield* Path.Path
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
      if (sink.pruneEvents === undefined) {
        Stderr.hint(`${place} has a file per run instead of days. Delete the files of old runs there.`)
        continue
      }
      const removed = yield* Effect.scoped(sink.pruneEvents(target.location, tables, before, removal))
      yield* Stdout.print(
        `${target.sink.padEnd(8)} ${path.relative("", target.location)}: ${removed} ${
          removal.dryRun ? "would be removed" : "removed"
        }`
      )
    }
  }
  if (done.size === 0) yield* Stdout.print("No log was extracted, so there is nothing to remove.")
})
