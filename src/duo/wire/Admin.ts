/**
 * Describes Duo's administrator object, with Duo's own names: https://duo.com/docs/adminapi#retrieve-administrators.
 * Older answers have the number of one phone, and no lists. A missing list is null, because it says nothing; an empty
 * list says that there are none.
 */
import type { Schema } from "effect"
import { listDecoder } from "./Decoder.ts"
import { ignoredOfPhone, Phone, Token, WebAuthnCredential } from "./User.ts"
import { Flag, Id, List, nullOr, object, Text, Time, Words } from "./Wire.ts"

/** Like a user's phone, except that Duo does not document an id for it. */
export const AdminPhone = object({ ...Phone.fields, phone_id: Text }, { ignored: ignoredOfPhone })
export interface AdminPhone extends Schema.Schema.Type<typeof AdminPhone> {}

/** Like a user's credential, except that Duo does not document a key for it. */
export const AdminCredential = object({ ...WebAuthnCredential.fields, webauthnkey: Text })

export const Admin = object({
  admin_id: Id,
  name: Text,
  email: Text,
  /** The phone number for texts and calls. */
  phone: Text,
  /** `Owner`, `Administrator`, `Help Desk` and so on, or the name of a customer's own role. */
  role: Text,
  /** `Active`, `Disabled`, `Expired`, `Pending Activation`. */
  status: Text,
  /** Unix seconds; null for never. */
  last_login: Time,
  created: Time,
  password_change_required: Flag,
  /** Duo documents it for `/admin/v1/admins/password_mgmt`. */
  has_external_password_mgmt: Flag,
  restricted_by_admin_units: Flag,
  /** The ids of administrative units. */
  admin_units: Words,
  hardtoken: nullOr(Token),
  phone_details: nullOr(List(AdminPhone)),
  webauthncredentials: nullOr(List(AdminCredential))
}, { ignored: ["role_id", "subaccount_role"] })
export interface Admin extends Schema.Schema.Type<typeof Admin> {}

/** Checks and reads the `response` of a page of administrators. */
export const decodeAdmins = listDecoder(Admin)
