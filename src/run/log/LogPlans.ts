/** Makes the plan of a run of a log: the part that it reads, and the keys of the events that are published already. */
import { Effect } from "effect"
import type { RunDatabase } from "../../duckdb/RunDatabase.ts"
import type { LogPlan, LogWindow, Pipeline, Source } from "../../Pipeline.ts"
import type { SinkServices } from "../../Sink.ts"
import type { Stamp, Table } from "../../Table.ts"
import type { Manifests } from "../publish/Manifest.ts"
import type { TrustedPlaces } from "../publish/Recovery.ts"
import * as Held from "./Held.ts"
import * as LogWindows from "./LogWindows.ts"

const day = 86_400_000

const millisOf = ({ observed_at }: Stamp) => Number(observed_at / 1000n)

/** The parts of the log of a tenant that were read into a sink, as its newest run there says. */
const coveredBefore = Effect.fnUntraced(function*(
  manifests: Manifests,
  { name: pipeline }: Pipeline,
  { tenant }: Stamp,
  { target }: Held.EventSink
) {
  const newest = yield* manifests.newestWith({ pipeline, tenant }, ({ sinks }) => Held.isIn(sinks, target))
  return (newest?.window?.covered ?? []).map(({ from, to }): LogWindow => ({
    from: Date.parse(from),
    to: Date.parse(to)
  }))
})

/** A plan that has begun: the part is known, and the run database is not open yet. */
export interface BegunPlan {
  readonly next: LogWindows.NextWindow
  readonly sink: Held.EventSink
  /** The parts that were read before. */
  readonly before: ReadonlyArray<LogWindow>
}

/** Finds the part of the log that a run reads. A replayed run reads what it read before. */
export const begin = Effect.fnUntraced(function*(
  manifests: Manifests,
  pipeline: Pipeline,
  { recorded }: Source,
  stamp: Stamp,
  { range = {}, ...places }: TrustedPlaces & { readonly range?: LogWindows.LogRange | undefined }
) {
  const sink = yield* Held.eventSink(places)
  const before = yield* coveredBefore(manifests, pipeline, stamp, sink)
  const next = recorded?.window === undefined
    ? LogWindows.next(before, millisOf(stamp), range)
    : { window: recorded.window, recount: [], remaining: 0 }
  const begun: BegunPlan = { next, sink, before }
  return begun
})

const planOf = (
  { recount, window }: LogWindows.NextWindow,
  before: ReadonlyArray<LogWindow>,
  hold: LogPlan["hold"]
): LogPlan => ({ window, recount, covered: LogWindows.merged([...before, window]), held: Held.heldTable, hold })

const tableOf = (pipeline: Pipeline): Effect.Effect<Table> =>
  Effect.fromNullishOr(Held.eventTable(pipeline)).pipe(Effect.orDie)

/** Completes the plan with the keys of the published events, which are loaded part by part. */
export const make = Effect.fnUntraced(function*(
  { session }: RunDatabase,
  pipeline: Pipeline,
  { tenant }: Stamp,
  { before, next, sink }: BegunPlan
) {
  const table = yield* tableOf(pipeline)
  const services = yield* Effect.context<SinkServices>()
  return planOf(
    next,
    before,
    (part) => Effect.provide(Held.load(session, table, sink, tenant, part), services)
  )
})

/** The plan of a dry run, which knows no published run: the last day, or the first part of a range. */
export const dry = Effect.fnUntraced(function*(
  { session }: RunDatabase,
  pipeline: Pipeline,
  { recorded }: Source,
  stamp: Stamp,
  range: LogWindows.LogRange | undefined
) {
  const table = yield* tableOf(pipeline)
  const now = millisOf(stamp)
  const next = LogWindows.next([], now, range ?? { from: now - day })
  return planOf({ ...next, window: recorded?.window ?? next.window, recount: [] }, [], () => Held.empty(session, table))
})
