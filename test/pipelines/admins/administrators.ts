/** Administrators as Duo would send them, and as they are read. */
import { assert } from "@effect/vitest"
import { Result } from "effect"
import { type Admin, decodeAdmins } from "../../../src/duo/wire/Admin.ts"

/** The administrators of a page. */
export const decode = (...admins: ReadonlyArray<unknown>) => Result.getOrThrow(decodeAdmins(admins))

/** The only administrator of a page. */
export const one = (admin: unknown): Admin => {
  const [decoded] = decode(admin).values
  assert(decoded !== undefined)
  return decoded
}

/** A phone that can push. */
export const phone = {
  phone_id: "DP1",
  number: "+15550100001",
  type: "Mobile",
  activated: true,
  capabilities: ["push", "sms"]
}

/** A token with a button. */
export const token = { token_id: "DH1", serial: "100001", type: "h6", totp_step: null }

/** A security key. */
export const key = { webauthnkey: "WA1", credential_name: "Key", label: "Security Key", date_added: 1_790_000_000 }
