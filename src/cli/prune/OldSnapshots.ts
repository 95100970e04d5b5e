/** Removes old snapshots by the rules, and prints a table of what went and of what stays. */
import { Clock, Effect, Option, Path } from "effect"
import type { Manifests } from "../../run/publish/Manifest.ts"
import type * as ManifestFile from "../../run/publish/ManifestFile.ts"
import * as Recovery from "../../run/publish/Recovery.ts"
import * as Keep from "../../run/retention/Keep.ts"
import * as Pruning from "../../run/retention/Pruning.ts"
import type { Removal } from "../../Sink.ts"
import * as Format from "../terminal/Format.ts"
import * as Stderr from "../terminal/Stderr.ts"
import * as Stdout from "../terminal/Stdout.ts"

const runsIn = (rounds: Pruning.Place["kept"]) => rounds.flatMap(({ runs }) => runs)

const dayOf = (run: { readonly observed_at: string } | undefined) => run?.observed_at.slice(0, 10) ?? null

/** Removes the snapshots that no rule keeps from all sinks that have snapshots. */
export const prune = Effect.fnUntraced(function*(
  places: Recovery.TrustedPlaces,
  manifests: Manifests,
  rules: Keep.Rules,
  { dryRun }: Removal
) {
  const path = yield* Path.Path
  const sinkAt = (target: ManifestFile.Target) =>
    Effect.map(Effect.option(Recovery.trustedSink(places, target, "")), Option.getOrUndefined)
  const planned: Array<Pruning.Place> = []
  const dry: Array<string> = []
  for (const place of yield* Pruning.plan(manifests, rules)) {
    const sink = yield* sinkAt(place)
    const name = `${place.sink}:${place.location}`
    if (sink === undefined) {
      Stderr.hint(
        `${name} is outside of the data directory. Nothing is removed there without --sink ${place.sink}:TARGET.`
      )
    } else if (sink.pruneRuns !== undefined) {
      planned.push(place)
      if (dryRun) dry.push(yield* Pruning.dryRun(sink, place))
    } else if (place.sink === "duckdb") {
      Stderr.hint(`${path.relative("", place.location)} keeps its whole history, which has no snapshots.`)
    } else {
      Stderr.hint(`${name} cannot remove snapshots. Remove its old runs there yourself, or by a rule of its server.`)
    }
  }
  const day = new Date(yield* Clock.currentTimeMillis).toISOString().slice(0, 10)
  const freed = dryRun
    ? dry
    : yield* Pruning.prune(places.dataDirectory, manifests, { day, rule: Keep.textOf(rules) }, planned, sinkAt)
  const rows = planned.map(({ kept, location, removed, sink }, index) => [
    sink,
    path.relative("", location),
    runsIn(kept).length,
    runsIn(removed).length,
    freed[index] ?? null,
    dayOf(runsIn(removed).at(-1)),
    dayOf(runsIn(removed).at(0))
  ])
  const names = dryRun
    ? ["sink", "place", "kept runs", "would remove", "would free", "from", "to"]
    : ["sink", "place", "kept runs", "removed", "freed", "from", "to"]
  yield* Stdout.print(
    planned.length === 0
      ? "No sink has snapshots, so there is nothing to remove."
      : Format.lay("table", { names, rows })
  )
})
