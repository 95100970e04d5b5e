/** Opens the sinks of a command for a round, and seals the round in all of them. */
import { type Array, Effect, Exit, Scope } from "effect"
import * as Fingerprint from "../duckdb/Fingerprint.ts"
import * as RowsSql from "../duckdb/RowsSql.ts"
import type * as RunDatabase from "../duckdb/RunDatabase.ts"
import type { ShrinkLimits } from "../failure/Shrink.ts"
import type { Outcome } from "../Outcome.ts"
import type { Pipeline } from "../Pipeline.ts"
import type { SinkRun } from "../Sink.ts"
import { type Stamp, typesOf } from "../Table.ts"
import { orRunError } from "./Collect.ts"
import type { Manifests } from "./publish/Manifest.ts"
import type { Receipt } from "./publish/ManifestFile.ts"
import type * as Recovery from "./publish/Recovery.ts"
import { withLocation } from "./publish/SinkLocation.ts"

/** What a sink knows about a run. */
export const sinkRun = (
  stamp: Stamp,
  { joined, maxShrink: usual = 10, name, portable, tables, views }: Pipeline,
  { allowEmpty, maxShrink = usual }: Pick<ShrinkLimits, "allowEmpty"> & { readonly maxShrink?: number | undefined }
): SinkRun => ({ ...stamp, pipeline: name, tables, views, portable, joined, allowEmpty, maxShrink })

/** Up to so many rows, two sinks are sealed at the same time. With more rows, one sink needs all of the memory. */
const togetherMax = 1_000_000

/** How many sinks are sealed at the same time. For many tenants one after the other takes as long, and less memory. */
export const concurrencyFor = (round: ReadonlyArray<Outcome>) => {
  const rows = round.flatMap(({ rows }) => Object.values(rows)).reduce((sum, rows) => sum + rows, 0)
  return round.length > 1 || rows > togetherMax ? 1 : 2
}

/**
 * Opens the sinks for a round whose newest run is `run`. `discard` removes everything that they have staged. Their
 * locks last until the scope closes.
 */
export const open = Effect.fnUntraced(function*(manifests: Manifests, run: SinkRun, options: Recovery.TrustedPlaces) {
  const { run_id } = run
  const targets = yield* Effect.forEach(
    options.sinks,
    ({ location, sink }) =>
      Effect.map(options.findSink(sink), (found) => ({ location, name: sink, sink: withLocation(found) }))
  )
  const scope = yield* Effect.flatMap(Effect.scope, Scope.fork)
  const discard = manifests.unseal(run_id).pipe(
    // closing a sink may still write, so close it before its files are removed
    Effect.andThen(Scope.close(scope, Exit.void)),
    Effect.andThen(Effect.forEach(targets, ({ location, sink }) => sink.discard(location, run_id))),
    Effect.andThen(manifests.discarded(run_id)),
    Effect.ignore
  )
  return yield* Effect.gen(function*() {
    yield* manifests.open(run_id, options.sinks)
    const directory = yield* manifests.directory(run_id)
    const opened = yield* Effect.forEach(
      targets,
      ({ location, name, sink }) =>
        Effect.map(sink.open(location, run, directory), (open) => ({ location, name, open, sink }))
    ).pipe(
      Scope.provide(scope)
    )
    return { directory, discard, opened }
  }).pipe(Effect.interruptible, Effect.onError(() => discard))
})
type Opened = Effect.Success<ReturnType<typeof open>>["opened"]

/** Seals the rows of the round in every sink. The run database is in the data directory. */
export const seal = Effect.fnUntraced(function*(
  opened: Opened,
  round: Array.NonEmptyReadonlyArray<Outcome>,
  database: RunDatabase.RunDatabase,
  dataDirectory: string,
  { tables }: Pick<Pipeline, "tables">
) {
  const rowsOfRound: Record<string, number> = {}
  for (const { rows } of round) {
    for (const [table, count] of Object.entries(rows)) rowsOfRound[table] = (rowsOfRound[table] ?? 0) + count
  }
  // each sink has a connection of its own, because two may be sealed at the same time
  const sealOne = Effect.fnUntraced(function*({ location, name, open, sink }: Opened[number]) {
    const rows = RowsSql.make(yield* orRunError(dataDirectory)(database.session.another))
    const { bytes, publication } = yield* open.seal(round, rows)
    const kept = Object.entries(rowsOfRound).filter(([name]) => {
      const table = tables.find((table) => table.name === name)
      return table === undefined || (sink.keeps?.(table) ?? true)
    })
    const receipt: Receipt = { sink: name, location, rows: Object.fromEntries(kept), bytes, publication }
    return { receipt, sink }
  }, Effect.scoped)
  return yield* Effect.forEach(opened, sealOne, { concurrency: concurrencyFor(round) })
})

/** The fields that the manifests of a sealed round share. */
export const shared = (
  { tables }: Pipeline,
  sealed: ReadonlyArray<{ readonly receipt: Receipt }>
) => ({
  fingerprint_algorithm: Fingerprint.algorithm,
  columns: typesOf(tables),
  sinks: sealed.map(({ receipt }) => receipt)
})
