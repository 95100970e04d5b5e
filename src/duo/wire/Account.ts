/**
 * Describes an entry of Duo's list of child accounts: https://duo.com/docs/accountsapi#retrieve-accounts. Duo documents
 * that every entry has all three fields. Entries without an id or a host have been seen, so no field is required here.
 */
import type { Schema } from "effect"
import { listDecoder } from "./Decoder.ts"
import { object, Text } from "./Wire.ts"

export const Account = object({ account_id: Text, name: Text, api_hostname: Text }, { ignored: "others" })
export interface Account extends Schema.Schema.Type<typeof Account> {}

/** Checks and reads the `response` of the list of child accounts. */
export const decodeAccounts = listDecoder(Account)
