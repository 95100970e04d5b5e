/**
 * Prunes snapshots. First `DATA/pruning.json` says which, then their manifests say that they are pruned, then the sinks remove
 * them. If the process is killed in between, the next run or the next prune does the rest.
 */
import { Effect, FileSystem, Path, Schema } from "effect"
import type { SinkError } from "../../failure/SinkError.ts"
import * as Private from "../../files/Private.ts"
import type { Removal, Sink } from "../../Sink.ts"
import { fromTypes } from "../../Table.ts"
import { format, version } from "../../Version.ts"
import type { Manifests } from "../publish/Manifest.ts"
import * as ManifestFile from "../publish/ManifestFile.ts"
import { isAt, placesOf } from "../publish/TrustedTarget.ts"
import * as Keep from "./Keep.ts"

/** The runs of one file of manifests, which are published together, so that they are pruned together. */
interface Round {
  readonly id: string
  readonly runs: ReadonlyArray<ManifestFile.Manifest>
}

/** A place with snapshots, and what a prune does there. All lists have the newest first. */
export interface Place extends ManifestFile.Target {
  readonly kept: ReadonlyArray<Round>
  readonly removed: ReadonlyArray<Round>
  /** Those that earlier prunes removed. */
  readonly before: ReadonlyArray<Round>
}

const Journal = Schema.fromJsonString(Schema.Struct({
  ...ManifestFile.Written.fields,
  day: Schema.String,
  rule: Schema.String,
  places: Schema.Array(Schema.Struct({ ...ManifestFile.Target.fields, ids: Schema.Array(Schema.String) }))
}))
type Journal = typeof Journal.Type
const encode = Schema.encodeEffect(Journal)

/** Whether the snapshots of a run in a place were pruned. */
export const prunedIn = ({ sinks }: Pick<ManifestFile.Manifest, "sinks">, place: ManifestFile.Target) =>
  sinks.find(isAt(place))?.pruned

/** The rounds that are kept because the rules keep one of their runs. */
const keptOf = (rounds: ReadonlyArray<Round>, rules: Keep.Rules) => {
  const series = Map.groupBy(
    rounds.flatMap(({ runs }) => runs),
    ({ pipeline, tenant }) => JSON.stringify([pipeline, tenant])
  )
  const ids = new Set([...series.values()].flatMap((runs) => [...Keep.kept(runs, rules)]))
  return rounds.filter(({ runs }) => runs.some(({ run_id }) => ids.has(run_id)))
}

/** The published rounds, the newest first. */
const rounds = (manifests: Manifests) =>
  Effect.flatMap(
    manifests.each,
    Effect.forEach(({ id, manifests }) => Effect.map(Effect.fromResult(manifests), (runs): Round => ({ id, runs })))
  )

/** Finds what a prune by these rules removes from each place. Logs have no snapshots. */
export const plan = Effect.fnUntraced(function*(manifests: Manifests, rules: Keep.Rules) {
  const all = (yield* rounds(manifests)).filter(({ runs }) => runs.every(({ window }) => window === null))
  return placesOf(all.flatMap(({ runs }) => runs)).map((target): Place => {
    const there = all.filter(({ runs }) => runs.some(({ sinks }) => sinks.some(isAt(target))))
    const before = there.filter(({ runs }) => runs.some((run) => prunedIn(run, target) !== undefined))
    const present = there.filter((round) => !before.includes(round))
    const kept = keptOf(present, rules)
    return { ...target, kept, before, removed: present.filter((round) => !kept.includes(round)) }
  })
})

/** Removes the snapshots of rounds from a sink. The text says how much that was. */
const removeFrom = (
  sink: Sink<SinkError>,
  location: string,
  rounds: ReadonlyArray<Round>,
  removal: Removal
) => {
  const runs = rounds.flatMap(({ runs }) => runs)
  const types = new Map(
    runs.flatMap(({ columns, tables_collected }) =>
      tables_collected.map((name) => [name, columns[name] ?? {}] as const)
    )
  )
  // a name in a file that somebody else wrote must not lead out of the sink's place
  const tables = [...types].filter(([name]) => /^\w+$/.test(name)).map(([name, columns]) => fromTypes(name, columns))
  return sink.pruneRuns === undefined
    ? Effect.succeed("")
    : Effect.scoped(sink.pruneRuns(location, tables, runs.map(ManifestFile.publishedOf), removal))
}

