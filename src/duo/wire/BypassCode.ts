/**
 * Describes Duo's bypass code object: https://duo.com/docs/adminapi#retrieve-bypass-codes. It says that a code exists,
 * for which user, and until when. It does not have the code itself, which Duo shows only when the code is made.
 */
import type { Schema } from "effect"
import { listDecoder } from "./Decoder.ts"
import { Id, Int, nullOr, object, Text, Time } from "./Wire.ts"

/** Duo sends the whole user; only these two fields are read. */
const Owner = object({ user_id: Id, username: Text }, { ignored: "others" })

export const BypassCode = object({
  bypass_code_id: Id,
  admin_email: Text,
  /** Unix seconds. */
  created: Time,
  /** Unix seconds; null for a code that does not expire. */
  expiration: Time,
  /** How many times the code can still be used; null if there is no limit. */
  reuse_count: Int,
  /** The user of the code; null if the user was deleted. */
  user: nullOr(Owner)
})
export interface BypassCode extends Schema.Schema.Type<typeof BypassCode> {}

/** Checks and reads the `response` of a page of bypass codes. */
export const decodeBypassCodes = listDecoder(BypassCode)
