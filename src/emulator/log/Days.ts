/**
 * The times and transactions of invented logins, day by day. A day is a function of (seed, day), whatever is asked. Some
 * entries share a millisecond, some share a transaction, and some become visible late.
 */
import { Dice, mix } from "../people/Dice.ts"

export const millisOfDay = 86_400_000

/** Duo shows an entry two minutes after it happened, or later. */
export const delayMillis = 120_000

export interface LogShape {
  /** Entries on each day. */
  readonly perDay: (day: number) => number
  /** The percentage of entries in the same millisecond as the entry before. */
  readonly tiePercent: number
  /** The percentage of entries that become visible late, and by how many hours at most. */
  readonly latePercent: number
  readonly lateHoursMax: number
  /** The days on which somebody who has a user's password asks that user for one push after another, at night. */
  readonly isAttacked: (day: number) => boolean
}

/** So many pushes are asked for in a night: the user refuses all but the last. Their transactions come after the others'. */
export const attackPushes = 6

/** When the first of them is asked for, in milliseconds after midnight, and the time between two. */
const [attackAt, attackEvery] = [7_980_000, 150_000]

/** The entries of one day in Duo's order: by millisecond, and then by transaction. */
export interface LogDay {
  /** Milliseconds since 1970. */
  readonly millis: Float64Array
  /** The microseconds after the millisecond, 0 to 999. */
  readonly micros: Uint16Array
  /** The number of the entry's transaction within the day. */
  readonly transactions: Uint32Array
  /** For each late entry, its place and when it becomes visible. */
  readonly late: ReadonlyArray<{ readonly place: number; readonly visibleAt: number }>
}

const bytes = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, "0"))

/** The first digits of 32 bits. */
const hex = (value: number, digits: number) =>
  `${bytes[value >>> 24]}${bytes[value >>> 16 & 255]}${bytes[value >>> 8 & 255]}${bytes[value & 255]}`.slice(0, digits)

/** The id of a transaction: a UUID. */
export const txid = (seed: number, day: number, transaction: number): string => {
  const [a, b] = [mix(mix(seed, day), transaction), mix(mix(seed ^ 0x7c1d, transaction), day)]
  const [c, d] = [mix(a, b), mix(b, a)]
  return `${hex(a, 8)}-${hex(b, 4)}-4${hex(b >>> 4, 3)}-8${hex(c, 3)}-${hex(d, 8)}${hex(c >>> 3, 4)}`
}

/** An instant of a day in milliseconds after its midnight. Most people work by day. */
const instant = (dice: Dice): number => dice.chance(80) ? 25_200_000 + dice.below(43_200_000) : dice.below(millisOfDay)

export const make = (seed: number, day: number, shape: LogShape): LogDay => {
  const dice = new Dice(mix(seed ^ 0x106, day))
  const count = shape.perDay(day)
  const times = Float64Array.from({ length: count }, () => day * millisOfDay + instant(dice)).sort()
  const entries = Array.from({ length: count }, (_, n) => ({ millis: times[n] ?? 0, micros: dice.below(1000), n }))
  let before: typeof entries[number] | undefined
  for (const entry of entries) {
    if (before !== undefined && dice.chance(shape.tiePercent)) entry.millis = before.millis
    // one transaction can have two entries: a text message that was sent, and its passcode
    if (before !== undefined && before.n === entry.n - 1 && before.micros !== entry.micros && dice.chance(2)) {
      entry.n = before.n
    }
    before = entry
  }
  if (shape.isAttacked(day)) {
    for (let push = 0; push < attackPushes; push++) {
      entries.push({ millis: day * millisOfDay + attackAt + push * attackEvery, micros: 0, n: count + push })
    }
  }
  const ids = new Map(entries.map(({ n }) => [n, txid(seed, day, n)]))
  entries.sort((a, b) =>
    a.millis - b.millis || ((ids.get(a.n) ?? "") < (ids.get(b.n) ?? "") ? -1 : a.n === b.n ? a.micros - b.micros : 1)
  )
  const late = entries.flatMap(({ millis }, place) =>
    dice.chance(shape.latePercent)
      ? [{ place, visibleAt: millis + delayMillis + 1000 * (1 + dice.below(shape.lateHoursMax * 3600)) }]
      : []
  )
  return {
    millis: Float64Array.from(entries, ({ millis }) => millis),
    micros: Uint16Array.from(entries, ({ micros }) => micros),
    transactions: Uint32Array.from(entries, ({ n }) => n),
    late
  }
}
