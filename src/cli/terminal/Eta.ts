/** Estimates how long a run still takes, from its speed in the last minute. */
import type { Progress } from "../../run/Progress.ts"

/** The number of objects or rows that were done at a time in milliseconds. */
interface ProgressAt {
  readonly at: number
  readonly seen: number
}

/** What is known of the current stage of the run. */
export interface Eta {
  readonly stage: Progress["stage"]
  /** The oldest first. */
  readonly reports: ReadonlyArray<ProgressAt>
  /** Seconds until the list is read once, or until all is written; null while there is no estimate. */
  readonly left: number | null
}

export const start: Eta = { stage: "reading", reports: [], left: null }

/** Milliseconds. The first pages are often faster than the rest, and Duo often asks for a pause of a minute. */
const memory = 60_000
/** An estimate from fewer reports, or in a shorter time, would jump. */
const leastReports = 3
const leastTime = 2000

/** The reports of the last minute and the newest one before it. Older ones are kept if there would be fewer than three. */
const recent = (reports: ReadonlyArray<ProgressAt>, now: number) => {
  const before = reports.findLastIndex(({ at }) => at <= now - memory)
  return reports.slice(Math.max(0, Math.min(before, reports.length + 1 - leastReports)))
}

/** Adds a progress report. */
export const observe = (before: Eta, { seen, stage, total }: Progress, at: number): Eta => {
  const reports = [...stage === before.stage ? recent(before.reports, at) : [], { at, seen }]
  return { stage, reports, left: leftOf(total, reports) }
}

const leftOf = (total: number | null, reports: ReadonlyArray<ProgressAt>): number | null => {
  const [first, last] = [reports.at(0), reports.at(-1)]
  if (total === null || first === undefined || last === undefined || reports.length < leastReports) return null
  const time = last.at - first.at
  const seen = last.seen - first.seen
  if (time < leastTime || seen <= 0) return null
  return Math.max(0, total - last.seen) * time / seen / 1000
}

/** The estimate in words, rounded; empty if there is none or it is less than five seconds. */
export const timeLeft = ({ left }: Eta): string => {
  if (left === null || left < 5) return ""
  if (left < 55) return `about ${Math.ceil(left / 10) * 10} s left`
  if (left < 90 * 60) return `about ${Math.round(left / 60)} min left`
  return `about ${Math.round(left / 3600)} h left`
}
