/**
 * Duo's enumerations as this version knows them. A value that is not among them stops nothing: its raw text goes into
 * the row, it is counted, and the run reports it once. So is a time that is none, but its column stays NULL.
 */
import type { User } from "../duo/User.ts"
import { fromText } from "./Flatten.ts"

const userStatuses = new Set(["active", "bypass", "disabled", "locked out", "pending deletion"])
const groupStatuses = new Set(["active", "bypass", "disabled"])
const phoneTypes = new Set(["mobile", "landline", "unknown"])
const capabilities = new Set(["auto", "push", "sms", "phone", "mobile_otp"])
const tokenTypes = new Set(["h6", "h8", "t6", "t8", "yk", "d1"])

/**
 * What a user carries that this version does not know, and what became of it, such as
 * `unknown phone capability: telepathy, kept as it is`; once for each time.
 */
export const unknownValues = (user: User): ReadonlyArray<string> => {
  const unknown: Array<string> = []
  const look = (what: string, value: string | null, known: ReadonlySet<string>) => {
    if (value !== null && value !== "" && !known.has(value.toLowerCase())) {
      unknown.push(`unknown ${what}: ${shown(value)}, kept as it is`)
    }
  }
  look("user status", user.status, userStatuses)
  for (const group of user.groups) look("group status", group.status, groupStatuses)
  for (const token of user.tokens) look("token type", token.type, tokenTypes)
  for (const phone of user.phones) {
    look("phone type", phone.type, phoneTypes)
    for (const capability of phone.capabilities) look("phone capability", capability, capabilities)
    if (phone.last_seen !== null && phone.last_seen !== "" && fromText(phone.last_seen) === null) {
      unknown.push("phone last_seen that is no time, left NULL")
    }
  }
  return unknown
}

/** Fit for a terminal: it is Duo's text, but nobody has seen it before. */
const shown = (value: string) => value.replace(/[^\x20-\x7e]/g, "?").slice(0, 40)
