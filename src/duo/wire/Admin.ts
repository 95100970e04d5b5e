/**
 * Duo's administrator object as it is on the wire, under Duo's names: https://duo.com/docs/adminapi#retrieve-administrators.
 * Older answers have the number of one phone and no list of anything: a list that is not there is null, for it says
 * nothing, unlike one that is empty.
 */
import type { Schema } from "effect"
import { ignoredOfPhone, Phone, Token, WebAuthnCredential } from "./User.ts"
import { Flag, Id, List, listDecoder, nullOr, object, Text, Time, Words } from "./Wire.ts"

/** As a user's phone; that it has an id is nowhere documented. */
export const AdminPhone = object({ ...Phone.fields, phone_id: Text }, { ignored: ignoredOfPhone })
export interface AdminPhone extends Schema.Schema.Type<typeof AdminPhone> {}

/** As a user's; that it has a key is nowhere documented. */
export const AdminCredential = object({ ...WebAuthnCredential.fields, webauthnkey: Text })

export const Admin = object({
  admin_id: Id,
  name: Text,
  email: Text,
  /** The number that texts and calls go to. */
  phone: Text,
  /** `Owner`, `Administrator`, `Help Desk` and so on, or the name of a role that the customer made. */
  role: Text,
  /** `Active`, `Disabled`, `Expired`, `Pending Activation`. */
  status: Text,
  /** Unix seconds; null for never. */
  last_login: Time,
  created: Time,
  password_change_required: Flag,
  /** Documented for `/admin/v1/admins/password_mgmt`. */
  has_external_password_mgmt: Flag,
  restricted_by_admin_units: Flag,
  /** Ids of administrative units. */
  admin_units: Words,
  hardtoken: nullOr(Token),
  phone_details: nullOr(List(AdminPhone)),
  webauthncredentials: nullOr(List(AdminCredential))
}, { ignored: ["role_id", "subaccount_role"] })
export interface Admin extends Schema.Schema.Type<typeof Admin> {}

/** Reads the `response` of a page of administrators. */
export const decodeAdmins = listDecoder(Admin)
