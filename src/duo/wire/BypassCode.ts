/**
 * Duo's bypass code object: https://duo.com/docs/adminapi#retrieve-bypass-codes. It says that a code exists, for whom and
 * until when; the code itself is only in the answer to whoever made it.
 */
import type { Schema } from "effect"
import { Id, Int, listDecoder, nullOr, object, Text, Time } from "./Wire.ts"

/** Duo sends the whole user. */
const Owner = object({ user_id: Id, username: Text }, { ignored: "others" })

export const BypassCode = object({
  bypass_code_id: Id,
  admin_email: Text,
  /** Unix seconds. */
  created: Time,
  /** Unix seconds; null for a code that does not expire. */
  expiration: Time,
  /** How often it may still be used; null for any number. */
  reuse_count: Int,
  /** Whose it is; null when that user is no longer there. */
  user: nullOr(Owner)
})
export interface BypassCode extends Schema.Schema.Type<typeof BypassCode> {}

/** Reads the `response` of a page of bypass codes. */
export const decodeBypassCodes = listDecoder(BypassCode)
