/**
 * Counts the facts of a run: what is in the objects, what is unknown or contradicts itself, and what the pipeline
 * counts.
 */
import { Effect } from "effect"
import * as DuckDb from "../duckdb/DuckDb.ts"
import * as FieldCounts from "../duckdb/FieldCounts.ts"
import type { RunDatabase } from "../duckdb/RunDatabase.ts"
import type { SinkReason } from "../failure/SinkError.ts"
import type { Facts } from "../Outcome.ts"
import type { Extraction, List, Pipeline } from "../Pipeline.ts"
import type { Stamp } from "../Table.ts"
import { collectedTables } from "./Rows.ts"
import * as Unknown from "./Unknown.ts"

/** Runs a SELECT of `what, times` and adds its sentences. */
const sentences = Effect.fnUntraced(function*(session: DuckDb.Session, select: string, into: Unknown.UnknownValues) {
  if (select === "") return
  // an answer may contain any number of invented values
  const found = yield* session.all(
    `SELECT what, times, sum(times) OVER () FROM (${select}) ORDER BY times DESC, what LIMIT ${Unknown.rememberedMax}`
  )
  let others = Number(found[0]?.[2] ?? 0)
  for (const [what, times] of found) {
    into.value(String(what), Number(times))
    others -= Number(times)
  }
  if (others > 0) into.unlisted(others)
})

/** A SELECT of the fields in which objects had half of a surrogate pair, and of how many objects. */
const halves = ({ name, object }: List) =>
  `SELECT 'half of a surrogate pair in ${object}, now U+FFFD: ' || path AS what, count(*) AS times
   FROM readings.halves JOIN objects.${DuckDb.name(name)} ON _page = page AND _place = place
   WHERE list = ${DuckDb.literal(name)} GROUP BY path ORDER BY path`

/** The facts that can be counted before there are rows. */
export interface ObjectFacts {
  readonly fields: Facts["fields"]
  readonly unknown: Unknown.UnknownValues
  readonly contradictions: Unknown.UnknownValues
}

/** Counts facts in the objects, on a connection of its own. */
export const ofObjects: (
  database: RunDatabase,
  pipeline: Pipeline,
  extraction: Extraction
) => Effect.Effect<ObjectFacts, SinkReason> = Effect.fnUntraced(function*(database, pipeline, { lists }) {
  const session = yield* database.session.another
  const fields: Record<string, Facts["fields"][string]> = {}
  for (const { list: { columns, filledBy, name } } of lists) {
    const counted = yield* session.all(
      `SELECT field, "of", filled FROM (${FieldCounts.select(name, columns, filledBy)})`
    )
    for (const [field, of, filled] of counted) fields[String(field)] = { of: Number(of), filled: Number(filled) }
  }
  const unknown = Unknown.make()
  // The number of warnings is limited. Values come first because rows have them; unknown fields are in no row.
  yield* sentences(session, pipeline.unknown, unknown)
  for (const { list, unknownFields } of lists) {
    yield* sentences(session, halves(list), unknown)
    for (const field of unknownFields) unknown.value(`unknown field of ${list.object}: ${field}`, 1)
  }
  const contradictions = Unknown.make()
  yield* sentences(session, pipeline.contradictions, contradictions)
  return { fields, unknown, contradictions }
}, Effect.scoped)

/** Makes the facts of a run, after its rows have been made. */
export const make: (
  database: RunDatabase,
  pipeline: Pipeline,
  stamp: Stamp,
  extraction: Extraction,
  objectFacts: ObjectFacts
) => Effect.Effect<Facts, SinkReason> = Effect.fnUntraced(
  function*(database, pipeline, stamp, extraction, objectFacts) {
    const { contradictions, fields, unknown } = objectFacts
    const { lists, refused, sent } = extraction
    const [first] = lists
    const doubt = lists.find((_) => _.doubt !== null)?.doubt ?? null
    const counted = yield* database.session.all(`SELECT name, words, count FROM (${pipeline.counts})`)
    const counts = counted.map(([name, words, count]) => ({
      name: String(name),
      words: String(words),
      count: Number(count)
    }))
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
      counts
    }
  }
)
