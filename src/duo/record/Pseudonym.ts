/**
 * Replaces a value by a keyed hash of the same shape. A reader of the record cannot tell the value, but a malformed
 * value stays malformed. Letters become letters of the same case, digits become digits, and all other characters and
 * the length stay.
 */
import { createHash, createHmac } from "node:crypto"

/** With the same key, the same value always has the same pseudonym. With another key, it has another one. */
export interface Pseudonyms {
  /** The pseudonym of a text. It is never the text itself, unless that has no letter and no digit. */
  readonly text: (value: string) => string
  /** The pseudonym of a JSON number. The exponent stays. A number that is too large to be exact stays too large. */
  readonly number: (value: string) => string
}

/**
 * The first alphabet that matches a character replaces it. Its letters have as many code units as the characters it
 * replaces.
 */
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

/** Whether the value has a letter or a digit, which a pseudonym changes. */
const isTelling = (value: string) => /[\p{L}\p{Nd}]/u.test(value)

/** The first two letters of Duo's ids say what the id is of, so they are kept. */
const isId = (value: string) => /^[A-Z]{2}[A-Z0-9]{18}$/.test(value)

/** Whether `JSON.parse` would round a number of 16 digits. Some numbers of that length are rounded and some are not. */
const isTooLarge = (digits: string) => /^\d{16}$/.test(digits) && !Number.isSafeInteger(Number(digits))

/** A cache by character, because texts have many characters and only a few different ones. */
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
  /** At least as many bytes as the value has characters. */
  const bytesOf = (value: string, attempt: number): Uint8Array => {
    const seed = createHmac("sha256", key).update(`${attempt} ${value}`).digest()
    return value.length <= seed.length
      ? seed
      : createHash("shake256", { outputLength: value.length }).update(seed).digest()
  }

  /** The first hash that is not the value, or that `isRight` accepts. */
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
