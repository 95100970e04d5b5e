/**
 * SQL for columns that say something about a person: the text is kept, replaced by a keyed hash, or dropped. NULL stays
 * NULL.
 */
import { Effect } from "effect"
import { createHash } from "node:crypto"
import { library, type Session } from "./DuckDb.ts"

export const treatments = ["keep", "hash", "drop"] as const
export type Treatment = typeof treatments[number]

/** The block size of SHA-256 in bytes. */
const block = 64

const padded = (key: Uint8Array, with_: number) => {
  const short = key.length > block ? createHash("sha256").update(key).digest() : key
  return Uint8Array.from({ length: block }, (_, at) => (short[at] ?? 0) ^ with_)
}

/**
 * Stores the key, padded for HMAC, in variables of a session. It is a bound value, because error messages can quote
 * SQL.
 */
export const storeKey = Effect.fnUntraced(function*({ run }: Session, key: Uint8Array) {
  const { blobValue } = yield* library
  yield* run("SET VARIABLE pii_outer = $1", [blobValue(padded(key, 0x5c))])
  yield* run("SET VARIABLE pii_inner = $1", [blobValue(padded(key, 0x36))])
})

/** SQL for the HMAC-SHA256 of a text in UTF-8, as 64 hex digits. */
const hmac = (text: string) =>
  `sha256(getvariable('pii_outer') || unhex(sha256(getvariable('pii_inner') || encode(${text}))))`

/** The SQL that takes the place of a column; the column is given as SQL too. */
export const expression = (treatment: Treatment, column: string): string =>
  treatment === "keep" ? column : treatment === "drop" ? "NULL::VARCHAR" : hmac(column)
