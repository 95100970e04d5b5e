/**
 * A keyed hash of the same shape: who has the record cannot tell the value, and what is wrong with the value is still
 * wrong with its hash. Letters become letters of the same case, digits become digits, everything else and the length stay.
 */
import { createHash, createHmac } from "node:crypto"

/** The same value has the same pseudonym, and another one with another key. */
export interface Pseudonyms {
  /** Never the value itself, if it has a letter or a digit. */
  readonly text: (value: string) => string
  /** Of a JSON number; its exponent stays, and so does whether a number can be exactly this one. */
  readonly number: (value: string) => string
}

/** The first that fits decides what a character becomes. All of an alphabet's letters are as long as what they stand for. */
const alphabets = ([
  [/[0-9]/, "0123456789"],
  [/[a-z]/, "abcdefghijklmnopqrstuvwxyz"],
  [/[A-Z]/, "ABCDEFGHIJKLMNOPQRSTUVWXYZ"],
  [/[\u{10000}-\u{10ffff}]/u, "\u{20000}\u{20001}\u{20002}\u{20003}\u{20004}\u{20005}\u{20006}\u{20007}"],
  [/\p{Ll}/u, "àâãäåæçèéêëìíîïñòóôõöøùúûüýðþß"],
  [/\p{Lu}/u, "ÀÂÃÄÅÆÇÈÉÊËÌÍÎÏÑÒÓÔÕÖØÙÚÛÜÝÐÞ"],
  [/\p{Nd}/u, "٠١٢٣٤٥٦٧٨٩"],
  [/\p{L}/u, "一二三四五六七八九十山川田中村木林森東西南北"]
] as const).map(([of, letters]) => ({ of, letters: Array.from(letters) }))

/** Whether anything of it would change. */
const isTelling = (value: string) => /[\p{L}\p{Nd}]/u.test(value)

/** Duo's ids say by their first two letters what they are of. */
const isId = (value: string) => /^[A-Z]{2}[A-Z0-9]{18}$/.test(value)

/** With 16 digits a whole number may be one that was rounded when JSON was parsed, or not yet. */
const isTooLarge = (digits: string) => /^\d{16}$/.test(digits) && !Number.isSafeInteger(Number(digits))

/** By character, for there are many of few. */
const known = new Map<string, ReadonlyArray<string> | undefined>()

const lettersFor = (char: string): ReadonlyArray<string> | undefined => {
  if (!known.has(char)) {
    known.set(char, isTelling(char) ? alphabets.find(({ of }) => of.test(char))?.letters : undefined)
  }
  return known.get(char)
}

const ofShape = (value: string, bytes: Uint8Array): string => {
  let at = 0
  let hash = ""
  for (const char of value) {
    const letters = lettersFor(char)
    hash += letters?.[(bytes[at] ?? 0) % letters.length] ?? char
    at++
  }
  return hash
}

export const make = (key: Uint8Array): Pseudonyms => {
  /** As many bytes as the value has characters. */
  const bytesOf = (value: string, attempt: number): Uint8Array => {
    const seed = createHmac("sha256", key).update(`${attempt} ${value}`).digest()
    return value.length <= seed.length
      ? seed
      : createHash("shake256", { outputLength: value.length }).update(seed).digest()
  }

  /** The first hash that will do. */
  const first = (
    value: string,
    hashed: (bytes: Uint8Array) => string,
    isRight = (hash: string) => hash !== value
  ): string => {
    for (let attempt = 0;; attempt++) {
      const hash = hashed(bytesOf(value, attempt))
      if (isRight(hash)) return hash
    }
  }

  return {
    text: (value) => {
      if (!isTelling(value)) return value
      const kept = isId(value) ? value.slice(0, 2) : ""
      return first(value, (bytes) => kept + ofShape(value.slice(kept.length), bytes))
    },
    number: (value) => {
      const [, sign = "", mantissa = "", exponent = ""] = /^(-?)([\d.]*)(.*)$/.exec(value) ?? []
      const hashed = (bytes: Uint8Array) => {
        const hash = ofShape(mantissa, bytes)
        return /^\d\d/.test(mantissa) ? `${1 + (bytes[0] ?? 0) % 9}${hash.slice(1)}` : hash
      }
      const isRight = (hash: string) => hash !== mantissa && isTooLarge(hash) === isTooLarge(mantissa)
      return sign + first(mantissa, hashed, isRight) + exponent
    }
  }
}
