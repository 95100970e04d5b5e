/**
 * Reads a part of a log until its events are counted: as many are known as Duo says there are.
 *
 * Duo pages by an offset, shows some events late, and counts exactly only up to a limit. So a part whose count differs
 * from what is known is halved until the difference fits a page, and that page is read. A count costs one small request,
 * and events that are known are not read again.
 */
import { Effect } from "effect"
import type { LogWindow } from "../../Pipeline.ts"

/** `too many`: halves may be counted. `unknown`: Duo gives no count, for smaller parts neither. */
export type LogCount = number | "too many" | "unknown"

/** Where the next page begins, as Duo says it. */
export type LogOffset = readonly [millis: string, txid: string]

export interface LogPage {
  /** The keys of the events. */
  readonly keys: ReadonlyArray<string>
  readonly count: LogCount
  /** Undefined on the last page. */
  readonly next: LogOffset | undefined
}

/** The log. The events of a page that was read are known. */
export interface CountedLog<E> {
  /** The most events on a page. */
  readonly pageSize: number
  readonly count: (part: LogWindow) => Effect.Effect<LogCount, E>
  readonly page: (part: LogWindow, offset: LogOffset | undefined) => Effect.Effect<LogPage, E>
}

/**
 * Counts the events of a part that are known, each once. `unsure`: of an event at an end of the part only the second is
 * known, so it may be on either side. Such a part is not counted but halved and read, because an event too many would hide
 * one that is missing.
 */
export type CountKnown<E> = (part: LogWindow) => Effect.Effect<number | "unsure", E>

/** Why a part is not counted. */
export interface Uncounted extends LogWindow {
  readonly why: string
}

/** A run never asks for more counts than this, whatever Duo answers. */
const countsMax = 5000

/** More pages than any window has. They stop a server that never ends a window. */
const pagesMax = 100_000

/** Reads all pages of a part. The result is the number of different events, if asked for, and the last count. */
const readPages = Effect.fnUntraced(function*<E>(log: CountedLog<E>, part: LogWindow, isCounted: boolean) {
  const keys = new Set<string>()
  let offset: LogOffset | undefined
  for (let pages = 1; pages <= pagesMax; pages++) {
    const page = yield* log.page(part, offset)
    if (isCounted) { for (const key of page.keys) keys.add(key) }
    const isLast = page.next === undefined || page.keys.length === 0 || page.next.join() === offset?.join()
    if (isLast) return { count: page.count, listed: keys.size }
    offset = page.next
  }
  const count: LogCount = "unknown"
  return { count, listed: keys.size }
})

/** The two halves of a part. They share the millisecond between them, because Duo compares with microseconds. */
const halvesOf = ({ from, to }: LogWindow): ReadonlyArray<LogWindow> => {
  const middle = Math.floor((from + to) / 2)
  return [{ from, to: middle }, { from: middle, to }]
}

const timeOf = (millis: number) => new Date(millis).toISOString()

/** A sentence about a part that is not counted. */
export const describe = ({ from, to, why }: Uncounted) => `from ${timeOf(from)} to ${timeOf(to)} ${why}`

/**
 * Counts a part. `first` is its count, if it is known already. The parts that could not be counted are added to
 * `uncounted`.
 */
const settle = Effect.fnUntraced(function*<E>(
  log: CountedLog<E>,
  countKnown: CountKnown<E>,
  whole: LogWindow,
  uncounted: Array<Uncounted>,
  first?: LogCount
) {
  let counts = 0
  const open: Array<{ readonly part: LogWindow; readonly count?: LogCount | undefined }> = [
    { part: whole, count: first }
  ]
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const { part } = next
    if (counts === countsMax) {
      uncounted.push({ ...part, why: `could not be counted with ${countsMax} requests` })
      return
    }
    if (next.count === undefined) counts++
    const count = next.count ?? (yield* log.count(part))
    if (count === "unknown") {
      uncounted.push({ ...part, why: "Duo did not say how many events there are" })
      continue
    }
    if (count !== "too many" && count === (yield* countKnown(part))) continue
    const isSmallest = part.to - part.from <= 1
    if (!isSmallest && (count === "too many" || count > log.pageSize)) {
      open.push(...halvesOf(part).toReversed().map((half) => ({ part: half })))
      continue
    }
    const { count: last, listed } = yield* readPages(log, part, true)
    if (last === "unknown" || last === "too many") {
      uncounted.push({ ...part, why: "there are more events than Duo counts" })
    } else if (last !== listed) {
      uncounted.push({ ...part, why: `Duo counts ${last} events and lists ${listed}` })
    }
  }
})

/**
 * Reads a new part of the log. `countRead` counts the events that this has read; events that were known before do not
 * count.
 */
export const readWindow = Effect.fnUntraced(function*<E>(
  log: CountedLog<E>,
  countRead: CountKnown<E>,
  window: LogWindow
) {
  const uncounted: Array<Uncounted> = []
  // Duo refuses a part without any time
  if (window.to <= window.from) return uncounted
  const { count } = yield* readPages(log, window, false)
  yield* settle(log, countRead, window, uncounted, count)
  return uncounted
})

/** Counts parts again that were read before, and reads what has appeared there since. */
export const recount = Effect.fnUntraced(function*<E>(
  log: CountedLog<E>,
  countKnown: CountKnown<E>,
  parts: ReadonlyArray<LogWindow>
) {
  const uncounted: Array<Uncounted> = []
  for (const part of parts) yield* settle(log, countKnown, part, uncounted)
  return uncounted
})
