/** Estimates how long a run still takes, from its speed in the last minute. */
import type { Progress } from "../../run/Progress.ts"

/** How far the run was, at a time in milliseconds. */
interface Sighting {
  readonly at: number
  readonly seen: number
}

/** What is known of the current stage of the run. */
export interface Eta {
  readonly stage: Progress["stage"]
  /** The oldest first. */
  readonly sightings: ReadonlyArray<Sighting>
  /** Seconds until the list is read and proved, or until all is written; null while there is no estimate. */
  readonly left: number | null
}

export const start: Eta = { stage: "reading", sightings: [], left: null }

/** Milliseconds. The first pages are often faster than the rest, and Duo often asks for a pause of a minute. */
const memory = 60_000
/** An estimate from fewer sightings, or in a shorter time, would jump. */
const leastSightings = 3
const leastTime = 2000

/** The sightings of the last minute and one before it, or more if an estimate needs them. */
const recent = (sightings: ReadonlyArray<Sighting>, now: number) => {
  const before = sightings.findLastIndex(({ at }) => at <= now - memory)
  return sightings.slice(Math.max(0, Math.min(before, sightings.length + 1 - leastSightings)))
}

/** Adds a progress report. */
export const observe = (before: Eta, { seen, stage, total }: Progress, at: number): Eta => {
  const sightings = [...stage === before.stage ? recent(before.sightings, at) : [], { at, seen }]
  return { stage, sightings, left: leftOf(stage, total, sightings) }
}

const leftOf = (stage: Progress["stage"], total: number | null, sightings: ReadonlyArray<Sighting>): number | null => {
  const [first, last] = [sightings.at(0), sightings.at(-1)]
  if (total === null || first === undefined || last === undefined || sightings.length < leastSightings) return null
  const time = last.at - first.at
  const seen = last.seen - first.seen
  if (time < leastTime || seen <= 0) return null
  // the list is read a second time, to prove that it is whole
  const ahead = Math.max(0, total - last.seen) + (stage === "reading" ? total : 0)
  return ahead * time / seen / 1000
}

/** The estimate in words, rounded; empty if there is none or it is less than five seconds. */
export const timeLeft = ({ left }: Eta): string => {
  if (left === null || left < 5) return ""
  if (left < 55) return `about ${Math.ceil(left / 10) * 10} s left`
  if (left < 90 * 60) return `about ${Math.round(left / 60)} min left`
  return `about ${Math.round(left / 3600)} h left`
}
