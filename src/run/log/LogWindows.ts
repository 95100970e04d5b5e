/**
 * Decides which part of a log a run reads. The manifest of the newest published run says which parts were read; nothing
 * else remembers a place in the log. So a lost manifest costs requests and no events, and parts may be read in any order.
 */
import type { LogWindow } from "../../Pipeline.ts"

const day = 86_400_000

/** Duo shows no event before it is two minutes old. */
const delay = 120_000

/** Duo keeps a log for 180 days. The ten minutes are for the time that reading takes, and for a wrong clock. */
const oldestAge = 180 * day - 600_000

/** The events of so many days are counted again, because some appear late. */
const lateDays = 3

/** A part that is at most this long is read by one run, even if it has a midnight in it. */
const wholeMax = 25 * 3_600_000

/** The part that a command names. A missing end is the end of the log. */
export interface LogRange {
  readonly from?: number | undefined
  readonly to?: number | undefined
}

/** A run's part of the log, and how many runs after it are needed for the rest. */
export interface NextWindow {
  readonly window: LogWindow
  readonly recount: ReadonlyArray<LogWindow>
  readonly remaining: number
}

/** The parts of `whole` that are in none of the others. Two parts that share an end have no gap between them. */
export const gaps = (whole: LogWindow, covered: ReadonlyArray<LogWindow>): ReadonlyArray<LogWindow> => {
  const found: Array<LogWindow> = []
  let { from } = whole
  for (const part of covered.toSorted((a, b) => a.from - b.from)) {
    if (part.from >= whole.to) break
    if (part.from > from) found.push({ from, to: part.from })
    from = Math.max(from, part.to)
  }
  return from < whole.to ? [...found, { from, to: whole.to }] : found
}

const isSome = ({ from, to }: LogWindow) => from < to

/** Parts in order; those that touch are one. */
export const merged = (parts: ReadonlyArray<LogWindow>): ReadonlyArray<LogWindow> => {
  const found: Array<LogWindow> = []
  for (const part of parts.filter(isSome).toSorted((a, b) => a.from - b.from)) {
    const last = found.at(-1)
    if (last !== undefined && part.from <= last.to) {
      found[found.length - 1] = { from: last.from, to: Math.max(last.to, part.to) }
    } else found.push(part)
  }
  return found
}

/** A part cut at every midnight (UTC). */
const cut = ({ from, to }: LogWindow): ReadonlyArray<LogWindow> => {
  const midnight = (Math.floor(from / day) + 1) * day
  return midnight >= to ? [{ from, to }] : [{ from, to: midnight }, ...cut({ from: midnight, to })]
}

/** Cut into parts that one run reads. */
const runsOf = (gap: LogWindow) => gap.to - gap.from <= wholeMax ? [gap] : cut(gap)

/**
 * The next part, oldest first. The last run of a command counts the days before it again, or the whole range if the command
 * names one.
 */
export const next = (covered: ReadonlyArray<LogWindow>, now: number, range: LogRange): NextWindow => {
  const to = Math.min(now - delay, range.to ?? Infinity)
  const whole = { from: Math.min(Math.max(now - oldestAge, range.from ?? 0), to), to }
  const [window, ...others] = gaps(whole, covered).flatMap(runsOf)
  const isRange = range.from !== undefined || range.to !== undefined
  if (others.length > 0 && window !== undefined) return { window, recount: [], remaining: others.length }
  const last = window ?? { from: to, to }
  const again = isRange ? whole : { from: Math.max(whole.from, last.from - lateDays * day), to: last.from }
  const unread = gaps(again, covered)
  const recount = gaps(again, [...unread, last]).flatMap(cut).filter(isSome)
  return { window: last, recount, remaining: 0 }
}
