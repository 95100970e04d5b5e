/**
 * Random numbers and ids that are functions of (seed, kind, number): the n-th user is made without making the others.
 */

export type NonEmpty<T> = readonly [T, ...ReadonlyArray<T>]

/** 32 well-mixed bits of two numbers (the finaliser of MurmurHash3). */
export const mix = (a: number, b: number): number => {
  let h = Math.imul(a ^ 0x9e3779b9, 0x85ebca6b) ^ Math.imul(b + 0x7f4a7c15, 0xc2b2ae35)
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b)
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35)
  return (h ^ (h >>> 16)) >>> 0
}

/** A seed, which may be any text, as 32 bits. */
export const seedOf = (seed: number | string): number => {
  let h = 0x811c9dc5
  for (const char of String(seed)) h = Math.imul(h ^ (char.codePointAt(0) ?? 0), 0x01000193)
  return mix(h, 0)
}

/** A sequence of draws (mulberry32). */
export class Dice {
  #state: number
  constructor(seed: number) {
    this.#state = seed | 0
  }
  /** 0 <= draw < limit */
  below(limit: number): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0
    let t = Math.imul(this.#state ^ (this.#state >>> 15), this.#state | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return ((t ^ (t >>> 14)) >>> 0) % limit
  }
  /** True in so many percent of the draws. */
  chance(percent: number): boolean {
    return this.below(1000) < percent * 10
  }
  /** The number of the part that a draw falls in. The parts end at percentages. */
  part(...upTo: ReadonlyArray<number>): number {
    const draw = this.below(100)
    let part = 0
    while (part < upTo.length && draw >= (upTo[part] ?? 100)) part++
    return part
  }
  pick<T>(list: NonEmpty<T>): T {
    return list[this.below(list.length)] ?? list[0]
  }
}

const digits = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
const pairs = Array.from({ length: 36 * 36 }, (_, n) => `${digits[Math.floor(n / 36)]}${digits[n % 36]}`)

/** 32 bits as six characters. */
const six = (bits: number): string => {
  const high = Math.floor(bits / 1296)
  return `${pairs[Math.floor(high / 1296) % 1296]}${pairs[high % 1296]}${pairs[bits % 1296]}`
}

/** Ids of one kind: a prefix and 18 characters, unique because the last six are the number itself, masked. */
export interface Ids {
  readonly of: (n: number) => string
  /** The number that an id was made from. */
  readonly numberOf: (id: string) => number
}

export const ids = (seed: number, prefix: string): Ids => {
  const a = mix(seed, seedOf(prefix))
  const b = mix(a, 1)
  const mask = mix(a, 2) >>> 2
  return {
    of: (n) => `${prefix}${six(mix(a, n))}${six(mix(b, n))}${six(n ^ mask)}`,
    numberOf: (id) => Number.parseInt(id.slice(-6), 36) ^ mask
  }
}
