/** When a run will be done, judged by how fast it was of late. */
import type { Progress } from "../../run/Progress.ts"

/** How far the run was, at a time in milliseconds. */
interface Sighting {
  readonly at: number
  readonly seen: number
}

/** What has been seen of the stage that the run is in. */
export interface Eta {
  readonly stage: Progress["stage"]
  /** The oldest first. */
  readonly sightings: ReadonlyArray<Sighting>
  /** Seconds until the list is read and proved, or all is written; null until that can be told. */
  readonly left: number | null
}

export const start: Eta = { stage: "reading", sightings: [], left: null }

/** A server that begins fast is told to slow down soon, and a pause of a minute is nothing rare. */
const memory = 60_000
/** Two pages tell little of the next hundred. */
const leastSightings = 3
const leastTime = 2000

/** The last minute and the sighting before it, but no fewer than it takes to judge by. */
const recent = (sightings: ReadonlyArray<Sighting>, now: number) => {
  const before = sightings.findLastIndex(({ at }) => at <= now - memory)
  return sightings.slice(Math.max(0, Math.min(before, sightings.length + 1 - leastSightings)))
}

/** Takes in a report of the run's progress. */
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
  // what has been read is read once more, to prove it
  const ahead = Math.max(0, total - last.seen) + (stage === "reading" ? total : 0)
  return ahead * time / seen / 1000
}

/** For people, no more exact than it is; nothing when nothing is known, or it is as good as done. */
export const timeLeft = ({ left }: Eta): string => {
  if (left === null || left < 5) return ""
  if (left < 55) return `about ${Math.ceil(left / 10) * 10} s left`
  if (left < 90 * 60) return `about ${Math.round(left / 60)} min left`
  return `about ${Math.round(left / 3600)} h left`
}
