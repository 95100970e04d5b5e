/**
 * What becomes of a text that says something about a person, as SQL: it is kept, replaced by a keyed hash, or left out.
 * NULL stays NULL.
 */
import { createHash } from "node:crypto"
import type { Treatment } from "../Personal.ts"

/** The bytes that SHA-256 takes at once. */
const block = 64

const padded = (key: Uint8Array, with_: number) => {
  const short = key.length > block ? createHash("sha256").update(key).digest() : key
  return Uint8Array.from({ length: block }, (_, at) => (short[at] ?? 0) ^ with_)
}

/**
 * The variables that a session needs to hash: the key, padded as HMAC has it. To be bound and never written into SQL, which
 * messages show.
 */
export const variables = (key: Uint8Array) => ({ pii_outer: padded(key, 0x5c), pii_inner: padded(key, 0x36) })

/** HMAC-SHA256 of the UTF-8 of a text, as 64 hex digits. */
const hmac = (text: string) =>
  `sha256(getvariable('pii_outer') || unhex(sha256(getvariable('pii_inner') || encode(${text}))))`

/** What stands for a column, which is given as SQL. */
export const personal = (treatment: Treatment) => (column: string): string =>
  treatment === "keep" ? column : treatment === "drop" ? "NULL::VARCHAR" : hmac(column)