/** How much a prune would remove from a place. */
export const dryRun = (sink: Sink<SinkError>, { location, removed }: Place) =>
  removeFrom(sink, location, removed, { dryRun: true })

/** Finds the sink of a place; undefined if the place may not be used. */
type SinkAt<R> = (target: ManifestFile.Target) => Effect.Effect<Sink<SinkError> | undefined, never, R>

const journalIn = (dataDirectory: string) => Effect.map(Path.Path, ({ join }) => join(dataDirectory, "pruning.json"))

/** Marks snapshots as pruned in the manifests. */
const mark = Effect.fnUntraced(
  function*(manifests: Manifests, { day, places, rule }: Journal, all: ReadonlyArray<Round>) {
    for (const { id, runs } of all) {
      const isNew = (receipt: ManifestFile.Receipt) =>
        receipt.pruned === undefined && places.some((place) => isAt(place)(receipt) && place.ids.includes(id))
      if (!runs.some(({ sinks }) => sinks.some(isNew))) continue
      yield* manifests.change(id, (file) => ({
        ...file,
        sinks: file.sinks.map((receipt) => isNew(receipt) ? { ...receipt, pruned: { day, rule } } : receipt)
      }))
    }
  }
)

/**
 * Marks the snapshots of the journal as pruned, and removes them; then it removes the journal. If a place may not be used, the
 * journal stays. The result says how much was removed from each place.
 */
const perform = Effect.fnUntraced(function*<R>(
  dataDirectory: string,
  manifests: Manifests,
  journal: Journal,
  sinkAt: SinkAt<R>
) {
  const fs = yield* FileSystem.FileSystem
  const found = yield* Effect.forEach(
    journal.places,
    (place) => Effect.map(sinkAt(place), (sink) => ({ place, sink }))
  )
  const usable = found.flatMap(({ place, sink }) => sink === undefined ? [] : [{ place, sink }])
  const all = yield* rounds(manifests)
  yield* mark(manifests, { ...journal, places: usable.map(({ place }) => place) }, all)
  const texts = yield* Effect.forEach(
    usable,
    ({ place, sink }) =>
      removeFrom(sink, place.location, all.filter(({ id }) => place.ids.includes(id)), { dryRun: false })
  )
  if (usable.length === found.length) {
    const file = yield* journalIn(dataDirectory)
    yield* Effect.mapError(fs.remove(file, { force: true }), ManifestFile.errorIn(dataDirectory))
  }
  return texts
})

/** Prunes the places. Snapshots that were pruned before are removed again, because a backup may have brought them back. */
export const prune = Effect.fnUntraced(function*<R>(
  dataDirectory: string,
  manifests: Manifests,
  written: Pick<Journal, "day" | "rule">,
  places: ReadonlyArray<Place>,
  sinkAt: SinkAt<R>
) {
  const journal: Journal = {
    format,
    tool_version: version,
    ...written,
    places: places.map(({ before, location, removed, sink }) => ({
      sink,
      location,
      ids: [...removed, ...before].map(({ id }) => id)
    }))
  }
  const text = yield* Effect.orDie(encode(journal))
  const file = yield* journalIn(dataDirectory)
  yield* Effect.mapError(Private.write(file, ManifestFile.signed(text)), ManifestFile.errorIn(dataDirectory))
  return yield* perform(dataDirectory, manifests, journal, sinkAt)
})

/** Does the rest of a prune whose process was killed. */
export const finish = Effect.fnUntraced(function*<R>(dataDirectory: string, manifests: Manifests, sinkAt: SinkAt<R>) {
  const fs = yield* FileSystem.FileSystem
  const file = yield* journalIn(dataDirectory)
  const inDirectory = Effect.mapError(ManifestFile.errorIn(dataDirectory))
  if (!(yield* inDirectory(fs.exists(file)))) return
  const journal = yield* inDirectory(ManifestFile.read(Journal, file, ManifestFile.isSigned))
  yield* Effect.logInfo("Removing the snapshots of a prune that its process did not finish")
  yield* perform(dataDirectory, manifests, journal, sinkAt)
})
