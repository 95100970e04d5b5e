/**
 * Duo's enumerations as this version knows them. An unknown value does not stop a run: its raw text goes into the row, it is
 * counted, and the run reports it once. An invalid time is counted and reported too, and its column stays NULL.
 */
import type { Phone, Token } from "../../src/duo/wire/User.ts"
import { fromText } from "./Cells.ts"
import type { User } from "./User.ts"

const userStatuses = new Set(["active", "bypass", "disabled", "locked out", "pending deletion"])
const groupStatuses = new Set(["active", "bypass", "disabled"])
const phoneTypes = new Set(["mobile", "landline", "unknown"])
const capabilities = new Set(["auto", "push", "sms", "phone", "mobile_otp"])
const tokenTypes = new Set(["h6", "h8", "t6", "t8", "yk", "d1"])

/** Collects unknown values as sentences with their treatment: `unknown phone type: brick, kept as it is`. */
export class Unknowns {
  readonly found: Array<string> = []

  look(what: string, value: string | null, known: ReadonlySet<string>): void {
    if (value !== null && value !== "" && !known.has(value.toLowerCase())) {
      this.found.push(`unknown ${what}: ${shown(value)}, kept as it is`)
    }
  }

  token({ type }: Pick<Token, "type">): void {
    this.look("token type", type, tokenTypes)
  }

  phone({ capabilities: able, last_seen, type }: Pick<Phone, "capabilities" | "last_seen" | "type">): void {
    this.look("phone type", type, phoneTypes)
    for (const capability of able) this.look("phone capability", capability, capabilities)
    if (last_seen !== null && last_seen !== "" && fromText(last_seen) === null) {
      this.found.push("phone last_seen is not a time, left NULL")
    }
  }
}

/** The unknown values of a user, once for each place. */
export const unknownValues = (user: User): ReadonlyArray<string> => {
  const unknown = new Unknowns()
  unknown.look("user status", user.status, userStatuses)
  for (const group of user.groups) unknown.look("group status", group.status, groupStatuses)
  for (const token of user.tokens) unknown.token(token)
  for (const phone of user.phones) unknown.phone(phone)
  return unknown.found
}

/** A value of Duo as text that is safe in a terminal. */
const shown = (value: string) => value.replace(/[^\x20-\x7e]/g, "?").slice(0, 40)
