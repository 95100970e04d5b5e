/**
 * One administrator of Duo becomes flat rows: one of `admins`, one of `admin_methods` per factor. Pure: the same
 * administrator always gives the same rows, whatever else is on the page.
 */
import type { adminMethods, admins } from "../../pipelines/admins/Tables.ts"
import type { Admin, AdminPhone } from "../../src/duo/wire/Admin.ts"
import type { RowOf, Stamp } from "../../src/Table.ts"
import { byId, emptyAsNull, fromSeconds, joined, ofCredential, ofPhone, ofToken, withoutDetails } from "./Cells.ts"
import * as Strength from "./Strength.ts"

type MethodRow = RowOf<typeof adminMethods>

/** The rows of one administrator. */
export interface AdminRows {
  readonly admins: ReadonlyArray<RowOf<typeof admins>>
  readonly admin_methods: ReadonlyArray<MethodRow>
}

type Repeated = "admin_id" | "admin_name" | "email" | "role" | "admin_status"

interface Method extends Omit<MethodRow, keyof Stamp | Repeated> {
  readonly strength: Strength.Strength | null
}

/** A factor without details: Duo says only that it exists, and in some cases its strength. */
const method = (
  method_kind: string,
  method_id: string,
  strength: Strength.Strength | null,
  details: Partial<Method>
): Method => ({
  method_kind,
  method_id,
  ...withoutDetails,
  strength,
  strength_rank: strength === null ? null : Strength.rank(strength),
  enrolled_at: null,
  last_seen_at: null,
  totp_step: null,
  ...details
})

/** Each factor with an id once, sorted by id; then the factors without an id, which are named after their kind. */
const named = <A>(kind: string, things: ReadonlyArray<A>, id: (thing: A) => string | null) => {
  const anonymous = things.filter((thing) => emptyAsNull(id(thing)) === null)
  return [
    ...byId(things.filter((thing) => emptyAsNull(id(thing)) !== null), (thing) => id(thing) ?? ""),
    ...anonymous.map((thing, n) => [n === 0 ? kind : `${kind} ${n + 1}`, thing] as const)
  ]
}

const phoneMethod = (method_id: string, phone: AdminPhone): Method => {
  const uses = Strength.phoneUses(phone.activated, phone.capabilities)
  return method("phone", method_id, Strength.phoneStrength(uses), ofPhone(phone, uses))
}

/** A phone number without details. It may be of any phone, so its uses are not known. */
const numberMethod = (number: string): Method =>
  method("phone", "phone", null, { number, can_push: null, can_otp: null, can_sms: null, can_call: null })

/** Every factor of an administrator, each once, in a fixed order. */
const methodsOf = ({ hardtoken, phone, phone_details, webauthncredentials }: Admin): ReadonlyArray<Method> => {
  const number = emptyAsNull(phone)
  const phones = named("phone", phone_details ?? [], (_) => _.phone_id).map(([id, phone]) => phoneMethod(id, phone))
  return [
    ...phones.length === 0 && number !== null ? [numberMethod(number)] : phones,
    ...hardtoken === null ? [] : [method("token", hardtoken.token_id, "otp", ofToken(hardtoken))],
    ...named("webauthn", webauthncredentials ?? [], (_) => _.webauthnkey).map(([id, credential]) =>
      method("webauthn", id, "phishing_resistant", ofCredential(credential))
    )
  ]
}

/** NULL if it is not known, because a credential that Duo does not list may be the strongest one or the only one. */
const extremes = (methods: ReadonlyArray<Method>, isListed: boolean) => {
  const strengths = methods.map(({ strength }) => strength)
  const known = strengths.filter((strength) => strength !== null)
  const isKnown = known.length === strengths.length
  const best = Strength.strongest(known)
  const strongest = best === "phishing_resistant" || (isListed && isKnown) ? best : null
  const weakest = isKnown && (isListed || known.length > 0) ? Strength.weakest(known) : null
  return { strongest, weakest }
}

/** The rows of an administrator. */
export const flatten = (stamp: Stamp, admin: Admin): AdminRows => {
  const { admin_id, webauthncredentials: credentials } = admin
  const name = emptyAsNull(admin.name)
  const email = emptyAsNull(admin.email)
  const role = emptyAsNull(admin.role)
  const status = emptyAsNull(admin.status)
  const methods = methodsOf(admin)
  const { strongest, weakest } = extremes(methods, credentials !== null)
  return {
    admins: [{
      ...stamp,
      admin_id,
      name,
      email,
      phone: emptyAsNull(admin.phone),
      role,
      status,
      created_at: fromSeconds(admin.created),
      last_login_at: fromSeconds(admin.last_login),
      password_change_required: admin.password_change_required,
      has_external_password_mgmt: admin.has_external_password_mgmt,
      restricted_by_admin_units: admin.restricted_by_admin_units,
      admin_units: joined(admin.admin_units),
      method_count: methods.length,
      has_phishing_resistant: credentials === null ? null : credentials.length > 0,
      strongest,
      weakest,
      only_telephony: strongest === null ? null : strongest === "telephony"
    }],
    admin_methods: methods.map((method) => ({
      ...stamp,
      admin_id,
      admin_name: name,
      email,
      role,
      admin_status: status,
      ...method
    }))
  }
}
