/**
 * What becomes of a text that says something about a person, as SQL: it is kept, replaced by a keyed hash, or left out.
 * NULL stays NULL.
 */
import { Effect } from "effect"
import { createHash } from "node:crypto"
import { library, type Session } from "./DuckDb.ts"

export const treatments = ["keep", "hash", "drop"] as const
export type Treatment = typeof treatments[number]

/** The bytes that SHA-256 takes at once. */
const block = 64

const padded = (key: Uint8Array, with_: number) => {
  const short = key.length > block ? createHash("sha256").update(key).digest() : key
  return Uint8Array.from({ length: block }, (_, at) => (short[at] ?? 0) ^ with_)
}

/** Gives a session the key to hash with, padded as HMAC has it. It is bound and never written into SQL, which messages show. */
export const remember = Effect.fnUntraced(function*({ run }: Session, key: Uint8Array) {
  const { blobValue } = yield* library
  yield* run("SET VARIABLE pii_outer = $1", [blobValue(padded(key, 0x5c))])
  yield* run("SET VARIABLE pii_inner = $1", [blobValue(padded(key, 0x36))])
})

/** HMAC-SHA256 of the UTF-8 of a text, as 64 hex digits. */
const hmac = (text: string) =>
  `sha256(getvariable('pii_outer') || unhex(sha256(getvariable('pii_inner') || encode(${text}))))`

/** What stands for a column, which is given as SQL. */
export const expression = (treatment: Treatment, column: string): string =>
  treatment === "keep" ? column : treatment === "drop" ? "NULL::VARCHAR" : hmac(column)
