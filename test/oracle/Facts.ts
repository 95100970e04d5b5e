/** The facts of a run over lists of Duo's: what is the same of them whatever is listed. */
import type { Facts } from "../../src/Outcome.ts"
import { placeOf, type UnknownValues } from "../../src/run/Unknown.ts"
import type { Stamp, Table } from "../../src/Table.ts"

/** How a list was read, and whether that proves that it is all there. */
export interface Read {
  readonly doubt: string | null
  /** How many Duo said there are; null if it did not say. */
  readonly total: number | null
  readonly pages: number
  readonly sweeps: number
  readonly duplicates: number
  readonly changed: number
}

/** What was counted on the wire. */
export interface Sent {
  readonly requests: number
  readonly retries: number
  /** When the last answer was in, in milliseconds; null if there was none. */
  readonly answeredAt: number | null
}

export interface Told {
  readonly stamp: Stamp
  readonly sent: Sent
  /** The list that is counted, then the others that have to be whole too. */
  readonly lists: readonly [Read, ...ReadonlyArray<Read>]
  readonly collected: ReadonlyArray<Table>
  /** What could not be read, in sentences. */
  readonly refused: ReadonlyArray<string>
  readonly unknown: UnknownValues
  /** Of objects of which Duo says two things that cannot both be true; counted as what is unknown is. */
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
    // a clock may be set back, and no run ends before it began
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
    counts
  }
}
