/**
 * What a run met that this version does not know: counted, told once each, and of bounded size, for whoever answers may
 * invent without end.
 */

export interface UnknownValues {
  /** A value that came so many times. */
  readonly value: (what: string, times: number) => void
  /** So many others that are not told one by one. */
  readonly others: (times: number) => void
  readonly count: () => number
  readonly warnings: () => ReadonlyArray<string>
  /** By place how often something was not known, for those whom somebody's text is not for. */
  readonly places: () => Readonly<Record<string, number>>
}

/** Different ones that are remembered and that are told; what is beyond is counted together. */
export const rememberedMax = 100
const warningsMax = 20

/** A sentence of ours names the place; after a colon comes what somebody has written. */
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
    others: (times) => {
      others += times
    },
    count,
    warnings: () => {
      const told = [...known].slice(0, warningsMax)
      const untold = count() - sum(told.map(([_, times]) => times))
      return [
        ...told.map(([what, times]) => times === 1 ? what : `${what} (${times} times)`),
        ...untold === 0 ? [] : [`${untold} more that this version does not know`]
      ]
    },
    places: () => {
      const places: Record<string, number> = others === 0 ? {} : { "more that this version does not know": others }
      for (const [what, times] of known) places[placeOf(what)] = (places[placeOf(what)] ?? 0) + times
      return places
    }
  }
}
