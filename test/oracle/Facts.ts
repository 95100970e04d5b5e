/** The facts of a run that are the same for every list of Duo. */
import type { Facts } from "../../src/Outcome.ts"
import { placeOf, type UnknownValues } from "../../src/run/Unknown.ts"
import type { Stamp, Table } from "../../src/Table.ts"

/** How a list was read, and whether it is proved complete. */
export interface Read {
  readonly doubt: string | null
  /** The number of objects that Duo reported; null if it did not report one. */
  readonly total: number | null
  readonly pages: number
  readonly sweeps: number
  readonly duplicates: number
  readonly changed: number
}

/** The counts of requests and answers. */
export interface Sent {
  readonly requests: number
  readonly retries: number
  /** The time of the last answer, in milliseconds; null if there was none. */
  readonly answeredAt: number | null
}

export interface Told {
  readonly stamp: Stamp
  readonly sent: Sent
  /** The list that is counted, then the others that must be complete too. */
  readonly lists: readonly [Read, ...ReadonlyArray<Read>]
  readonly collected: ReadonlyArray<Table>
  /** Sentences about data that could not be read. */
  readonly refused: ReadonlyArray<string>
  readonly unknown: UnknownValues
  /** Sentences about objects with contradictions. They are counted as unknown values are. */
  readonly contradictions: UnknownValues
  readonly fields: Facts["fields"]
  readonly counts: Facts["counts"]
}

export const make = (
  { collected, contradictions, counts, fields, lists, refused, sent, stamp, unknown }: Told
): Facts => {
  const [list] = lists
  const doubt = lists.find((_) => _.doubt !== null)?.doubt ?? null
  const begun = Number(stamp.observed_at / 1000n)
  return {
    // a run must not end before its start, even if the clock was set back
    finished_at: new Date(Math.max(begun, sent.answeredAt ?? begun)).toISOString(),
    complete: doubt === null,
    incomplete_reason: doubt,
    proof: null,
    total_objects: list.total,
    pages: list.pages,
    sweeps: list.sweeps,
    requests: sent.requests,
    retries: sent.retries,
    duplicates: list.duplicates,
    changed: list.changed,
    unknown_values: unknown.count(),
    tables_collected: collected.map(({ name }) => name),
    contradictions: contradictions.count(),
    fields,
    warnings: [...refused, ...contradictions.warnings(), ...unknown.warnings()],
    warned: {
      ...Object.fromEntries(refused.map((sentence) => [placeOf(sentence), 1])),
      ...contradictions.places(),
      ...unknown.places()
    },
    window: null,
    counts
  }
}
