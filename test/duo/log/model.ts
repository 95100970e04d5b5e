/** A model of Duo's log in memory: pages by offset, late events, and counts up to a limit. */
import { Effect } from "effect"
import type { CountedLog, LogCount } from "../../../src/duo/log/Counting.ts"
import type { LogWindow } from "../../../src/Pipeline.ts"

export interface ModelEvent {
  readonly millis: number
  /** The transaction, a space, and what tells two events of a transaction apart. */
  readonly key: string
  readonly visibleAt: number
}

export interface ModelOptions {
  readonly pageSize: number
  /** From so many on, Duo does not count. */
  readonly countMax: number
  /** Whether the ends of a part are compared with microseconds: then an event in the last millisecond is outside. */
  readonly isByMicros: boolean
}

const txidOf = ({ key }: ModelEvent) => key.split(" ")[0] ?? ""

export const modelLog = (events: ReadonlyArray<ModelEvent>, options: ModelOptions, now: number) => {
  const sorted = events.filter(({ visibleAt }) => visibleAt <= now).toSorted((a, b) =>
    a.millis - b.millis || (a.key < b.key ? -1 : 1)
  )
  const millis = new Map(events.map((event) => [event.key, event.millis]))
  const within = ({ from, to }: LogWindow) => {
    // Duo refuses such a part
    if (to <= from) throw new Error("an empty part")
    return sorted.filter((event) =>
      event.millis >= from && (options.isByMicros ? event.millis < to : event.millis <= to)
    )
  }
  const countOf = (found: ReadonlyArray<ModelEvent>): LogCount =>
    found.length >= options.countMax ? "too many" : found.length
  const log: CountedLog<never> & { readonly millisOf: (key: string) => number } = {
    pageSize: options.pageSize,
    millisOf: (key) => millis.get(key) ?? 0,
    count: (part) => Effect.sync(() => countOf(within(part))),
    page: (part, offset) =>
      Effect.sync(() => {
        const found = within(part)
        const rest = offset === undefined
          ? found
          : found.filter((event) =>
            event.millis > Number(offset[0]) || event.millis === Number(offset[0]) && txidOf(event) > offset[1]
          )
        const page = rest.slice(0, options.pageSize)
        const last = page.at(-1)
        return {
          keys: page.map(({ key }) => key),
          count: countOf(found),
          next: last === undefined || rest.length <= page.length ? undefined : [String(last.millis), txidOf(last)]
        }
      })
  }
  return log
}
