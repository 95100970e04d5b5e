/**
 * Collects the values and fields that this version does not know. All are counted, and each is reported once. The
 * number that is remembered is limited, because an answer may contain any number of invented values.
 */

export interface UnknownValues {
  /** Adds a value that was found so many times. */
  readonly value: (what: string, times: number) => void
  /** Adds a number of values that are not reported one by one. */
  readonly unlisted: (times: number) => void
  readonly count: () => number
  readonly warnings: () => ReadonlyArray<string>
  /** How many there were by place. It contains no text of Duo's users, so it may leave the machine. */
  readonly places: () => Readonly<Record<string, number>>
}

/** The number of different sentences that are remembered; the others are only counted. */
export const rememberedMax = 100
/** The number of sentences that are reported as warnings. */
const warningsMax = 20

/** The place in a sentence, which is our text: the part before a colon. The rest may be a text that a user wrote. */
export const placeOf = (what: string): string => what.split(/[:.]/, 1)[0] ?? ""

const sum = (times: Iterable<number>) => [...times].reduce((sum, times) => sum + times, 0)

export const make = (): UnknownValues => {
  const known = new Map<string, number>()
  let others = 0
  const value = (what: string, times: number) => {
    if (known.has(what) || known.size < rememberedMax) known.set(what, (known.get(what) ?? 0) + times)
    else others += times
  }
  const count = () => sum(known.values()) + others
  return {
    value,
    unlisted: (times) => {
      others += times
    },
    count,
    warnings: () => {
      const reported = [...known].slice(0, warningsMax)
      const rest = count() - sum(reported.map(([_, times]) => times))
      return [
        ...reported.map(([what, times]) => times === 1 ? what : `${what} (${times} times)`),
        ...rest === 0 ? [] : [`${rest} more that this version does not know`]
      ]
    },
    places: () => {
      const places: Record<string, number> = others === 0 ? {} : { "more that this version does not know": others }
      for (const [what, times] of known) places[placeOf(what)] = (places[placeOf(what)] ?? 0) + times
      return places
    }
  }
}
