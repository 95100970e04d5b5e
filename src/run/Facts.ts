/**
 * Counts the facts of runs: what is in the objects, what is unknown or contradicts itself, and what the pipeline
 * counts.
 */
import { type Array, Effect } from "effect"
import * as DuckDb from "../duckdb/DuckDb.ts"
import * as FieldCounts from "../duckdb/FieldCounts.ts"
import type { RunDatabase } from "../duckdb/RunDatabase.ts"
import type { SinkReason } from "../failure/SinkError.ts"
import type { Facts } from "../Outcome.ts"
import type { List, LogPlan, LogWindow, Pipeline } from "../Pipeline.ts"
import { collectedTables, type ExtractedRun } from "./Rows.ts"
import * as Unknown from "./Unknown.ts"

/** Runs a SELECT of `run_id, what, times` and adds the sentences of each run to its values. */
const sentences = Effect.fnUntraced(function*(
  session: DuckDb.Session,
  select: string,
  into: (run_id: string) => Unknown.UnknownValues | undefined
) {
  if (select === "") return
  // an answer may contain any number of invented values
  const found = yield* session.all(
    `SELECT run_id, what, times, sum(times) OVER (PARTITION BY run_id) AS "all" FROM (${select})
     QUALIFY row_number() OVER (PARTITION BY run_id ORDER BY times DESC, what) <= ${Unknown.rememberedMax}
     ORDER BY run_id, times DESC, what`
  )
  const others = new Map<string, number>()
  for (const [run, what, times, all] of found) {
    const run_id = String(run)
    into(run_id)?.value(String(what), Number(times))
    others.set(run_id, (others.get(run_id) ?? Number(all)) - Number(times))
  }
  for (const [run_id, times] of others) if (times > 0) into(run_id)?.unlisted(times)
})

/** A SELECT of the fields in which objects had half of a surrogate pair, and of how many objects. */
const halves = ({ name, object }: List) =>
  `SELECT run_id, 'half of a surrogate pair in ${object}, now U+FFFD: ' || path AS what, count(*) AS times
   FROM objects.halves JOIN objects.${DuckDb.name(name)} ON _list = list AND _page = page AND _place = place
   GROUP BY run_id, path`

/** The facts that can be counted before there are rows. */
export interface ObjectFacts {
  readonly fields: Facts["fields"]
  readonly unknown: Unknown.UnknownValues
  readonly contradictions: Unknown.UnknownValues
}

/** The facts of a run without objects. */
export const none = (): ObjectFacts => ({ fields: {}, unknown: Unknown.make(), contradictions: Unknown.make() })

/** Counts facts in the objects of each run, by its id, on a connection of its own. */
export const ofObjects: (
  database: RunDatabase,
  pipeline: Pipeline,
  runs: Array.NonEmptyReadonlyArray<ExtractedRun>
) => Effect.Effect<ReadonlyMap<string, ObjectFacts>, SinkReason> = Effect.fnUntraced(
  function*(database, pipeline, runs) {
    const session = yield* database.session.another
    const facts = new Map(runs.map(({ stamp }) => [stamp.run_id, none()]))
    const lists = new Map(runs.flatMap(({ extraction }) => extraction.lists.map(({ list }) => [list.name, list])))
    for (const { columns, filledBy, name } of lists.values()) {
      const counted = yield* session.all(
        `SELECT run_id, field, "of", filled FROM (${FieldCounts.select(name, columns, filledBy)})`
      )
      for (const [run_id, field, of, filled] of counted) {
        Object.assign(facts.get(String(run_id))?.fields ?? {}, {
          [String(field)]: { of: Number(of), filled: Number(filled) }
        })
      }
    }
    const unknownOf = (run_id: string) => facts.get(run_id)?.unknown
    // The number of warnings is limited. Values come first because rows have them; unknown fields are in no row.
    yield* sentences(session, pipeline.unknown, unknownOf)
    const [[halfPairs] = []] = yield* session.all("SELECT count(*) FROM objects.halves")
    for (const list of lists.values()) {
      if (halfPairs !== 0n) yield* sentences(session, halves(list), unknownOf)
      for (const { extraction, stamp } of runs) {
        for (const field of extraction.lists.find((read) => read.list.name === list.name)?.unknownFields ?? []) {
          unknownOf(stamp.run_id)?.value(`unknown field of ${list.object}: ${field}`, 1)
        }
      }
    }
    yield* sentences(session, pipeline.contradictions, (run_id) => facts.get(run_id)?.contradictions)
    return facts
  },
  Effect.scoped
)

/** The counts of the summary of each run, by its id, after the rows have been made. */
export const counts: (
  database: RunDatabase,
  pipeline: Pipeline
) => Effect.Effect<(run_id: string) => Facts["counts"], SinkReason> = Effect.fnUntraced(
  function*({ session }, pipeline) {
    const counted = yield* session.all(`SELECT run_id, name, words, count FROM (${pipeline.counts})`)
    return (run_id) =>
      counted.filter(([run]) => run === run_id).map(([_, name, words, count]) => ({
        name: String(name),
        words: String(words),
        count: Number(count)
      }))
  }
)

const timesOf = ({ from, to }: LogWindow) => ({ from: new Date(from).toISOString(), to: new Date(to).toISOString() })

/** Makes the facts of a run. `plan` is what a run of a log was to read. */
export const make = (
  pipeline: Pipeline,
  { extraction, plan, stamp }: ExtractedRun & { readonly plan?: LogPlan | undefined },
  { contradictions, fields, unknown }: ObjectFacts,
  counts: Facts["counts"]
): Facts => {
  const { lists, refused, sent, window } = extraction
  const [first] = lists
  const doubt = lists.find((_) => _.doubt !== null)?.doubt ?? null
  const begun = Number(stamp.observed_at / 1000n)
  return {
    // if the clock was set back, the run still does not end before it began
    finished_at: new Date(Math.max(begun, sent.answeredAt ?? begun)).toISOString(),
    complete: doubt === null,
    incomplete_reason: doubt,
    proof: doubt === null ? first.proof : null,
    total_objects: first.total,
    pages: first.pages,
    sweeps: first.readings,
    requests: sent.requests,
    retries: sent.retries,
    duplicates: first.duplicates,
    changed: first.changed,
    unknown_values: unknown.count(),
    tables_collected: collectedTables(pipeline, extraction).map(({ name }) => name),
    contradictions: contradictions.count(),
    fields,
    warnings: [...refused, ...contradictions.warnings(), ...unknown.warnings()],
    warned: {
      ...Object.fromEntries(refused.map((sentence) => [Unknown.placeOf(sentence), 1])),
      ...contradictions.places(),
      ...unknown.places()
    },
    window: window === undefined || plan === undefined
      ? null
      : { ...timesOf(window), late: window.late, repeated: window.repeated, covered: plan.covered.map(timesOf) },
    counts
  }
}
